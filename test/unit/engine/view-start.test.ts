import { describe, expect, it } from "vitest";
import { batchStart, lastQueryOf, viewStart } from "../../../src/engine/view-start";
import type { CapturedSite, TokenAxis } from "../../../src/shared/capture";
import type { StoredSite } from "../../../src/shared/maps/capture-store";

const axis: TokenAxis = {
  id: "axis_0",
  labels: ["i0", "s", "a0", "a1"],
  segments: [
    { name: "image", role: "image" },
    { name: "state", role: "state" },
    { name: "action", role: "action" },
  ],
  segmentOf: [0, 1, 2, 2],
  from: "manifest",
};
const site = (index: number, component: string, layer: number) =>
  ({
    id: `site_00${index}`,
    name: `${component}.${layer}`,
    component,
    layer,
    queries: 4,
    queryAxis: 0,
  }) as CapturedSite;
const sites = [site(0, "prefix", 0), site(1, "suffix", 0), site(2, "suffix", 1)];

describe("the manifest's defaults", () => {
  it.each([
    ["action[0]", 2],
    ["action[-1]", 3],
    ["last", 3],
    [1, 1],
    ["mean(action)", { mean: "action" }],
  ])("query %s", (query, expected) => {
    const { start, notices } = viewStart({ query }, sites, [axis]);
    expect([start?.query, notices]).toEqual([expected, []]);
  });

  it("name site, layer, heads and colours", () => {
    const { start } = viewStart(
      { site: "suffix", layers: [1], heads: [2], colours: "viridis", range: "maximum", scale: "log" },
      sites,
      [axis],
    );
    expect(start).toEqual({ site: 2, head: 2, colourMap: "viridis", range: "maximum", scale: "log" });
    expect(viewStart({ heads: "all" }, sites, [axis]).start).toEqual({ heads: "all" });
    expect(viewStart({ heads: [0, 1] }, sites, [axis]).start).toEqual({ head: [0, 1] });
  });

  it("that cannot be followed are said, not passed over", () => {
    expect(viewStart({ query: "action[2]" }, sites, [axis])).toEqual({
      start: { queryText: "action[2]" },
      notices: ["The manifest's defaults ask for action[2], and the queries of prefix.0 have 2 of action."],
      queryProblem: "action[2], and the queries of prefix.0 have 2 of action",
    });
    expect(viewStart({ query: "mean(reward)" }, sites, [axis]).notices).toEqual([
      "The manifest's defaults ask for mean(reward), and the queries of prefix.0 have the segments image, state, action.",
    ]);
    expect(viewStart({ query: 9 }, sites, [axis]).notices[0]).toMatch(/ask for query 9, and prefix\.0 has 4/);
    expect(viewStart({ site: "decoder" }, sites, [axis]).notices[0]).toMatch(
      /there is not; the first is shown/,
    );
  });
});

describe("the last query", () => {
  /** 4 queries of 3 keys; how many keys each sees, for each entry of the batch. */
  const stored = (seen: readonly (readonly number[])[]): StoredSite => ({
    ...{ handle: "h", batch: seen.length, heads: 1, queries: 4, keys: 3, ownKey: 0 },
    cells: new Float32Array(seen.length * 12),
    valid: Uint8Array.from(seen.flat().flatMap((count) => [0, 1, 2].map((key) => (key < count ? 1 : 0)))),
  });
  const asked = { ...site(0, "prefix", 0), handle: "h" };

  it("is the last of the first shown entry that can choose among keys", () => {
    expect(lastQueryOf([stored([[1, 2, 3, 0]])])(asked)).toBe(2);
    expect(lastQueryOf([stored([[1, 1, 0, 0]])])(asked)).toBe(1);
    expect(lastQueryOf([stored([[0, 0, 0, 0]])])(asked)).toBe(3);
    const two = stored([
      [3, 3, 3, 3],
      [1, 2, 1, 0],
    ]);
    expect(lastQueryOf([two])({ ...asked, batchDefault: 1 })).toBe(1);
  });
});

describe("the batch axis", () => {
  const arrays = new Map([
    ["mask", { dtype: "bool", dims: [1, 4], data: Uint8Array.from([1, 1, 0, 0]) }],
    ["names", { dtype: "int64", dims: [4], data: BigInt64Array.from([7n, 8n, 9n, 10n]) }],
  ]);

  it("begins with the last entry that is no padding, and has labels", () => {
    const axisOf = { name: "history step", valid: "mask", default: "lastValid", labels: "names" } as const;
    expect(batchStart(axisOf, 4, arrays)).toEqual({ batchDefault: 1, batchLabels: ["7", "8", "9", "10"] });
  });

  it("counts from the end where it is said to", () => {
    expect(batchStart({ name: "step", default: -1 }, 6, arrays)).toEqual({ batchDefault: 5 });
    expect(batchStart({ name: "step", default: 9 }, 6, arrays)).toEqual({});
    expect(batchStart("window", 6, arrays)).toEqual({});
  });
});
