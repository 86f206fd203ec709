import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { readNpz, writeNpz } from "../../../src/inputs/arrays";
import { fitFeeds } from "../../../src/inputs/feeds";
import { syntheticFeeds } from "../../../src/inputs/synthetic";

describe("npz", () => {
  it("comes back as it was written, the same bytes each time", () => {
    const data = Float32Array.from([1, 2.5, -3, 1e-20, Infinity, 0]);
    const arrays = new Map([["site_000", { data, dims: [1, 2, 3] }]]);
    const bytes = writeNpz(arrays);
    expect(readNpz(bytes, "x").get("site_000")).toEqual({ dtype: "float32", dims: [1, 2, 3], data });
    expect(writeNpz(arrays)).toEqual(bytes);
  });

  it("of a transposed array is read in row-major order", () => {
    // np.save of np.arange(6, dtype=np.float32).reshape(2, 3).T, whose memory stays 0 … 5.
    const header = "{'descr': '<f4', 'fortran_order': True, 'shape': (3, 2), }".padEnd(117) + "\n";
    const bytes = new Uint8Array(128 + 24);
    bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
    bytes.set(new TextEncoder().encode(header), 10);
    bytes.set(new Uint8Array(Float32Array.from([0, 1, 2, 3, 4, 5]).buffer), 128);
    const array = readNpz(zipSync({ "a.npy": bytes }), "x.npz").get("a");
    expect(array).toEqual({ dtype: "float32", dims: [3, 2], data: Float32Array.from([0, 3, 1, 4, 2, 5]) });
  });

  it("that is no archive says so", () => {
    expect(() => readNpz(new Uint8Array(100), "x.npz")).toThrow(
      expect.objectContaining({ code: "fileUnreadable", where: "x.npz" }) as Error,
    );
    expect(() => readNpz(zipSync({ "a.npy": new Uint8Array(5) }), "x.npz")).toThrow(
      expect.objectContaining({ code: "fileUnreadable" }) as Error,
    );
  });
});

describe("inputs", () => {
  const wants = [{ name: "ids", dtype: "int64", dims: ["batch", "time"] }];

  it("are converted where a person means it, and told", () => {
    const arrays = new Map([["ids", { dtype: "int32", dims: [1, 3], data: Int32Array.from([4, 5, 6]) }]]);
    const { feeds, notices } = fitFeeds(wants, arrays, "x.npz");
    expect(feeds.get("ids")).toEqual({
      dtype: "int64",
      dims: [1, 3],
      data: BigInt64Array.from([4n, 5n, 6n]),
    });
    expect(notices).toEqual(["ids was recorded as int32 and given as int64."]);
  });

  it("of the wrong kind, rank or symbol are refused by name", () => {
    const fit = (dtype: string, dims: number[], data: Float32Array) => () =>
      fitFeeds(wants, new Map([["ids", { dtype, dims, data }]]), "x.npz");
    expect(fit("float32", [1, 3], new Float32Array(3))).toThrow(/the type differs/);
    expect(fit("float32", [3], new Float32Array(3))).toThrow(/rank 1 instead of 2/);
    const two = [...wants, { name: "mask", dtype: "float32", dims: ["batch", "time"] }];
    const arrays = new Map([
      ["ids", { dtype: "int64", dims: [1, 3], data: new BigInt64Array(3) }],
      ["mask", { dtype: "float32", dims: [1, 4], data: new Float32Array(4) }],
    ]);
    expect(() => fitFeeds(two, arrays, "x.npz")).toThrow(/\(time\) is 4, but 3 in ids/);
    expect(() => fitFeeds(wants, new Map(), "x.npz", ["a", "b"], { ids: "nope" })).toThrow(
      /the file has: a, b\. There is no nope\./,
    );
    expect(() => fitFeeds(wants, new Map(), "x.npz")).toThrow(
      expect.objectContaining({ code: "inputMissing" }) as Error,
    );
  });
});

describe("made-up inputs", () => {
  it("follow names, types and symbols, the same each time", () => {
    const inputs = [
      { name: "input_ids", dtype: "int64", dims: ["batch", "sequence"] },
      { name: "attention_mask", dtype: "int64", dims: ["batch", "sequence"] },
      { name: "position_ids", dtype: "int64", dims: ["batch", "sequence"] },
      { name: "past_key_values.0.key", dtype: "float32", dims: ["batch", 4, "past_sequence", 8] },
      { name: "pixel_values", dtype: "float32", dims: ["batch", 3, "height", "width"] },
      { name: "tokens", dtype: "float32", dims: ["batch", "3*sequence - 1"] },
    ];
    const feeds = syntheticFeeds(inputs, { rows: new Map([["input_ids", 10]]) });
    expect(Object.fromEntries([...feeds].map(([name, { dims }]) => [name, dims]))).toEqual({
      input_ids: [1, 32],
      attention_mask: [1, 32],
      position_ids: [1, 32],
      "past_key_values.0.key": [1, 4, 0, 8],
      pixel_values: [1, 3, 224, 224],
      tokens: [1, 95],
    });
    const ids = [...(feeds.get("input_ids")!.data as BigInt64Array)].map(Number);
    expect(Math.max(...ids)).toBeLessThan(10);
    expect(new Set(ids).size).toBeGreaterThan(3);
    expect([...(feeds.get("attention_mask")!.data as BigInt64Array)].every((value) => value === 1n)).toBe(
      true,
    );
    expect(Number((feeds.get("position_ids")!.data as BigInt64Array)[31])).toBe(31);
    expect(syntheticFeeds(inputs, { rows: new Map([["input_ids", 10]]) })).toEqual(feeds);
  });
});
