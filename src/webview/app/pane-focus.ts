/** F6: the focus goes from pane to pane, to the one tab stop of each. */

/** What can take the focus, the pane's own stop first. */
const stops = [
  "[tabindex='0']",
  "button:not(:disabled)",
  "vscode-dropdown",
  "vscode-button",
  "input",
  "summary",
].join(",");

/** The first tab stop inside of a pane, through shadow roots. */
function stopOf(pane: Element): HTMLElement | null {
  const root = pane.shadowRoot ?? pane;
  for (const element of root.querySelectorAll<HTMLElement>("*")) {
    if (element.tagName === "ATTENTION-SPLITTER" || !element.checkVisibility()) continue;
    if (element.matches(stops)) return element;
    if (element.shadowRoot) {
      const inner = stopOf(element);
      if (inner) return inner;
    }
  }
  return null;
}

/** Main stop of a pane: the grid, the map, the list; not a button of its header. */
function mainStop(pane: Element): HTMLElement | null {
  const root = pane.shadowRoot;
  const main = root?.querySelector<HTMLElement>(
    "[role=gridcell][tabindex='0'], .stage[tabindex='0'], [role=listbox]",
  );
  return main ?? stopOf(pane);
}

/**
 * Move the focus to the pane after (1) or before (−1) the one that has it. `workbench` holds the panes.
 * @param last the pane that had the focus last: the palette takes the focus out of the view before its command runs
 * @returns the pane that has the focus now; null where none can take it
 */
export function nextPane(workbench: HTMLElement, step: 1 | -1, last: Element | null): Element | null {
  const toolbar = workbench.parentNode?.querySelector("attention-toolbar");
  const panes = [
    ...(toolbar ? [toolbar] : []),
    ...(workbench.shadowRoot?.querySelectorAll(".pane") ?? []),
  ].filter((pane) => pane.checkVisibility());
  const focused = panes.findIndex((pane) => pane.matches(":focus-within"));
  const at = focused < 0 && last !== null ? panes.indexOf(last) : focused;
  for (let distance = 1; distance <= panes.length; distance++) {
    const start = at < 0 && step < 0 ? 0 : at;
    const pane = panes[(start + step * distance + panes.length * 2) % panes.length];
    const stop = pane ? mainStop(pane) : null;
    if (pane && stop) {
      stop.focus();
      return pane;
    }
  }
  return null;
}
