/** Notes under the heatmap's header: what was assumed, rebuilt, averaged or is not right in this head. */
import { html, type TemplateResult } from "lit";
import type { CapturedSite } from "../../shared/capture";
import { infoIcon, warningIcon } from "../icons";
import type { AppState } from "../state";

export interface Note {
  readonly text: string;
  readonly warning: boolean;
}

/** An error as `3.1e−7`. */
function errorFigure(value: number): string {
  return value === 0 ? "0" : value.toExponential(1).replace("-", "−");
}

/** What must be known to read the map of this site and head. */
export function notesOf(state: AppState, site: CapturedSite): Note[] {
  const notes: Note[] = [];
  const warn = (text: string): number => notes.push({ text, warning: true });
  const inform = (text: string): number => notes.push({ text, warning: false });
  if (state.problem) warn(`The cells could not be read. ${state.problem}`);
  const { head, batch } = state.selection;
  const figures = typeof head === "number" ? site.figures[batch]?.[head] : undefined;
  if (figures && figures.rowsFlagged > 0) {
    const rows = figures.rowsFlagged === 1 ? "1 row does" : `${figures.rowsFlagged} rows do`;
    const sums =
      figures.rowSumMin === null || figures.rowSumMax === null
        ? ""
        : ` (sums from ${figures.rowSumMin.toFixed(3)} to ${figures.rowSumMax.toFixed(3)})`;
    warn(`${rows} not sum to 1 or hold NaN${sums}.`);
  }
  if (site.note) warn(site.note);
  for (const assumed of site.assumed) warn(`Assumed: ${assumed}`);
  if (site.error !== null) {
    inform(
      `Rebuilt from queries and keys; with the values it gives the model's own output to within ${errorFigure(site.error)}.`,
    );
  }
  if (site.validity === "inferred") inform("Which keys are masked is inferred from p = 0.");
  return notes;
}

export function mapNotes(state: AppState, site: CapturedSite): TemplateResult[] {
  return notesOf(state, site).map(
    (note) =>
      html`<div class="note ${note.warning ? "warns" : ""}">
        ${note.warning ? warningIcon() : infoIcon()}<span>${note.text}</span>
      </div>`,
  );
}
