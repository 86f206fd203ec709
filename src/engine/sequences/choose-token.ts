/** The next token of a text from the logits of a run: the likeliest, or one drawn with a seed. */
import type { NamedArray } from "../../inputs/arrays";
import { fromHalf } from "../../inputs/half-precision";

export interface TokenRules {
  /** Draw from the probabilities instead of taking the likeliest. */
  readonly sample: boolean;
  /** Divides the logits before they are drawn from. */
  readonly temperature: number;
  /** Draw among so many of the likeliest; null for all. */
  readonly topK: number | null;
  /** Draw among the fewest of the likeliest that hold this much of the probability; null for all. */
  readonly topP: number | null;
  /** Tokens that are written whatever the model says, by how many stand before them. */
  readonly forced: ReadonlyMap<number, number>;
  /** Tokens that are never written. */
  readonly suppressed: ReadonlySet<number>;
  /** Tokens that are not written at one place, by how many stand before it. */
  readonly suppressedAt: { readonly at: number; readonly ids: ReadonlySet<number> };
}

/** Logits of the last token: [batch 1, tokens, vocabulary]. */
export function lastRow({ data, dims, dtype }: NamedArray): Float64Array {
  const size = dims.at(-1) ?? 0;
  const row = data.slice(data.length - size) as ArrayLike<number>;
  return Float64Array.from(row, (value) => (dtype === "float16" ? fromHalf(value) : Number(value)));
}

/**
 * The token that follows `before` others: the one that is forced there, else the likeliest, or one drawn from
 * softmax(logits / temperature) over those that top-k and then top-p leave.
 */
export function chooseToken(
  logits: Float64Array,
  before: number,
  rules: TokenRules,
  random: () => number,
): number {
  const forced = rules.forced.get(before);
  if (forced !== undefined) return forced;
  const allowed = logits.slice();
  for (const id of rules.suppressed) if (id < allowed.length) allowed[id] = -Infinity;
  if (before === rules.suppressedAt.at)
    for (const id of rules.suppressedAt.ids) if (id < allowed.length) allowed[id] = -Infinity;
  return rules.sample ? drawn(allowed, rules, random) : likeliest(allowed);
}

function likeliest(logits: Float64Array): number {
  let best = 0;
  for (let id = 1; id < logits.length; id++)
    if ((logits[id] ?? -Infinity) > (logits[best] ?? -Infinity)) best = id;
  return best;
}

function drawn(logits: Float64Array, { temperature, topK, topP }: TokenRules, random: () => number): number {
  const best = likeliest(logits);
  const most = logits[best] ?? 0;
  const weights = logits.map((logit) => Math.exp((logit - most) / temperature));
  if (topK !== null || topP !== null) keepLikeliest(weights, topK, topP);
  let left = random() * weights.reduce((all, weight) => all + weight, 0);
  for (let id = 0; id < weights.length; id++) {
    left -= weights[id] ?? 0;
    if (left < 0) return id;
  }
  return best;
}

/** Sets the weights to 0 that neither top-k nor, of what it leaves, top-p keeps. One is always left. */
function keepLikeliest(weights: Float64Array, topK: number | null, topP: number | null): void {
  const order = Uint32Array.from(weights, (_, id) => id).sort(
    (one, other) => (weights[other] ?? 0) - (weights[one] ?? 0),
  );
  const listed = order.subarray(0, Math.max(1, Math.floor(topK ?? order.length)));
  const total = listed.reduce((all, id) => all + (weights[id] ?? 0), 0);
  let kept = 0;
  let held = 0;
  while (kept < listed.length && (kept === 0 || topP === null || held < topP * total))
    held += weights[listed[kept++] ?? 0] ?? 0;
  for (const id of order.subarray(kept)) weights[id] = 0;
}
