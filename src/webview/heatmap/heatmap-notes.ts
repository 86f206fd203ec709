/** Warnings under the heatmap's header: what is not right in this head. The Inspector says how a map was obtained. */
import { html, type TemplateResult } from "lit";
import type { CapturedSite } from "../../shared/capture";
import { figuresOf } from "../head-metrics";
import { warningIcon } from "../icons";
import { AS_ONE, errorFigure, furthestFromOne } from "../inspector/fidelity";
import type { AppState } from "../state";

/** What must be known to read the map of this site and head. */
export function notesOf(state: AppState, site: CapturedSite): string[] {
  const notes: string[] = [];
  if (state.problem) notes.push(`The cells could not be read. ${state.problem}`);
  const { head, batch } = state.selection;
  const figures = typeof head === "number" ? figuresOf(site, batch)[head] : undefined;
  if (figures && figures.rowsFlagged > 0) {
    const rows = figures.rowsFlagged === 1 ? "1 row does" : `${figures.rowsFlagged} rows do`;
    // Rows with NaN have no sum: where all others sum to 1, the sums say nothing.
    const off = furthestFromOne(figures);
    const sums =
      off === null || off < AS_ONE
        ? ""
        : ` (sums from ${figures.rowSumMin?.toFixed(3)} to ${figures.rowSumMax?.toFixed(3)})`;
    notes.push(`${rows} not sum to 1 or hold NaN${sums}.`);
  }
  if (site.proven === false) {
    const error = site.error === null ? "" : ` (error ${errorFigure(site.error)})`;
    notes.push(`This map is rebuilt and not proven${error}.${site.note ? ` ${site.note}` : ""}`);
  } else if (site.note) notes.push(site.note);
  for (const assumed of site.assumed) notes.push(`Assumed: ${assumed}`);
  return notes;
}

export function mapNotes(state: AppState, site: CapturedSite): TemplateResult {
  return html`<div class="notes">
    ${notesOf(state, site).map((note) => html`<div class="note warns">${warningIcon()}<span>${note}</span></div>`)}
  </div>`;
}
