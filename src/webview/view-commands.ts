/** What commands of the palette, keybindings and choices of the host do to the state. */
import { colourMapNames } from "../shared/colour-maps";
import { scaleNames } from "../shared/colour-scale";
import { type MetricName, metrics } from "../shared/figures";
import type * as z from "zod";
import type { hostNotifications, ViewCommand } from "../shared/protocol";
import {
  documentArrived,
  selectHead,
  selectPlace,
  selectSite,
  toggleMean,
  travelled,
  viewed,
} from "./reducers";
import { parseSaved } from "./saved-state";
import { captureOf, selectedSite } from "./selectors";
import type { AppState, Overlay } from "./state";

/** What the host chooses in the view; what is left out stays as it is. */
export type Choice = z.output<typeof hostNotifications.apply>;

export const metricNames = Object.keys(metrics) as MetricName[];

function next<T>(names: readonly T[], current: T): T {
  return names[(names.indexOf(current) + 1) % names.length] ?? current;
}

/** Step over all heads of all sites in order; the ends stay. */
function stepHead(state: AppState, step: 1 | -1): AppState {
  const site = selectedSite(state);
  const sites = captureOf(state)?.sites ?? [];
  const { head } = state.selection;
  if (!site) return state;
  if (typeof head !== "number") return selectHead(state, step > 0 ? 0 : site.heads - 1);
  const after = head + step;
  if (after >= 0 && after < site.heads) return selectHead(state, after);
  const index = state.selection.site + step;
  const neighbour = sites[index];
  return neighbour ? selectPlace(state, index, step > 0 ? 0 : neighbour.heads - 1) : state;
}

/** Something to lie over the workbench, where there is one. */
export function overlaid(state: AppState, overlay: Overlay): AppState {
  return captureOf(state) ? { ...state, overlay } : state;
}

/** Act on a command of the palette or a keybinding. Those that need the page or the host are the session's. */
export function commanded(state: AppState, command: ViewCommand): AppState {
  const { view, selection } = state;
  switch (command) {
    case "nextHead":
      return stepHead(state, 1);
    case "previousHead":
      return stepHead(state, -1);
    case "nextLayer":
      return selectSite(state, selection.site + 1);
    case "previousLayer":
      return selectSite(state, selection.site - 1);
    case "toggleMean":
      return toggleMean(state);
    case "toggleAllHeads":
      return viewed(state, { heads: view.heads === "all" ? "one" : "all" });
    case "back":
      return travelled(state, -1);
    case "forward":
      return travelled(state, 1);
    case "nextMetric":
      return viewed(state, { metric: next(metricNames, view.metric) });
    case "nextColourMap":
      return viewed(state, { colourMap: next(colourMapNames, view.colourMap) });
    case "nextScale":
      return viewed(state, { scale: next(scaleNames, view.scale) });
    case "zoomToFit":
      return viewed(state, { window: null });
    case "showKeys":
      return overlaid(state, "keys");
    case "find":
      return overlaid(state, "find");
    case "showInput":
      return overlaid(state, "input");
    default:
      return state;
  }
}

/** Choose what the host says. A view state that cannot be read changes nothing. */
export function chosen(state: AppState, choice: Choice): AppState {
  let after = state;
  if (choice.viewState !== undefined) {
    const saved = parseSaved(parseJson(choice.viewState));
    if (saved && state.document) {
      const restored = documentArrived({ ...state, ...saved }, state.document);
      after = { ...restored, history: state.history };
    }
  }
  if (choice.site !== undefined || choice.head !== undefined) {
    after = selectPlace(after, choice.site ?? after.selection.site, choice.head ?? after.selection.head);
  }
  if (choice.metric !== undefined) after = viewed(after, { metric: choice.metric });
  if (choice.colourMap !== undefined) after = viewed(after, { colourMap: choice.colourMap });
  return after;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
