import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { contextFigures } from "../../../src/shared/maps/context-figures";
import { root } from "../engine/harness";

type Case = { row: number[]; own: number | null } & Record<string, number>;
const cases = JSON.parse(
  readFileSync(path.join(root, "test/fixtures/context/context.json"), "utf8"),
) as Case[];

describe("the four figures of the last query", () => {
  it("equal NumPy's, with the query itself and masked keys left out", () => {
    for (const { row, own, ...wanted } of cases) {
      const figures = contextFigures(Float32Array.from(row), own)!;
      for (const [name, value] of Object.entries(wanted)) {
        const got = figures[name as keyof typeof figures] as number;
        expect(
          Math.abs(got - value) / Math.max(1, Math.abs(value)),
          `${name} of ${row.length} keys`,
        ).toBeLessThan(1e-9);
      }
    }
  });

  it("are none where no context is seen, or a weight is no number", () => {
    expect(contextFigures(Float32Array.from([1]), 0)).toBeNull();
    expect(contextFigures(Float32Array.from([-1, -1, 1]), 2)).toBeNull();
    expect(contextFigures(Float32Array.from([NaN, 0.5, 0.5]), 2)).toBeNull();
  });
});
