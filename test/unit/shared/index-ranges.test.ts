import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  countIndices,
  firstMissing,
  hasIndex,
  type IndexRanges,
  withIndex,
  withoutIndex,
} from "../../../src/shared/index-ranges";

/** The ranges of a set, made the plain way. */
function rangesOf(set: ReadonlySet<number>): IndexRanges {
  const ranges: [number, number][] = [];
  for (const index of [...set].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last?.[1] === index) last[1] = index + 1;
    else ranges.push([index, index + 1]);
  }
  return ranges;
}

describe("ranges of places", () => {
  it("are those of the set, whatever comes and goes", () => {
    const acts = fc.array(fc.tuple(fc.boolean(), fc.nat(20)), { maxLength: 60 });
    fc.assert(
      fc.property(acts, fc.nat(20), (all, start) => {
        const set = new Set<number>();
        let ranges: IndexRanges = [];
        for (const [comes, index] of all) {
          ranges = comes ? withIndex(ranges, index) : withoutIndex(ranges, index);
          if (comes) set.add(index);
          else set.delete(index);
        }
        expect(ranges).toEqual(rangesOf(set));
        expect(countIndices(ranges)).toBe(set.size);
        for (let index = 0; index < 22; index++) expect(hasIndex(ranges, index)).toBe(set.has(index));
        const order = [...Array(21).keys()].map((step) => (start + step) % 21);
        expect(firstMissing(ranges, 21, start)).toBe(order.find((index) => !set.has(index)) ?? null);
      }),
    );
  });
});
