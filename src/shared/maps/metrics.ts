/**
 * The figures of one head map. Formulas and sources: `docs/metrics.md`. All sums are accumulated in float64, natural
 * logarithms, rows are not renormalised.
 *
 * nᵢ is the number of valid keys of row i. Rows with nᵢ = 0 are masked: they enter no mean and are counted. Rows with
 * nᵢ = 1 enter no normalised entropy and are counted. Rows that hold NaN or infinity are flagged and enter no mean.
 * The context of a row is its valid keys; in self-attention without the query itself.
 */
import type { HeadFigures } from "../figures";
import type { HeadMap } from "./head-map";
import { WeightSorter } from "./sort-weights";

/** A row whose valid cells do not sum to 1 within this is flagged. */
export const ROW_SUM_TOLERANCE = 1e-3;
const SPARSITY_SHARE = 0.9;

export interface HeadMetrics {
  readonly figures: HeadFigures;
  /** Per query; NaN where a row has none. */
  readonly entropyNats: Float32Array;
  readonly normalisedEntropy: Float32Array;
  readonly rowSum: Float32Array;
  readonly validKeys: Uint32Array;
  /** Per key: mean over the queries that may see it; NaN where none may. */
  readonly received: Float32Array;
}

/** Running mean that says when it has seen nothing. */
class Mean {
  #sum = 0;
  #count = 0;
  add(value: number): void {
    this.#sum += value;
    this.#count += 1;
  }
  get value(): number | null {
    return this.#count === 0 ? null : this.#sum / this.#count;
  }
}

/**
 * @param ownKey key that is query 0's own token, in self-attention: 0, or the number of past keys before it; null where
 *   queries and keys are other tokens. Distances need it, and a query is not its own context.
 * @param sinkKey the key whose mass is the sink's (`decisions.md` 11)
 */
