/**
 * Attention by its definition in float64, from what the operators were given: softmax(f(Q · Kᵀ / √d) + mask).
 * Nothing of the product is used here; the operators' specifications are those of ONNX and ONNX Runtime
 * (https://onnx.ai/onnx/operators/onnx__Attention.html, ContribOperators.md).
 */

export interface Scores {
  readonly heads: number;
  /** Heads of the keys: each serves `heads / keyHeads` heads. */
  readonly keyHeads: number;
  readonly queries: number;
  readonly keys: number;
  /** Width of a head. */
  readonly size: number;
  /** [queries, heads · size], row-major. */
  readonly query: Float64Array;
  /** [keys, keyHeads · size], row-major. */
  readonly key: Float64Array;
  /** What is added to a score; −Infinity hides the key. */
  readonly added?: (head: number, query: number, key: number) => number;
  /** Scores are bounded to ± this, before anything is added. */
  readonly softcap?: number;
}

/** [heads][queries · keys] */
export function probabilities(scores: Scores): Float64Array[] {
  return Array.from({ length: scores.heads }, (_, head) => headMap(scores, head));
}

function headMap(scores: Scores, head: number): Float64Array {
  const { heads, keyHeads, queries, keys, size, added = () => 0, softcap } = scores;
  const keyHead = Math.floor(head / (heads / keyHeads));
  const map = new Float64Array(queries * keys);
  for (let query = 0; query < queries; query++) {
    const row = map.subarray(query * keys, (query + 1) * keys);
    for (let key = 0; key < keys; key++) {
      let product = 0;
      for (let at = 0; at < size; at++)
        product +=
          scores.query[(query * heads + head) * size + at]! *
          scores.key[(key * keyHeads + keyHead) * size + at]!;
      const scaled = product / Math.sqrt(size);
      row[key] = (softcap ? softcap * Math.tanh(scaled / softcap) : scaled) + added(head, query, key);
    }
    const most = row.reduce((largest, score) => Math.max(largest, score), -Infinity);
    let sum = 0;
    for (let key = 0; key < keys; key++) sum += row[key] = Math.exp(row[key]! - most);
    for (let key = 0; key < keys; key++) row[key]! /= sum;
  }
  return map;
}

/** inputs [rows, inner] × weights [inner, width], its columns from `start` on, plus the bias: [rows, columns]. */
export function projected(
  inputs: Float32Array,
  weights: Float32Array,
  bias: Float32Array,
  { inner, width, start, columns }: { inner: number; width: number; start: number; columns: number },
): Float64Array {
  const rows = inputs.length / inner;
  const result = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = bias[start + column]!;
      for (let at = 0; at < inner; at++)
        sum += inputs[row * inner + at]! * weights[at * width + start + column]!;
      result[row * columns + column] = sum;
    }
  }
  return result;
}

/** Rows plus a part of a bias. */
export function biased(
  inputs: Float32Array,
  bias: Float32Array,
  start: number,
  columns: number,
): Float64Array {
  return Float64Array.from(inputs, (value, at) => value + bias[start + (at % columns)]!);
}
