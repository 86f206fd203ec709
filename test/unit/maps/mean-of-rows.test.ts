/** The mean over the queries of a segment: as NumPy would sum it, without rows that say nothing. */
import { describe, expect, it } from "vitest";
import { CaptureStore, type StoredSite } from "../../../src/shared/maps/capture-store";
import { cellOfToken, windowCount } from "../../../src/shared/maps/window-grid";
import type { Windows } from "../../../src/shared/model";
import type { CellKind, HeadChoice } from "../../../src/shared/page";
import { seeded } from "../figure/source";

const QUERIES = 7;
const KEYS = 5;

/** Two heads, causal with an offset; query 2 sees no key and query 4 of head 1 holds NaN. */
function site(): StoredSite {
  const random = seeded(3);
  const cells = new Float32Array(2 * QUERIES * KEYS);
  const valid = new Uint8Array(cells.length);
  const before = new Float32Array(cells.length);
  const after = new Float32Array(cells.length);
  for (let head = 0; head < 2; head++)
    for (let query = 0; query < QUERIES; query++) {
      const row = (head * QUERIES + query) * KEYS;
      const sees = (key: number) => query !== 2 && key <= query;
      const weights = Array.from({ length: KEYS }, (_, key) => (sees(key) ? random() : 0));
      const sum = weights.reduce((all, weight) => all + weight, 0);
      for (let key = 0; key < KEYS; key++) {
        cells[row + key] = sum > 0 ? weights[key]! / sum : 0;
        valid[row + key] = sees(key) ? 1 : 0;
        before[row + key] = random() * 8 - 4;
        after[row + key] = sees(key) ? before[row + key]! : -Infinity;
      }
      if (head === 1 && query === 4) cells[row + 1] = NaN;
    }
  const dims = [1, 2, QUERIES, KEYS];
  return {
    ...{ handle: "site", batch: 1, heads: 2, queries: QUERIES, keys: KEYS, ownKey: 0, cells, valid },
    scores: { before: { cells: before, dims }, after: { cells: after, dims } },
  };
}

function read(query: number | number[], head: HeadChoice = 0, what?: CellKind, stored = site()) {
  const row = new CaptureStore(1, [stored]).readRow({
    ...{ handle: "site", generation: 1, batch: 0, head, query, what },
  });
  return { cells: [...new Float32Array(row.cells)], of: row.of, query: row.query };
}

const close = (found: readonly number[], expected: readonly number[]) =>
  found.forEach((value, key) => expect(value, `key ${key}`).toBeCloseTo(expected[key]!, 6));

describe("the mean of rows", () => {
  it("is, key by key, the sum of the rows over their number, a key that a row does not see being 0 in it", () => {
    const queries = [1, 3, 6];
    const { cells } = site();
    const expected = Array.from(
      { length: KEYS },
      (_, key) => queries.reduce((sum, query) => sum + cells[query * KEYS + key]!, 0) / 3,
    );
    const mean = read(queries);
    close(mean.cells, expected);
    expect(mean.of).toEqual({ rows: 3, masked: 0, flagged: 0 });
    expect(mean.query).toEqual(queries);
    expect(mean.cells.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 6);
  });

  it("masks a key that none of them sees", () => {
    expect(read([0, 1]).cells.slice(2)).toEqual([-1, -1, -1]);
    expect(read([0, 1]).cells[1]).toBeGreaterThan(0);
  });

  it("leaves out rows that see no key and rows with NaN, and counts them", () => {
    const mean = read([2, 4, 5, 6], 1);
    const { cells } = site();
    const at = (query: number, key: number) => cells[(QUERIES + query) * KEYS + key]!;
    close(
      mean.cells,
      Array.from({ length: KEYS }, (_, key) => (at(5, key) + at(6, key)) / 2),
    );
    expect(mean.of).toEqual({ rows: 2, masked: 1, flagged: 1 });
    expect(read([2]).cells).toEqual([-1, -1, -1, -1, -1]);
    expect(read([2]).of).toEqual({ rows: 0, masked: 1, flagged: 0 });
    expect(read([2, 4], 1).cells.every(Number.isNaN)).toBe(true);
  });

  it("of one query is its row, and of a mean of heads the mean of their rows", () => {
    expect(read([3]).cells).toEqual(read(3).cells);
    expect(read(3).of).toBeUndefined();
    const [one, other, both] = [read([3, 5], 0), read([3, 5], 1), read([3, 5], [0, 1])];
    close(
      both.cells,
      one.cells.map((p, key) => (p + other.cells[key]!) / 2),
    );
  });

  it("of scores is over the rows that do not mask the key", () => {
    const { scores } = site();
    const score = (query: number, key: number) => scores!.before.cells[query * KEYS + key]!;
    const after = read([1, 3], 0, "scoreAfterMask").cells;
    close(after.slice(0, 4), [
      (score(1, 0) + score(3, 0)) / 2,
      (score(1, 1) + score(3, 1)) / 2,
      score(3, 2),
      score(3, 3),
    ]);
    expect(after[4]).toBe(-Infinity);
    close(
      read([1, 3], 0, "scoreBeforeMask").cells,
      Array.from({ length: KEYS }, (_, key) => (score(1, key) + score(3, key)) / 2),
    );
  });

  it("refuses a query that there is not", () => {
    expect(() => read([1, QUERIES])).toThrow(/Query 7 of 7/);
  });
});

describe("the mean of rows in windows", () => {
  it("lies, window by window, where the rows do", () => {
    const windows: Windows = {
      ...{ gridHeight: 4, gridWidth: 4, windowHeight: 2, windowWidth: 2, shiftHeight: 1, shiftWidth: 0 },
    };
    const random = seeded(9);
    const count = windowCount(windows);
    const cells = Float32Array.from({ length: count * 16 }, random);
    const stored: StoredSite = {
      ...{ handle: "site", batch: count, heads: 1, queries: 4, keys: 4, ownKey: null, windows, cells },
      valid: new Uint8Array(cells.length).fill(1),
    };
    const grid = new CaptureStore(1, [stored]).readGrid({
      ...{ handle: "site", generation: 1, batch: 0, head: 0, query: [0, 3] },
      ...{ maxRows: 4, maxColumns: 4, pooling: "max" },
    });
    const found = new Float32Array(grid.cells);
    for (let window = 0; window < count; window++)
      for (let key = 0; key < 4; key++) {
        const { row, column } = cellOfToken(windows, window, key);
        const mean = (cells[window * 16 + key]! + cells[window * 16 + 12 + key]!) / 2;
        expect(found[row * 4 + column]).toBeCloseTo(mean, 6);
      }
  });
});
