/** Scores read from a store: masks of every kind told apart from low scores, signs kept, extremes of what is visible. */
import { describe, expect, it } from "vitest";
import { CaptureStore, type StoredSite } from "../../../src/shared/maps/capture-store";
import { missingScores } from "../../../src/shared/maps/score-map";
import type { CellKind, HeadChoice } from "../../../src/shared/page";

const QUERIES = 2;
const KEYS = 4;

/** Two heads; what five exporters mask with, and a low score that is none. */
const before = Float32Array.from([1, -2, 3, 90, -4, 5, -6, 7, 0.5, -0.25, 2, 8, 1, 1, -60, 2]);
const after = Float32Array.from([
  ...[1, -2, -Infinity, -1e9, -4, -10_004, -6, -65_504],
  ...[0.5, -0.25, 2, -3.4e38, 1, 1, -60, -5000],
]);

function site(over: Partial<StoredSite> = {}): StoredSite {
  return {
    ...{ handle: "site", batch: 1, heads: 2, queries: QUERIES, keys: KEYS, ownKey: null },
    cells: new Float32Array(16).fill(0.25),
    valid: Uint8Array.from(after, (score) => (score > -5000 ? 1 : 0)),
    scores: {
      before: { cells: before, dims: [1, 2, QUERIES, KEYS] },
      after: { cells: after, dims: [1, 2, QUERIES, KEYS] },
    },
    ...over,
  };
}

function cells(stored: StoredSite, what: CellKind, head: HeadChoice, pooled = 8): number[] {
  const page = new CaptureStore(1, [stored]).readPage({
    ...{ handle: "site", generation: 1, batch: 0, head, what, pooling: "max" },
    ...{ queryStart: 0, queryEnd: QUERIES, keyStart: 0, keyEnd: KEYS, maxRows: pooled, maxColumns: pooled },
  });
  expect(page.what).toBe(what);
  return [...new Float32Array(page.cells)];
}

describe("a page of scores", () => {
  it("keeps every score before the mask, and −∞ for every mask after it", () => {
    expect(cells(site(), "scoreBeforeMask", 0)).toEqual([...before.subarray(0, 8)]);
    const no = -Infinity;
    expect(cells(site(), "scoreAfterMask", 0)).toEqual([1, -2, no, no, -4, no, -6, no]);
    expect(cells(site(), "scoreAfterMask", 1)).toEqual([0.5, -0.25, 2, no, 1, 1, -60, no]);
  });

  it("pools to the largest visible score, below 0 as well", () => {
    expect(cells(site(), "scoreAfterMask", 0, 1)).toEqual([1]);
    const low = site({
      scores: {
        before: { cells: before, dims: [1, 2, 2, 4] },
        after: { cells: after.map((score) => score - 20), dims: [1, 2, 2, 4] },
      },
    });
    expect(cells(low, "scoreAfterMask", 0, 1)).toEqual([-19]);
  });

  it("of a mean leaves a head out where it masks the key", () => {
    const mean = cells(site(), "scoreAfterMask", "mean");
    expect(mean.slice(0, 4)).toEqual([0.75, -1.125, 2, -Infinity]);
    expect(cells(site(), "scoreBeforeMask", [0, 1])[3]).toBe(49);
  });

  it("is shared by heads where the scores have one for all", () => {
    const shared = site({
      scores: {
        before: { cells: before.subarray(0, 8), dims: [1, 1, 2, 4] },
        after: { cells: after.subarray(0, 8), dims: [1, 1, 2, 4] },
      },
    });
    expect(cells(shared, "scoreBeforeMask", 1)).toEqual([...before.subarray(0, 8)]);
    expect(missingScores(shared)).toBeNull();
  });

  it("is refused in words where there is none", () => {
    const bare = site();
    Reflect.deleteProperty(bare, "scores");
    expect(() => cells(bare, "scoreAfterMask", 0)).toThrow("not captured");
    expect(missingScores(bare)).toContain("cannot be followed");
    const longer = site({
      scores: {
        before: { cells: before, dims: [1, 2, 2, 4] },
        after: { cells: new Float32Array(20), dims: [1, 2, 2, 5] },
      },
    });
    expect(missingScores(longer)).toBe(
      "They have other sizes than the map, [1, 2, 2, 4]: after the mask they are [1, 2, 2, 5].",
    );
    expect(cells(longer, "scoreBeforeMask", 0)).toHaveLength(8);
  });
});

describe("rows and extremes of scores", () => {
  const store = new CaptureStore(1, [site()]);
  const head = { handle: "site", generation: 1, batch: 0, head: 0 };

  it("a row is exact, −∞ where masked", () => {
    const row = store.readRow({ ...head, what: "scoreAfterMask", query: 1 });
    expect([...new Float32Array(row.cells)]).toEqual([-4, -Infinity, -6, -Infinity]);
    expect([...new Float32Array(store.readRow({ ...head, query: 1 }).cells)]).toEqual([0.25, -1, 0.25, -1]);
  });

  it("extremes are magnitudes of what the mask leaves visible, before it as well", () => {
    const { scores } = store.readHead(head);
    // 90, the largest score before the mask, is at a key that the mask hides.
    expect(scores?.before?.maximum).toBe(6);
    expect(scores?.after?.maximum).toBe(6);
    expect(scores?.after?.p99).toBeCloseTo(5.94, 5);
  });
});
