import { describe, expect, it } from "vitest";
import { batchStart, viewStart } from "../../../src/engine/view-start";
import type { CapturedSite, TokenAxis } from "../../../src/shared/capture";

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
      start: {},
      notices: ["The manifest's defaults ask for action[2], and the queries of prefix.0 have 2 of action."],
    });
    expect(viewStart({ query: "mean(action)" }, sites, [axis])).toEqual({
      start: {},
      notices: [expect.stringMatching(/the mean of the queries of action; the view follows one query/)],
    });
    expect(viewStart({ query: 9 }, sites, [axis]).notices[0]).toMatch(/ask for query 9, and prefix\.0 has 4/);
    expect(viewStart({ site: "decoder" }, sites, [axis]).notices[0]).toMatch(
      /there is not; the first is shown/,
    );
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
