/** Single letters that act on the whole view: M mean, S scale, K colour map, Escape unpins. */
import { colourMapNames } from "../colour-maps";
import { scaleNames } from "../colour-scale";
import { toggleMean, unpinned, viewed } from "../reducers";
import type { AppState } from "../state";

const textControls = new Set([
  "INPUT",
  "TEXTAREA",
  "SELECT",
  "VSCODE-DROPDOWN",
  "VSCODE-OPTION",
  "VSCODE-TEXT-FIELD",
]);

/** Whether the key goes into a control that takes letters itself. */
function isTyping(event: KeyboardEvent): boolean {
  return event
    .composedPath()
    .some(
      (target) =>
        target instanceof HTMLElement &&
        textControls.has(target.tagName) &&
        !(target instanceof HTMLInputElement && target.type === "range"),
    );
}

function next<T>(names: readonly T[], current: T): T {
  return names[(names.indexOf(current) + 1) % names.length] ?? current;
}

/** The change that a key asks for; null when it is not one of these. */
export function globalKey(event: KeyboardEvent): ((state: AppState) => AppState) | null {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event))
    return null;
  switch (event.key) {
    case "m":
      return toggleMean;
    case "s":
      return (state) => viewed(state, { scale: next(scaleNames, state.view.scale) });
    case "k":
      return (state) => viewed(state, { colourMap: next(colourMapNames, state.view.colourMap) });
    case "Escape":
      return unpinned;
    default:
      return null;
  }
}
