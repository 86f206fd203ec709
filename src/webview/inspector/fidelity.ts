/** How a map was obtained, and how far it can be trusted, in sentences. */
import type { CapturedSite } from "../../shared/capture";
import type { HeadFigures } from "../../shared/figures";
import type { CaptureMethod } from "../../shared/model";

export interface Statement {
  readonly text: string;
  readonly kind: "good" | "warning" | "info";
}

/** Row sums this close to 1 are told by their distance, others as they are. */
export const AS_ONE = 1e-3;

/** An error as `3.1e−7`. */
export function errorFigure(value: number): string {
  return value === 0 ? "0" : value.toExponential(1).replace("-", "−");
}

const methods: Record<CaptureMethod, string> = {
  output: "Exact: an output of the model itself",
  exposed: "Exact: the softmax read from the graph",
  operator: "Exact: an output of the fused operator",
  rebuilt: "Rebuilt from the fused operator's queries, keys and mask",
  replayed: "Replayed from queries, keys and mask",
};

/** Distance from 1 of the row that is furthest off; null where no row has a sum. */
export function furthestFromOne(figures: HeadFigures): number | null {
  if (figures.rowSumMin === null || figures.rowSumMax === null) return null;
  return Math.max(Math.abs(1 - figures.rowSumMin), Math.abs(1 - figures.rowSumMax));
}

/** The same in words: "rows sum to 1 ± 1.0e−7". */
export function sumsText(figures: HeadFigures): string {
  const off = furthestFromOne(figures);
  if (off === null) return "";
  return off < AS_ONE
    ? `rows sum to 1 ± ${errorFigure(off)}`
    : `row sums from ${figures.rowSumMin?.toFixed(3)} to ${figures.rowSumMax?.toFixed(3)}`;
}

/** Whether a rebuilt map is not proven: it is shown with a warning wherever it is shown. */
export function unproven(site: CapturedSite): boolean {
  return site.proven === false;
}

export function fidelityOf(site: CapturedSite, figures: HeadFigures | null): Statement[] {
  const statements: Statement[] = [];
  const add = (kind: Statement["kind"], text: string): void => void statements.push({ kind, text });
  const sums = figures ? sumsText(figures) : "";
  const summed = figures !== null && figures.rowsFlagged === 0;
  add(
    unproven(site) ? "warning" : summed ? "good" : "info",
    [methods[site.method], summed ? sums : ""].filter(Boolean).join("; ") + ".",
  );
  if (figures && figures.rowsFlagged > 0) {
    const rows = figures.rowsFlagged === 1 ? "1 row does" : `${figures.rowsFlagged} rows do`;
    add("warning", `${rows} not sum to 1 or hold NaN${sums ? `: ${sums}` : ""}.`);
  }
  if (site.error !== null) {
    const control =
      site.controlError === null ? "" : `; with the keys moved by one ${errorFigure(site.controlError)}`;
    add(
      site.proven === false ? "warning" : "good",
      `With the values it gives the operator's own output to within ${errorFigure(site.error)}${control}.`,
    );
  }
  if (site.proven === false) {
    add(
      "warning",
      `Not proven${site.note ? `: ${site.note}` : ": the comparison does not determine the map."}`,
    );
  } else if (site.note) add("warning", site.note);
  for (const assumed of site.assumed) add("warning", `Assumed: ${assumed}.`.replace(/\.\.$/, "."));
  if (site.heldBy) add("info", `Outputs that hold it: ${site.heldBy.join(", ")}.`);
  if (site.validity === "inferred") add("info", "Which keys are masked is inferred from p = 0.");
  if (figures) {
    const left = leftOut(figures);
    if (left) add("info", left);
  }
  return statements;
}

/** "8 fully masked rows are left out of means."; "" where none is. */
export function leftOut(figures: Pick<HeadFigures, "rowsMasked" | "rowsSingleKey">): string {
  const { rowsMasked, rowsSingleKey } = figures;
  const parts = [
    rowsMasked > 0 ? `${rowsMasked} fully masked ${rowsMasked === 1 ? "row" : "rows"}` : "",
    rowsSingleKey > 0 ? `${rowsSingleKey} ${rowsSingleKey === 1 ? "row" : "rows"} with one key` : "",
  ].filter(Boolean);
  if (parts.length === 0) return "";
  const one = rowsMasked + rowsSingleKey === 1;
  return `${parts.join(" and ")} ${one ? "is" : "are"} left out of means.`;
}
