/** Figures as they are read: few digits, and never more than there is room for. */
import { expect, it } from "vitest";
import { ratio, upTo } from "../../../src/shared/format";

it.each([
  [0.0014, "≤ 0.001"],
  [0.00014, "≤ 1.4e−4"],
])("a scale that begins at %d is written %s", (p, written) => {
  expect(upTo(p)).toBe(written);
});

it.each([
  [0, "0.00 ×"],
  [0.004, "<0.01 ×"],
  [0.934, "0.93 ×"],
  [57.34, "57.3 ×"],
  [1204.4, "1204 ×"],
  [567_251.01, "5.7e5 ×"],
  [Infinity, "∞ ×"],
  [NaN, "NaN"],
])("%d times as large is written %s", (times, written) => {
  expect(ratio(times)).toBe(written);
});
