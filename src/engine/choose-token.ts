/** The next token of a text from the logits of a run: the likeliest, or one drawn with a seed. */
import type { GenerateChoice } from "../shared/input-choice";
import type { NamedArray } from "../inputs/arrays";
import { fromHalf } from "../inputs/half-precision";

/** Logits of the last token: [batch 1, tokens, vocabulary]. */
export function lastRow({ data, dims, dtype }: NamedArray): Float64Array {
  const size = dims.at(-1) ?? 0;
  const row = data.slice(data.length - size) as ArrayLike<number>;
  return Float64Array.from(row, (value) => (dtype === "float16" ? fromHalf(value) : Number(value)));
}

/** The likeliest token; or one drawn from softmax(logits / temperature). */
export function chooseToken(
  logits: Float64Array,
  { sample, temperature = 1 }: GenerateChoice,
  random: () => number,
): number {
  let best = 0;
  for (let id = 1; id < logits.length; id++)
    if ((logits[id] ?? -Infinity) > (logits[best] ?? -Infinity)) best = id;
  if (sample !== true) return best;
  const most = logits[best] ?? 0;
  const weights = logits.map((logit) => Math.exp((logit - most) / temperature));
  let left = random() * weights.reduce((all, weight) => all + weight, 0);
  for (let id = 0; id < weights.length; id++) {
    left -= weights[id] ?? 0;
    if (left < 0) return id;
  }
  return best;
}
