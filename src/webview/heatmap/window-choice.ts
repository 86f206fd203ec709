/** One window or all of them on their grid: the choice in the Heatmap's header, for sites whose batch is windows. */
import { html, nothing, type TemplateResult } from "lit";
import { viewed } from "../reducers";
import { selectedSite, windowsOf } from "../selectors";
import type { Session } from "../session";
import type { AppState } from "../state";
import { keepKeys, valueOf } from "../toolkit-values";

const labels = { window: "one window", grid: "whole grid" } as const;

/** Whether the Heatmap shows the query of all windows on their grid. */
export function showsGrid(state: AppState): boolean {
  const several = state.view.heads === "all" && (selectedSite(state)?.heads ?? 1) > 1;
  return state.view.windows === "grid" && !several && windowsOf(state) !== null;
}

/** "grid of 8 × 8 in windows of 4 × 4, shifted by 2, 2". */
export function gridShape(state: AppState): string {
  const windows = windowsOf(state);
  if (!windows) return "";
  const { gridHeight, gridWidth, windowHeight, windowWidth, shiftHeight, shiftWidth } = windows;
  const shifted = shiftHeight + shiftWidth > 0 ? `, shifted by ${shiftHeight}, ${shiftWidth}` : "";
  const spread = windows.spreadHeight || windows.spreadWidth ? ", each spread over the grid" : "";
  return `grid of ${gridHeight} × ${gridWidth} in windows of ${windowHeight} × ${windowWidth}${shifted}${spread}`;
}

export function windowChoice(session: Session): TemplateResult | typeof nothing {
  const { state } = session.store;
  if (windowsOf(state) === null) return nothing;
  return html`<vscode-dropdown
    class="windows small"
    aria-label="Windows shown"
    title="The map of the selected window, or the query's map in every window, on the grid that they were cut from"
    @keydown=${keepKeys}
    @change=${(event: Event) => {
      const windows = valueOf(event) === "grid" ? "grid" : "window";
      session.store.update((now) =>
        viewed(now, { windows, ...(windows === "grid" ? { heads: "one" } : {}) }),
      );
    }}
  >
    ${(["window", "grid"] as const).map(
      (name) =>
        html`<vscode-option value=${name} ?selected=${name === state.view.windows}
          >${labels[name]}</vscode-option
        >`,
    )}
  </vscode-dropdown>`;
}
