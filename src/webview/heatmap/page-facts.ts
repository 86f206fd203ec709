/** What a page says about its head: the strongest pair, masked rows, NaN, cells above the range's end. */
import type { Page } from "../../shared/page";
import { isMasked, isScore } from "../cell-kinds";

export interface PageFacts {
  /** The largest cell (probability or score), as the first query and key of its block; null when every cell is masked. */
  readonly strongest: { readonly query: number; readonly key: number; readonly p: number } | null;
  /** Cells (blocks when pooled) that are masked. */
  readonly masked: number;
  /** Rows whose cells are all masked. */
  readonly maskedRows: number;
  /** Cells that are NaN or infinite without being masked. */
  readonly flagged: number;
}

const known = new WeakMap<Page, PageFacts>();

export function pageFacts(page: Page): PageFacts {
  const before = known.get(page);
  if (before) return before;
  const cells = new Float32Array(page.cells);
  let strongest = -1;
  let largest = -Infinity;
  let masked = 0;
  let maskedRows = 0;
  let flagged = 0;
  for (let row = 0; row < page.rows; row++) {
    let maskedInRow = 0;
    for (let column = 0; column < page.columns; column++) {
      const index = row * page.columns + column;
      const p = cells[index] ?? Number.NaN;
      if (isMasked(p, page.what)) maskedInRow++;
      else if (!Number.isFinite(p)) flagged++;
      else if (p > largest) {
        largest = p;
        strongest = index;
      }
    }
    masked += maskedInRow;
    if (maskedInRow === page.columns) maskedRows++;
  }
  const facts: PageFacts = {
    strongest:
      strongest < 0
        ? null
        : {
            query: page.queryStart + Math.floor(strongest / page.columns) * page.rowFactor,
            key: page.keyStart + (strongest % page.columns) * page.columnFactor,
            p: largest,
          },
    masked,
    maskedRows,
    flagged,
  };
  known.set(page, facts);
  return facts;
}

/** Cells above the end of the colour range; of scores, beyond it on either side. */
export function cellsAbove(page: Page, end: number): number {
  const cells = new Float32Array(page.cells);
  const signed = isScore(page.what);
  let above = 0;
  for (const value of cells) if (value > end || (signed && value < -end && value !== -Infinity)) above++;
  return above;
}
