import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Atom, regroup } from "../../../src/attention/axis-atoms";
import { type Layout, normalise } from "../../../src/attention/layout";

const factor = (role: "batch" | "head" | "query" | "key", size: number) => ({ role, size });

describe("the way to [batch, heads, queries, keys]", () => {
  it("leaves what is in order as it is", () => {
    const data = Float32Array.from({ length: 24 }, (_, index) => index);
    const layout: Layout = [
      [factor("batch", 1)],
      [factor("head", 2)],
      [factor("query", 3)],
      [factor("key", 4)],
    ];
    const result = normalise(data, [1, 2, 3, 4], layout);
    expect(result.data).toBe(data);
    expect(result.dims).toEqual({ batch: 1, heads: 2, queries: 3, keys: 4 });
  });

  it("takes heads out of the last axes, and merges grouped heads as h = kv·G + g", () => {
    // [batch 1, query 2, kv 2, group 3, key 2]
    const layout: Layout = [
      [],
      [factor("query", 2)],
      [factor("head", 2)],
      [factor("head", 3)],
      [factor("key", 2)],
    ];
    const data = Float32Array.from({ length: 24 }, (_, index) => index);
    const { data: out, dims } = normalise(data, [1, 2, 2, 3, 2], layout);
    expect(dims).toEqual({ batch: 1, heads: 6, queries: 2, keys: 2 });
    for (let query = 0; query < 2; query++)
      for (let kv = 0; kv < 2; kv++)
        for (let group = 0; group < 3; group++)
          for (let key = 0; key < 2; key++) {
            const head = kv * 3 + group;
            expect(out[(head * 2 + query) * 2 + key]).toBe(((query * 2 + kv) * 3 + group) * 2 + key);
          }
  });

  it("splits a merged batch and head axis whose batch only the run tells", () => {
    const layout: Layout = [
      [{ role: "batch", size: "batch" }, factor("head", 4)],
      [factor("query", 3)],
      [factor("key", 5)],
    ];
    const { dims } = normalise(new Float32Array(8 * 15), [8, 3, 5], layout);
    expect(dims).toEqual({ batch: 2, heads: 4, queries: 3, keys: 5 });
  });
});

describe("following factors through a reshape", () => {
  const atoms = (sizes: number[]): Atom[][] =>
    sizes.map((size) => (size === 1 ? [] : [{ size, origin: "position" as const }]));

  it("merges and splits in row-major order, and back again", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 }),
        fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
        (sizes, joins) => {
          const merged: number[] = [];
          sizes.forEach((size, index) => {
            if (index > 0 && joins[index]) merged.push(merged.pop()! * size);
            else merged.push(size);
          });
          const forward = regroup(atoms(sizes), merged);
          expect(forward).toBeDefined();
          const back = regroup(forward!, sizes);
          expect(back?.map((axis) => axis.reduce((all, atom) => all * (atom.size as number), 1))).toEqual(
            sizes,
          );
        },
      ),
    );
  });

  it("keeps symbols apart", () => {
    const axes: Atom[][] = [
      [{ size: "batch", origin: "position" }],
      [{ size: "time", origin: "position" }],
      [{ size: 12, origin: "feature" }],
    ];
    expect(regroup(axes, ["batch", "time", 4, 3])?.map((axis) => axis.map((atom) => atom.size))).toEqual([
      ["batch"],
      ["time"],
      [4],
      [3],
    ]);
    expect(regroup(axes, ["time", "batch", 12])).toBeUndefined();
  });
});