export function headMetrics(map: HeadMap, ownKey: number | null, sinkKey = 0): HeadMetrics {
  const { queries, keys, cells, valid } = map;
  // Figures named after rows: means over the rows that have them.
  const mean = {
    entropy: new Mean(),
    normalised: new Mean(),
    confidence: new Mean(),
    concentration: new Mean(),
    context: new Mean(),
    contextShare: new Mean(),
    sink: new Mean(),
    distance: new Mean(),
    sparsity: new Mean(),
    gini: new Mean(),
  };
  const entropyNats = new Float32Array(queries).fill(NaN);
  const normalisedEntropy = new Float32Array(queries).fill(NaN);
  const rowSum = new Float32Array(queries);
  const validKeys = new Uint32Array(queries);
  const receivedSum = new Float64Array(keys);
  const receivedCount = new Uint32Array(keys);
  const sorter = new WeightSorter(keys);
  const { weights } = sorter;
  const context = new Float64Array(keys);
  const normalisedRows: number[] = [];
  let rowsMasked = 0;
  let rowsSingleKey = 0;
  let rowsFlagged = 0;
  let rowSumMin = Infinity;
  let rowSumMax = -Infinity;
  let lastRatio: number | null = null;

  for (let query = 0; query < queries; query++) {
    const start = query * keys;
    let n = 0;
    let contextKeys = 0;
    let sum = 0;
    let contextSum = 0;
    let distance = 0;
    let entropy = 0;
    let maximum = -Infinity;
    let finite = true;
    for (let key = 0; key < keys; key++) {
      const weight = cells[start + key] as number;
      // NaN is flagged wherever it stands: a mask does not make it a number.
      if (!Number.isFinite(weight)) finite = false;
      if (!valid[start + key]) continue;
      weights[n++] = weight;
      sum += weight;
      if (weight > 0) entropy -= weight * Math.log(weight);
      if (weight > maximum) maximum = weight;
      if (ownKey !== null) distance += weight * Math.abs(query + ownKey - key);
      if (ownKey === null || key !== query + ownKey) {
        context[contextKeys++] = weight;
        contextSum += weight;
      }
    }
    validKeys[query] = n;
    rowSum[query] = sum;
    if (n === 0 && finite) {
      rowsMasked += 1;
      continue;
    }
    if (!finite) {
      rowsFlagged += 1;
      rowSum[query] = NaN;
      continue;
    }
    if (Math.abs(sum - 1) > ROW_SUM_TOLERANCE) rowsFlagged += 1;
    rowSumMin = Math.min(rowSumMin, sum);
    rowSumMax = Math.max(rowSumMax, sum);
    for (let key = 0; key < keys; key++) {
      if (!valid[start + key]) continue;
      receivedSum[key] = (receivedSum[key] as number) + (cells[start + key] as number);
      receivedCount[key] = (receivedCount[key] as number) + 1;
    }
    entropyNats[query] = entropy;
    mean.entropy.add(entropy);
    mean.confidence.add(maximum);
    if (n === 1) rowsSingleKey += 1;
    else {
      const normalised = entropy / Math.log(n);
      normalisedEntropy[query] = normalised;
      normalisedRows.push(normalised);
      mean.normalised.add(normalised);
    }
    if (sinkKey < keys && valid[start + sinkKey]) mean.sink.add(cells[start + sinkKey] as number);
    if (ownKey !== null && sum > 0) mean.distance.add(distance / sum);
    const sorted = sorter.sorted(n);
    mean.sparsity.add(sparsity(sorted, sum));
    if (sum > 0) mean.gini.add(gini(sorted, sum));
    lastRatio = null;
    if (contextKeys > 0) {
      const average = contextSum / contextKeys;
      let squares = 0;
      for (let key = 0; key < contextKeys; key++) squares += ((context[key] as number) - average) ** 2;
      mean.concentration.add(Math.sqrt(squares / contextKeys));
      mean.context.add(average);
      mean.contextShare.add(contextSum);
      lastRatio = recentDistantRatio(context.subarray(0, contextKeys));
    }
  }

  const received = Float32Array.from(receivedSum, (sum, key) =>
    receivedCount[key] ? sum / (receivedCount[key] as number) : NaN,
  );
  const receivedMaximum = receivedSum.reduce(
    (most, sum, key) => (receivedCount[key] ? Math.max(most, sum / (receivedCount[key] as number)) : most),
    -Infinity,
  );
  normalisedRows.sort((a, b) => a - b);
  const known = rowSumMin <= rowSumMax;
  return {
    figures: {
      entropyNats: mean.entropy.value,
      normalisedEntropy: mean.normalised.value,
      confidence: mean.confidence.value,
      concentration: mean.concentration.value,
      meanContextAttention: mean.context.value,
      contextShare: mean.contextShare.value,
      recentDistantRatio: lastRatio,
      sinkMass: mean.sink.value,
      distanceTokens: mean.distance.value,
      receivedMaximum: receivedMaximum === -Infinity ? null : receivedMaximum,
      sparsity90: mean.sparsity.value,
      gini: mean.gini.value,
      rowsMasked,
      rowsSingleKey,
      rowsFlagged,
      rowSumMin: known ? rowSumMin : null,
      rowSumMax: known ? rowSumMax : null,
      normalisedEntropyP10: quantile(normalisedRows, 0.1),
      normalisedEntropyP90: quantile(normalisedRows, 0.9),
    },
    entropyNats,
    normalisedEntropy,
    rowSum,
    validKeys,
    received,
  };
}

/** Smallest k whose k largest weights hold 90 % of the row, over n (H2O, 2306.14048). `sorted` ascends. */
function sparsity(sorted: Float32Array, sum: number): number {
  const target = SPARSITY_SHARE * sum - 1e-12;
  let held = 0;
  for (let k = 1; k <= sorted.length; k++) {
    held += sorted[sorted.length - k] as number;
    if (held >= target) return k / sorted.length;
  }
  return 1;
}

/** Σₖ (2k − n − 1) x₍ₖ₎ / (n Σ x), ascending (Hurley & Rickard, 0811.4706). */
function gini(sorted: Float32Array, sum: number): number {
  const n = sorted.length;
  let total = 0;
  for (let k = 1; k <= n; k++) total += (2 * k - n - 1) * (sorted[k - 1] as number);
  return total / (n * sum);
}

/** q = max(1, n // 4): mean of the last q context keys / (mean of the first q + 1e-10) (seed 001). */
function recentDistantRatio(context: Float64Array): number {
  const q = Math.max(1, Math.floor(context.length / 4));
  let recent = 0;
  let distant = 0;
  for (let at = 0; at < q; at++) {
    recent += context[context.length - 1 - at] as number;
    distant += context[at] as number;
  }
  return recent / q / (distant / q + 1e-10);
}

/** Linear interpolation between order statistics; null for no values. */
export function quantile(sorted: ArrayLike<number>, q: number): number | null {
  if (sorted.length === 0) return null;
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)] as number;
  const high = sorted[Math.ceil(at)] as number;
  return low + (high - low) * (at - Math.floor(at));
}
