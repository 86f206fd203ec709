/** One cell in figures and words: for the tooltip, the cursor's sentence and the clipboard. */
import type { TokenAxis } from "../shared/capture";
import { probability, tokenLabel } from "../shared/format";
import { headTitle, siteTitles } from "../shared/site-names";
import {
  activeKey,
  activeQuery,
  axesOf,
  captureOf,
  isPooled,
  pageCell,
  pageOf,
  profileOf,
  rankOf,
  rowOf,
} from "./selectors";
import type { AppState } from "./state";

export function token(axis: TokenAxis, index: number): string {
  return tokenLabel(axis.labels[index] ?? String(index), 32);
}

/** Value of a cell in words. */
export function cellWords(p: number | null): string {
  if (p === null) return "not read yet";
  return p < 0 ? "masked" : `p ${probability(p)}`;
}

/** One cell in figures. `p` is exact; null until it is known. −1 is masked. */
export interface CellFigures {
  readonly p: number | null;
  readonly rank: { rank: number; of: number } | null;
  /** Mean mass that the key receives; null where none may see it. */
  readonly received: number | null;
  /** Value of the block under the pointer, where the map is pooled. */
  readonly block: { p: number; queries: number; keys: number; pooling: string } | null;
}

export function cellFigures(state: AppState, query: number, key: number): CellFigures {
  const page = pageOf(state);
  const row = rowOf(state);
  const cells = row && row.query === query ? new Float32Array(row.cells) : null;
  const pooled = page !== null && isPooled(page);
  const shown = page ? pageCell(page, query, key) : null;
  const p = cells ? (cells[key] ?? null) : pooled ? null : shown;
  const received = profileOf(state)?.received;
  const mean = received ? (new Float32Array(received)[key] ?? Number.NaN) : Number.NaN;
  return {
    p,
    rank: cells && p !== null && p >= 0 ? rankOf(cells, key) : null,
    received: Number.isNaN(mean) ? null : mean,
    block:
      pooled && shown !== null && shown >= 0
        ? { p: shown, queries: page.rowFactor, keys: page.columnFactor, pooling: page.pooling }
        : null,
  };
}

/** What the hidden cursor cell reads: query, key, value, rank. */
export function cursorSentence(state: AppState): string {
  const query = activeQuery(state);
  const key = activeKey(state);
  const axes = axesOf(state);
  if (query === null || key === null || !axes) return "";
  const figures = cellFigures(state, query, key);
  const rank = figures.rank ? `, rank ${figures.rank.rank} of ${figures.rank.of}` : "";
  return `${token(axes.query, query)}, ${token(axes.key, key)}, ${cellWords(figures.p)}${rank}`;
}

/** What is copied of the pinned or pointed-at cell: where it is and its value with all its digits; else "". */
export function cellText(state: AppState): string {
  const query = activeQuery(state);
  const key = activeKey(state);
  const axes = axesOf(state);
  const capture = captureOf(state);
  if (query === null || key === null || !axes || !capture) return "";
  const { p } = cellFigures(state, query, key);
  if (p === null) return "";
  const title = siteTitles(capture.sites)[state.selection.site] ?? "";
  const value = p < 0 ? "masked" : String(p);
  return (
    `${title} ${headTitle(state.selection.head)}, query ${query} ${axes.query.labels[query] ?? ""} → ` +
    `key ${key} ${axes.key.labels[key] ?? ""}: ${value}`
  );
}
