/**
 * Seed 001's four figures of one row: the last query's weights over its n context keys, the query itself left out. The
 * entropy is not renormalised over the context. Formulas: `docs/metrics.md`.
 */
import { MASKED } from "../page";

export interface ContextFigures {
  /** Mean of the weights. */
  readonly meanContextAttention: number;
  /** Population standard deviation of the weights. */
  readonly concentration: number;
  /** −Σ a ln a, in nats. */
  readonly entropyNats: number;
  /** The same over ln n; null for one key. */
  readonly normalisedEntropy: number | null;
  /** q = max(1, n // 4): mean of the last q over (mean of the first q + 1e-10). */
  readonly recentDistantRatio: number;
  /** The largest weight and its key. */
  readonly largest: number;
  readonly largestKey: number;
  /** Context keys. */
  readonly keys: number;
}

/**
 * @param row one query's weights, −1 where a key is masked
 * @param ownKey the query's own key in self-attention; null where queries are other tokens than keys
 * @returns null where no context key is visible, or a weight is no number
 */
export function contextFigures(row: Float32Array, ownKey: number | null): ContextFigures | null {
  const context: { key: number; weight: number }[] = [];
  row.forEach((weight, key) => {
    if (weight !== MASKED && key !== ownKey) context.push({ key, weight });
  });
  const n = context.length;
  if (n === 0 || context.some(({ weight }) => !Number.isFinite(weight))) return null;
  const mean = (part: typeof context) => part.reduce((all, { weight }) => all + weight, 0) / part.length;
  const average = mean(context);
  const squares = context.reduce((all, { weight }) => all + (weight - average) ** 2, 0);
  const entropy = -context.reduce((all, { weight: a }) => (a > 0 ? all + a * Math.log(a) : all), 0);
  const quarter = Math.max(1, Math.floor(n / 4));
  const largest = context.reduce((most, each) => (each.weight > most.weight ? each : most));
  return {
    meanContextAttention: average,
    concentration: Math.sqrt(squares / n),
    entropyNats: entropy,
    normalisedEntropy: n > 1 ? entropy / Math.log(n) : null,
    recentDistantRatio: mean(context.slice(-quarter)) / (mean(context.slice(0, quarter)) + 1e-10),
    largest: largest.weight,
    largestKey: largest.key,
    keys: n,
  };
}
