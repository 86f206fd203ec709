import fc from "fast-check";
import { expect, test } from "vitest";
import { WeightSorter } from "../../../src/shared/maps/sort-weights";

const ascending = (values: Float32Array) => Float32Array.from(values).sort();

test("rows of any length come out in ascending order, negative numbers and zeros included", () => {
  fc.assert(
    fc.property(
      fc.float32Array({ minLength: 0, maxLength: 700, noNaN: true }),
      fc.boolean(),
      (values, negative) => {
        const row = negative ? values : values.map(Math.abs);
        const sorter = new WeightSorter(row.length);
        sorter.weights.set(row);
        expect([...sorter.sorted(row.length)].map((value) => value + 0)).toEqual(
          [...ascending(row)].map((value) => value + 0),
        );
      },
    ),
  );
});

test("a row does not disturb the next", () => {
  const sorter = new WeightSorter(500);
  for (let row = 0; row < 3; row++) {
    const values = Float32Array.from({ length: 500 - row * 100 }, (_, at) => ((at * 7919 + row) % 499) / 499);
    sorter.weights.set(values);
    expect(sorter.sorted(values.length)).toEqual(ascending(values));
  }
});
