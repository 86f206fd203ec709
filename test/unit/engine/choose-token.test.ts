/** The next token: the likeliest that may be written, or one drawn from what temperature, top-k and top-p leave. */
import { describe, expect, it } from "vitest";
import { chooseToken, type TokenRules } from "../../../src/engine/sequences/choose-token";
import { randomNumbers } from "../../../src/inputs/synthetic";

const logits = Float64Array.from([1, 3, 2.5, 0, -1]);
const greedy: TokenRules = {
  ...{ sample: false, temperature: 1, topK: null, topP: null },
  forced: new Map(),
  suppressed: new Set(),
  suppressedAt: { at: 4, ids: new Set() },
};
const choose = (rules: Partial<TokenRules>, before = 4) =>
  chooseToken(logits, before, { ...greedy, ...rules }, () => 0);

/** Shares of 20,000 draws. */
function shares(rules: Partial<TokenRules>): number[] {
  const random = randomNumbers(5);
  const counts = new Array<number>(logits.length).fill(0);
  for (let draw = 0; draw < 20_000; draw++)
    counts[chooseToken(logits, 4, { ...greedy, sample: true, ...rules }, random)]! += 1;
  return counts.map((count) => count / 20_000);
}

/** softmax(logits / temperature) over the kept ids. */
function expected(temperature: number, kept: readonly number[]): number[] {
  const weights = Array.from(logits, (logit, id) => (kept.includes(id) ? Math.exp(logit / temperature) : 0));
  const sum = weights.reduce((all, weight) => all + weight, 0);
  return weights.map((weight) => weight / sum);
}

describe("the next token", () => {
  it("is the likeliest that is not suppressed", () => {
    expect(choose({})).toBe(1);
    expect(choose({ suppressed: new Set([1, 99]) })).toBe(2);
    const first = { at: 4, ids: new Set([1]) };
    expect(choose({ suppressedAt: first })).toBe(2);
    expect(choose({ suppressedAt: first }, 5)).toBe(1);
  });

  it("is the one that is forced at its place, whatever the model says", () => {
    const forced = new Map([[4, 3]]);
    expect(choose({ forced, suppressed: new Set([3]) })).toBe(3);
    expect(choose({ forced }, 5)).toBe(1);
  });

  it.each<[string, Partial<TokenRules>, number[]]>([
    ["its probability", {}, expected(1, [0, 1, 2, 3, 4])],
    ["a temperature", { temperature: 0.5 }, expected(0.5, [0, 1, 2, 3, 4])],
    ["top-k", { topK: 2 }, expected(1, [1, 2])],
    // 1 and 2 hold 0.54 and 0.33: two thirds need both, a half the first alone.
    ["top-p", { topP: 0.66 }, expected(1, [1, 2])],
    ["a small top-p", { topP: 0.5 }, expected(1, [1])],
    ["top-p of what top-k leaves", { topK: 3, topP: 0.95 }, expected(1, [0, 1, 2])],
    ["what is not suppressed", { suppressed: new Set([1]), topK: 1 }, expected(1, [2])],
  ])("is drawn by %s", (_, rules, wanted) => {
    shares(rules).forEach((share, id) => {
      if (wanted[id] === 0) expect(share, `id ${id}`).toBe(0);
      else expect(share, `id ${id}`).toBeCloseTo(wanted[id]!, 1.7);
    });
  });
});
