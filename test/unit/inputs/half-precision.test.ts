// Numbers of two bytes against values that IEEE 754 and NumPy (float16, ml_dtypes.bfloat16) give.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitFeeds } from "../../../src/inputs/feeds";
import { fromBfloat16, fromHalf, toBfloat16, toHalf } from "../../../src/inputs/half-precision";

describe("binary16", () => {
  it.each([
    [0, 0x0000],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [0.1, 0x2e66],
    [65504, 0x7bff],
    [65519.99, 0x7bff],
    [65520, 0x7c00],
    [-Infinity, 0xfc00],
    [2 ** -14, 0x0400],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000],
    [1.5 * 2 ** -24, 0x0002],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [1023.75 * 2 ** -24, 0x0400],
  ])("of %f is %i", (value, bits) => {
    expect(toHalf(value)).toBe(bits);
  });

  it("comes back from every bit pattern", () => {
    for (let bits = 0; bits < 2 ** 16; bits++) {
      const value = fromHalf(bits);
      if (Number.isNaN(value)) expect(Number.isNaN(fromHalf(toHalf(value)))).toBe(true);
      else expect(toHalf(value)).toBe(bits);
    }
  });
});

describe("bfloat16", () => {
  it.each([
    [0, 0x0000],
    [1, 0x3f80],
    [-2, 0xc000],
    [0.1, 0x3dcd],
    [1 + 2 ** -8, 0x3f80],
    [1 + 3 * 2 ** -8, 0x3f82],
    [3.4e38, 0x7f80],
    [Infinity, 0x7f80],
  ])("of %f is %i", (value, bits) => {
    expect(toBfloat16(value)).toBe(bits);
  });

  it("comes back from every bit pattern", () => {
    for (let bits = 0; bits < 2 ** 16; bits++) {
      const value = fromBfloat16(bits);
      if (Number.isNaN(value)) expect(Number.isNaN(fromBfloat16(toBfloat16(value)))).toBe(true);
      else expect(toBfloat16(value)).toBe(bits);
    }
  });

  it("is the nearest of its neighbours", () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, min: 2 ** -100, max: 2 ** 100 }), (value) => {
        const bits = toBfloat16(value);
        const distance = (other: number) => Math.abs(fromBfloat16(other) - value);
        expect(distance(bits)).toBeLessThanOrEqual(Math.min(distance(bits + 1), distance(bits - 1)));
      }),
    );
  });
});

describe("an array for an input of two bytes", () => {
  const fitted = (
    dtype: string,
    array: { dtype: string; data: Float32Array | Float64Array | Uint16Array },
  ) => {
    const { feeds, notices } = fitFeeds(
      [{ name: "x", dtype, dims: [array.data.length] }],
      new Map([["x", { ...array, dims: [array.data.length] }]]),
      "input.npz",
    );
    return { values: [...(feeds.get("x")?.data as Uint16Array)], notices };
  };

  it("is rounded, and a notice says so", () => {
    expect(fitted("bfloat16", { dtype: "float32", data: Float32Array.of(1, 0.1) })).toEqual({
      values: [0x3f80, 0x3dcd],
      notices: ["x was recorded as float32 and rounded to bfloat16."],
    });
    expect(fitted("float16", { dtype: "float64", data: Float64Array.of(1, 0.1) })).toEqual({
      values: [0x3c00, 0x2e66],
      notices: ["x was recorded as float64 and rounded to float16."],
    });
  });

  it("of 16-bit integers holds the bits of bfloat16", () => {
    expect(fitted("bfloat16", { dtype: "uint16", data: Uint16Array.of(0x3f80) })).toEqual({
      values: [0x3f80],
      notices: ["x was recorded as uint16 and taken as the bits of bfloat16."],
    });
  });

  it("of two bytes is given to a wider input as it is", () => {
    expect(fitted("float32", { dtype: "bfloat16", data: Uint16Array.of(0x3f80) })).toEqual({
      values: [1],
      notices: ["x was recorded as bfloat16 and given as float32."],
    });
  });
});
