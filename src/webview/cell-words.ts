/** One cell in figures and words: for the tooltip, the cursor's sentence and the clipboard. */
import type { TokenAxis } from "../shared/capture";
import { probability, tokenLabel } from "../shared/format";
import type { CellKind, RowQuery } from "../shared/page";
import { headTitle, siteTitles } from "../shared/site-names";
import { cellFigure, cellKindLabels, isMasked, isScore } from "./cell-kinds";
import { rowName, rowsWords } from "./row-words";
import {
  activeKey,
  activeRow,
  axesOf,
  captureOf,
  isPooled,
  pageCell,
  pageOf,
  profileOf,
  rankOf,
  rowOf,
  scoreRowOf,
  shownCells,
} from "./selectors";
import type { AppState } from "./state";

export function token(axis: TokenAxis, index: number): string {
  return tokenLabel(axis.labels[index] ?? String(index), 32);
}

/** The probability of a cell in words. */
export function cellWords({ p, leftOut }: Pick<CellFigures, "p" | "leftOut">): string {
  if (p === null) return leftOut ? "exact value not in the report" : "not read yet";
  return p < 0 ? "masked" : `p ${probability(p)}`;
}

/** The score of a cell in words: "score before mask +3.2"; "" where the map shows probabilities. */
export function scoreWords({ what, score }: Pick<CellFigures, "what" | "score">): string {
  if (!isScore(what)) return "";
  const value = score === null ? "not read yet" : isMasked(score, what) ? "masked" : cellFigure(score, what);
  return `${cellKindLabels[what]} ${value}`;
}

/** One cell in figures. `p` and `score` are exact; null until they are known. */
export interface CellFigures {
  /** −1 is masked. */
  readonly p: number | null;
  /** What the map shows, and its score where it shows scores; −∞ is masked. */
  readonly what: CellKind;
  readonly score: number | null;
  /** There is no exact value to be read. */
  readonly leftOut: boolean;
  readonly rank: { rank: number; of: number } | null;
  /** Mean mass that the key receives; null where none may see it. */
  readonly received: number | null;
  /** Value of the block under the pointer, as it is drawn, where the map is pooled. */
  readonly block: { value: number; queries: number; keys: number; pooling: string } | null;
}

/** @param query one, or those whose mean is shown: a mean has a row, and no cell of the map */
export function cellFigures(state: AppState, query: RowQuery, key: number): CellFigures {
  const page = typeof query === "number" ? pageOf(state) : null;
  const row = rowOf(state);
  const cells = row && row.query === query ? new Float32Array(row.cells) : null;
  const pooled = page !== null && isPooled(page);
  const shown = page && typeof query === "number" ? pageCell(page, query, key) : null;
  const what = shownCells(state);
  const exact = pooled ? null : shown;
  const p = cells ? (cells[key] ?? null) : isScore(what) ? null : exact;
  const scores = scoreRowOf(state);
  const scored = scores?.query === query ? (new Float32Array(scores.cells)[key] ?? null) : exact;
  const received = profileOf(state)?.received;
  const mean = received ? (new Float32Array(received)[key] ?? Number.NaN) : Number.NaN;
  return {
    p,
    what,
    score: isScore(what) ? scored : null,
    leftOut: state.rowsLeftOut,
    rank: cells && p !== null && p >= 0 ? rankOf(cells, key) : null,
    received: Number.isNaN(mean) ? null : mean,
    block:
      pooled && shown !== null
        ? { value: shown, queries: page.rowFactor, keys: page.columnFactor, pooling: page.pooling }
        : null,
  };
}

/** The drawn value of a pooled cell: "max 0.31 of 4 × 4 cells"; "" where every cell is drawn by itself. */
export function blockWords({ block, what }: Pick<CellFigures, "block" | "what">): string {
  if (!block) return "";
  const cells = `${block.queries} × ${block.keys} cells`;
  return isMasked(block.value, what)
    ? `all of ${cells} masked`
    : `${block.pooling} ${cellFigure(block.value, what)} of ${cells}`;
}

/** What the hidden cursor cell reads: query, key, value, rank. */
export function cursorSentence(state: AppState): string {
  const query = activeRow(state);
  const key = activeKey(state);
  const axes = axesOf(state);
  if (query === null || key === null || !axes) return "";
  const figures = cellFigures(state, query, key);
  const rank = figures.rank ? `, rank ${figures.rank.rank} of ${figures.rank.of}` : "";
  const value = [scoreWords(figures), figures.leftOut ? blockWords(figures) : "", cellWords(figures) + rank];
  return [rowName(query, axes.query), token(axes.key, key), ...value].filter(Boolean).join(", ");
}

/** What is copied of the pinned or pointed-at cell: where it is and its value with all its digits; else "". */
export function cellText(state: AppState): string {
  const query = activeRow(state);
  const key = activeKey(state);
  const axes = axesOf(state);
  const capture = captureOf(state);
  if (query === null || key === null || !axes || !capture) return "";
  const { p, what, score } = cellFigures(state, query, key);
  if (p === null && score === null) return "";
  const title = siteTitles(capture.sites)[state.selection.site] ?? "";
  const digits = (value: number, kind: CellKind): string =>
    isMasked(value, kind) ? "masked" : String(value);
  const value = [
    score === null ? "" : `${cellKindLabels[what]} ${digits(score, what)}`,
    p === null ? "" : `${score === null ? "" : "probability "}${digits(p, "probability")}`,
  ]
    .filter(Boolean)
    .join(", ");
  const row = rowOf(state);
  const rowText =
    typeof query === "number"
      ? `query ${query} ${axes.query.labels[query] ?? ""}`
      : rowName(query, axes.query) + (row?.query === query ? rowsWords(row) : "");
  return (
    `${title} ${headTitle(state.selection.head, capture.sites[state.selection.site])}, ${rowText} → ` +
    `key ${key} ${axes.key.labels[key] ?? ""}: ${value}`
  );
}
