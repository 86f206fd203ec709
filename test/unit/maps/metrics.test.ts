import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { HeadMap } from "../../../src/shared/maps/head-map";
import { headMetrics } from "../../../src/shared/maps/metrics";

interface Case {
  name: string;
  kind: "self" | "cross";
  probabilities: number[][];
  valid: boolean[][];
  expected: Record<string, number | null> & {
    recentDistantRatio: { lastRow: number | null };
    receivedPerKey: (number | null)[];
    perRow: Record<"entropy" | "normalised" | "validKeys" | "rowSum", (number | null)[]>;
  };
}
const fixture = JSON.parse(
  readFileSync(new URL("../../fixtures/metrics/metrics.json", import.meta.url), "utf8"),
) as { cases: Case[] };

function mapOf({ probabilities, valid }: Case): HeadMap {
  return {
    queries: probabilities.length,
    keys: probabilities[0]!.length,
    cells: Float32Array.from(probabilities.flat()),
    valid: Uint8Array.from(valid.flat(), Number),
  };
}

const close = (
  actual: number | null | undefined,
  wanted: number | null | undefined,
  what: string,
  digits = 9,
) => {
  if (wanted === null || wanted === undefined) expect(actual, what).toBeNull();
  else expect(actual, what).toBeCloseTo(wanted, digits);
};
const nanAsNull = (value: number | undefined) => (value === undefined || Number.isNaN(value) ? null : value);

describe("the figures of a head equal NumPy's", () => {
  for (const each of fixture.cases) {
    it(each.name, () => {
      const { figures, ...rows } = headMetrics(mapOf(each), each.kind === "self" ? 0 : null);
      const { expected } = each;
      for (const name of [
        "entropyNats",
        "normalisedEntropy",
        "confidence",
        "concentration",
        "meanContextAttention",
        "contextShare",
        "sinkMass",
        "distanceTokens",
        "sparsity90",
        "gini",
      ] as const) {
        close(figures[name], expected[name] as number | null, name);
      }
      close(figures.recentDistantRatio, expected.recentDistantRatio.lastRow, "recentDistantRatio", 6);
      close(figures.receivedMaximum, expected["received"] as number | null, "received");
      expect(figures.rowsMasked).toBe(expected["rowsMasked"]);
      expect(figures.rowsSingleKey).toBe(expected["rowsSingleKey"]);
      expected.receivedPerKey.forEach((wanted, key) =>
        close(nanAsNull(rows.received[key]), wanted, `received ${key}`, 6),
      );
      expected.perRow.entropy.forEach((wanted, query) =>
        close(nanAsNull(rows.entropyNats[query]), wanted, `entropy ${query}`, 5),
      );
      expected.perRow.normalised.forEach((wanted, query) =>
        close(nanAsNull(rows.normalisedEntropy[query]), wanted, `normalised ${query}`, 5),
      );
      expect([...rows.validKeys]).toEqual(expected.perRow.validKeys);
    });
  }
});

describe("formulas broken on purpose are seen", () => {
  const each = fixture.cases.find((one) => one.name === "masked row and single-key rows")!;
  const map = mapOf(each);
  const wanted = each.expected["entropyNats"] as number;

  it("the wrong axis", () => {
    const transposed = {
      ...map,
      cells: map.cells.map((_, at) => map.cells[(at % map.keys) * map.keys + Math.floor(at / map.keys)]!),
    };
    expect(headMetrics(transposed, 0).figures.entropyNats).not.toBeCloseTo(wanted, 3);
  });

  it("a masked row that counts", () => {
    const all = {
      ...map,
      valid: map.valid.map((visible, at) => (Math.floor(at / map.keys) === 3 ? 1 : visible)),
    };
    expect(headMetrics(all, 0).figures.rowsMasked).toBe(0);
    expect(headMetrics(all, 0).figures.entropyNats).not.toBeCloseTo(wanted, 3);
  });

  it("float32 sums, where a long row would drift", () => {
    const keys = 2 ** 16;
    const cells = new Float32Array(keys).fill(1 / keys);
    cells[0] = 1;
    const exact = headMetrics({ queries: 1, keys, cells, valid: new Uint8Array(keys).fill(1) }, null)
      .rowSum[0]!;
    const drifted = cells.reduce((sum, value) => Math.fround(sum + value + 2 ** -18), 0);
    expect(exact).toBeCloseTo(1 + (keys - 1) / keys, 6);
    expect(drifted).not.toBeCloseTo(exact, 3);
  });
});

describe("rows that are no probabilities", () => {
  it("are flagged and left out", () => {
    const cells = Float32Array.from([0.5, 0.5, NaN, 1, 0.9, 0.6]);
    const { figures } = headMetrics({ queries: 3, keys: 2, cells, valid: new Uint8Array(6).fill(1) }, null);
    expect(figures.rowsFlagged).toBe(2);
    expect(figures.rowSumMax).toBeCloseTo(1.5, 5);
    expect(Number.isFinite(figures.entropyNats)).toBe(true);
  });
});
