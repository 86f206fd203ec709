/** What lights the tokens: the keys of a query by their probability, or the queries of a key. */
import type { Page, RowQuery } from "../../shared/page";
import { rowsWords } from "../row-words";
import { activeKey, rowOf, selectedHead, sameHead } from "../selectors";
import type { AppState } from "../state";

export interface TokenLight {
  /** What is asked about: a query, or several whose mean it is, when keys are lit; a key when queries are. */
  readonly of: RowQuery;
  /** Which rows a mean is of, in brackets; "" for one token. */
  readonly rows: string;
  /** One probability for each lit token; −1 masked. */
  readonly cells: Float32Array;
}

/** The queries of a key out of a page of one column; a pooled column lights whole blocks. */
function columnCells(page: Page, queries: number): Float32Array {
  const column = new Float32Array(page.cells);
  if (page.rowFactor === 1) return column;
  return Float32Array.from(
    { length: queries },
    (_, query) => column[Math.floor(query / page.rowFactor)] ?? -1,
  );
}

/** null while nothing is chosen, or its cells are on their way. */
export function tokenLight(state: AppState, queries: number): TokenLight | null {
  if (state.view.reading === "keys") {
    const row = rowOf(state);
    return row ? { of: row.query, rows: rowsWords(row), cells: new Float32Array(row.cells) } : null;
  }
  const head = selectedHead(state);
  const { column } = state;
  const key = activeKey(state) ?? 0;
  if (!head || !column || !sameHead(column, head) || column.keyStart !== key) return null;
  return { of: key, rows: "", cells: columnCells(column, queries) };
}

/**
 * Keys that no query may see: padding. `received` is float32[keys], NaN for those.
 * @param rowsFlagged rows that enter no mean: where there are some, a key without a mean may still be seen by them
 */
export function paddedKeys(received: ArrayBuffer | undefined, rowsFlagged: number): number {
  if (!received || rowsFlagged > 0) return 0;
  return new Float32Array(received).reduce((sum, mass) => sum + (Number.isNaN(mass) ? 1 : 0), 0);
}
