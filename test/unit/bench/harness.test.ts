import fc from "fast-check";
import { beforeAll, describe, expect, it, vi } from "vitest";

interface Spread {
  median: number;
  min: number;
  max: number;
  all: readonly number[];
}
interface Result {
  id: string;
  title: string;
  value: number;
  bar: number;
  unit: string;
  hard: boolean;
  spread: Spread;
  note: string;
}
/** What is tested of `bench/harness.ts`, which belongs to another project of TypeScript. */
interface Harness {
  spreadOf(values: readonly number[]): Spread;
  ratiosOf(pairs: readonly { a: number; b: number }[]): Spread;
  inTurn<T>(
    pairs: number,
    a: () => Promise<T>,
    b: () => Promise<T>,
    first?: number,
  ): Promise<{ a: T; b: T }[]>;
  isValid(control: Spread): boolean;
  verdictOf(result: Result, control: Spread): "pass" | "fail" | "void";
  exitCodeOf(results: readonly Result[], control: Spread): 0 | 1 | 2;
}

let harness: Harness;
beforeAll(async () => {
  harness = await vi.importActual<Harness>("../../../bench/harness");
});

describe("spread", () => {
  it("of an odd and an even number of values", () => {
    expect(harness.spreadOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3, all: [3, 1, 2] });
    expect(harness.spreadOf([4, 1, 10, 2]).median).toBe(3);
  });

  it("orders numbers as numbers and keeps every value in the order of measurement", () => {
    expect(harness.spreadOf([100, 9, 20])).toEqual({ median: 20, min: 9, max: 100, all: [100, 9, 20] });
  });

  it("has as many values below its median as above", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 }), (values) => {
        const { median, min, max } = harness.spreadOf(values);
        const below = values.filter((value) => value < median).length;
        const above = values.filter((value) => value > median).length;
        expect(below).toBeLessThanOrEqual(values.length / 2);
        expect(above).toBeLessThanOrEqual(values.length / 2);
        expect(min).toBeLessThanOrEqual(median);
        expect(max).toBeGreaterThanOrEqual(median);
      }),
    );
  });

  it("of nothing, or of what is not a number, is refused", () => {
    expect(() => harness.spreadOf([])).toThrow(RangeError);
    expect(() => harness.spreadOf([1, NaN])).toThrow(RangeError);
    expect(() => harness.ratiosOf([{ a: 0, b: 0 }])).toThrow(RangeError);
  });

  it("of pairs is the spread of their ratios, not the ratio of their medians", () => {
    const pairs = [
      { a: 1, b: 1 },
      { a: 4, b: 2 },
      { a: 10, b: 1 },
    ];
    expect(harness.ratiosOf(pairs)).toEqual({ median: 2, min: 1, max: 10, all: [1, 2, 10] });
  });
});

describe("order", () => {
  const record = async (pairs: number, first?: number) => {
    const order: string[] = [];
    const measure = (name: string) => () => Promise.resolve(order.push(name));
    await harness.inTurn(pairs, measure("A"), measure("B"), first);
    return order.join(" ");
  };

  it("is A B B A A B …", async () => {
    expect(await record(3)).toBe("A B B A A B");
  });

  it("goes on where an earlier part ended", async () => {
    expect(await record(2, 1)).toBe("B A A B");
  });

  it("takes a drift of the machine out of the median", async () => {
    // Every measurement takes 10 % longer than the one before: A and B are the same thing.
    let ms = 1;
    const measure = () => Promise.resolve((ms *= 1.1));
    const { median } = harness.ratiosOf(await harness.inTurn(10, measure, measure));
    expect(median).toBeCloseTo(1, 1);
  });
});

describe("verdict", () => {
  const control = (median: number) => ({ median, min: median, max: median, all: [median] });
  const result = (value: number, hard: boolean): Result => ({
    ...{ id: "P0", title: "", value, bar: 1, unit: "ratio", hard, note: "" },
    spread: control(value),
  });

  it("a bar holds up to and at its value", () => {
    expect(harness.verdictOf(result(1, false), control(1))).toBe("pass");
    expect(harness.verdictOf(result(1.001, false), control(1))).toBe("fail");
  });

  it("the control's median decides whether times count, bytes always do", () => {
    for (const [median, valid] of [
      [0.89, false],
      [0.9, true],
      [1.1, true],
      [1.11, false],
    ] as const) {
      expect(harness.isValid(control(median))).toBe(valid);
      expect(harness.verdictOf(result(2, false), control(median))).toBe(valid ? "fail" : "void");
      expect(harness.verdictOf(result(2, true), control(median))).toBe("fail");
    }
  });

  it("exit codes: 0 all hold, 1 a bar fails, 2 void", () => {
    const [good, bad, badBytes] = [result(0.5, false), result(2, false), result(2, true)];
    expect(harness.exitCodeOf([good], control(1))).toBe(0);
    expect(harness.exitCodeOf([good, bad], control(1))).toBe(1);
    expect(harness.exitCodeOf([good, bad], control(1.5))).toBe(2);
    expect(harness.exitCodeOf([good, badBytes], control(1.5))).toBe(1);
  });
});
