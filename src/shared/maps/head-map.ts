/** One head's map and what is made of it cell by cell: the mean of heads, and pages pooled for the screen. */
import { AttentionError } from "../errors";
import { MASKED } from "../page";
import type { RowCounts } from "../query-choice";

/** [queries × keys], row-major, query 0 first. */
export interface HeadMap {
  readonly queries: number;
  readonly keys: number;
  readonly cells: Float32Array;
  /** 1 where the key is visible to the query (`decisions.md` 8). */
  readonly valid: Uint8Array;
}

/** The mean over heads, cell by cell in float64; a cell is valid where it is in any of them. */
export function meanOfHeads(heads: readonly HeadMap[]): HeadMap {
  const first = heads[0];
  if (!first) throw new RangeError("The mean of no head.");
  const sum = new Float64Array(first.cells.length);
  const valid = new Uint8Array(first.cells.length);
  for (const head of heads) {
    for (let cell = 0; cell < sum.length; cell++) {
      sum[cell] = (sum[cell] as number) + (head.cells[cell] as number);
      if (head.valid[cell]) valid[cell] = 1;
    }
  }
  return {
    queries: first.queries,
    keys: first.keys,
    cells: Float32Array.from(sum, (value) => value / heads.length),
    valid,
  };
}

/** One row of a map, or the mean of several. */
export interface MapRow {
  /** float32[keys]. */
  readonly cells: Float32Array;
  /** 1 where the key is visible; to any of them. */
  readonly valid: Uint8Array;
}

/** The row of one query: views, not copies. */
export function rowOf(map: HeadMap, query: number): MapRow {
  if (query >= map.queries) throw new AttentionError("badMessage", `Query ${query} of ${map.queries}.`);
  const start = query * map.keys;
  return {
    cells: map.cells.subarray(start, start + map.keys),
    valid: map.valid.subarray(start, start + map.keys),
  };
}

/**
 * The mean of the rows of several queries, key by key in float64. Rows that see no key, or hold NaN or infinity at a key
 * that they see, enter it no more than they enter a head's figures. Where all rows are left out the mean sees no key; where any
 * of them held NaN it is NaN.
 * @param over `rows`: a key that a row does not see has the weight 0 in it, so that means of probabilities sum to 1;
 * `seen`: the mean of each key is over the rows that see it, as scores need it
 */
export function meanOfRows(
  map: HeadMap,
  queries: readonly number[],
  over: "rows" | "seen",
): MapRow & { readonly of: RowCounts } {
  const sum = new Float64Array(map.keys);
  const seen = new Uint32Array(map.keys);
  const of = { rows: 0, masked: 0, flagged: 0 };
  for (const query of new Set(queries)) {
    const row = rowOf(map, query);
    // A score that is NaN is no mask's, though no mask lets it through; one of −∞ is.
    const unknown = (cell: number, key: number) =>
      over === "seen" ? Number.isNaN(cell) : row.valid[key] === 1 && !Number.isFinite(cell);
    if (row.cells.some(unknown)) of.flagged += 1;
    else if (!row.valid.includes(1)) of.masked += 1;
    else {
      of.rows += 1;
      for (let key = 0; key < map.keys; key++) {
        if (!row.valid[key]) continue;
        sum[key] = (sum[key] as number) + (row.cells[key] as number);
        seen[key] = (seen[key] as number) + 1;
      }
    }
  }
  if (of.rows === 0 && of.flagged > 0)
    return { cells: new Float32Array(map.keys).fill(NaN), valid: new Uint8Array(map.keys).fill(1), of };
  return {
    cells: Float32Array.from(sum, (total, key) => total / ((over === "rows" ? of.rows : seen[key]) || 1)),
    valid: Uint8Array.from(seen, (count) => (count > 0 ? 1 : 0)),
    of,
  };
}

export interface PageWindow {
  readonly queryStart: number;
  readonly queryEnd: number;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly maxRows: number;
  readonly maxColumns: number;
  readonly pooling: "max" | "mean";
}

export interface PooledCells {
  readonly rows: number;
  readonly columns: number;
  readonly rowFactor: number;
  readonly columnFactor: number;
  readonly pooling: "none" | "max" | "mean";
  /** float32, rows × columns; masked as said, NaN where any cell of the block is NaN. */
  readonly cells: Float32Array;
}

/**
 * A window of a map, pooled by whole factors until it fits. Window ends are cut to the map.
 * @param masked what stands for a block without a valid cell
 */
export function pageOf(map: HeadMap, window: PageWindow, masked = MASKED): PooledCells {
  const queryStart = Math.min(window.queryStart, map.queries);
  const queryEnd = Math.max(queryStart, Math.min(window.queryEnd, map.queries));
  const keyStart = Math.min(window.keyStart, map.keys);
  const keyEnd = Math.max(keyStart, Math.min(window.keyEnd, map.keys));
  const rowFactor = Math.max(1, Math.ceil((queryEnd - queryStart) / window.maxRows));
  const columnFactor = Math.max(1, Math.ceil((keyEnd - keyStart) / window.maxColumns));
  const rows = Math.ceil((queryEnd - queryStart) / rowFactor);
  const columns = Math.ceil((keyEnd - keyStart) / columnFactor);
  const cells = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const fromQuery = queryStart + row * rowFactor;
    const toQuery = Math.min(fromQuery + rowFactor, queryEnd);
    for (let column = 0; column < columns; column++) {
      const fromKey = keyStart + column * columnFactor;
      const toKey = Math.min(fromKey + columnFactor, keyEnd);
      cells[row * columns + column] = poolBlock(
        map,
        fromQuery,
        toQuery,
        fromKey,
        toKey,
        window.pooling,
        masked,
      );
    }
  }
  return {
    rows,
    columns,
    rowFactor,
    columnFactor,
    pooling: rowFactor * columnFactor === 1 ? "none" : window.pooling,
    cells,
  };
}

function poolBlock(
  map: HeadMap,
  fromQuery: number,
  toQuery: number,
  fromKey: number,
  toKey: number,
  pooling: "max" | "mean",
  masked: number,
): number {
  let maximum = -Infinity;
  let sum = 0;
  let seen = 0;
  for (let query = fromQuery; query < toQuery; query++) {
    for (let at = query * map.keys + fromKey; at < query * map.keys + toKey; at++) {
      const value = map.cells[at] as number;
      if (Number.isNaN(value)) return NaN;
      if (!map.valid[at]) continue;
      if (value > maximum) maximum = value;
      sum += value;
      seen += 1;
    }
  }
  if (seen === 0) return masked;
  return pooling === "max" ? maximum : sum / seen;
}
