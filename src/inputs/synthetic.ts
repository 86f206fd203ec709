/**
 * Inputs made up by name, type and shape, so that any model opens (`decisions.md` 15): seed 0, batch 1, free sequences
 * of 32, ids below the embedding table's rows, masks of ones, positions 0 … T − 1, empty past. Always called synthetic.
 */
import { AttentionError } from "../shared/errors";
import type { Dim, TensorSignature } from "../shared/model";
import type { ArrayData, NamedArray } from "./arrays";
import { toBfloat16, toHalf } from "./half-precision";

const SEQUENCE = 32;
const IMAGE_SIDE = 224;

export interface SyntheticHints {
  /** Rows of the embedding table that an integer input indexes. */
  readonly rows: ReadonlyMap<string, number>;
  /** Sizes of symbolic dimensions that are known, or were asked for. */
  readonly sizes?: ReadonlyMap<string, number>;
  /** Seed of the random numbers; 0 when left out. */
  readonly seed?: number;
}

/** Mulberry32: a small seeded generator with 32 bits of state. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export function syntheticFeeds(
  inputs: readonly TensorSignature[],
  hints: SyntheticHints,
): Map<string, NamedArray> {
  const random = randomNumbers(hints.seed ?? 0);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const sizes = symbolSizes(inputs, hints.sizes);
  return new Map(inputs.map((input) => [input.name, synthesise(input, sizes, hints, random, normal)]));
}

/** The shapes that made-up inputs would have. */
export function syntheticDims(
  inputs: readonly TensorSignature[],
  known?: ReadonlyMap<string, number>,
): Map<string, number[]> {
  const sizes = symbolSizes(inputs, known);
  return new Map(
    inputs.map((input) => [
      input.name,
      (input.dims ?? [1]).map((dim, axis) => resolveDim(dim, axis, input, sizes)),
    ]),
  );
}

/** A size for every symbol of the inputs. */
export function symbolSizes(
  inputs: readonly TensorSignature[],
  known: ReadonlyMap<string, number> = new Map(),
): Map<string, number> {
  const sizes = new Map(known);
  for (const input of inputs) {
    input.dims?.forEach((dim, axis) => {
      if (typeof dim !== "string" || sizes.has(dim) || !/^\w+$/.test(dim)) return;
      sizes.set(dim, sizeOf(dim, axis, input));
    });
  }
  return sizes;
}

function sizeOf(symbol: string, axis: number, input: TensorSignature): number {
  const name = symbol.toLowerCase();
  if (/past|cache/.test(name) && !/total|\+/.test(name)) return 0;
  if (/batch|^b$|^n$/.test(name) || (axis === 0 && !/seq|len|time|^t$/.test(name))) return 1;
  if (/channel/.test(name)) return 3;
  if (/height|width|^h$|^w$/.test(name) && (input.dims?.length ?? 0) >= 4) return IMAGE_SIDE;
  return SEQUENCE;
}

/** A dimension's size: symbols by table, sums and products of symbols (`3*t - 1`) by arithmetic. */
function resolveDim(
  dim: Dim,
  axis: number,
  input: TensorSignature,
  sizes: ReadonlyMap<string, number>,
): number {
  if (typeof dim === "number" && dim >= 0) return dim;
  if (typeof dim === "string") {
    const known = sizes.get(dim) ?? arithmetic(dim, sizes);
    return known ?? sizeOf(dim, axis, input);
  }
  const rank = input.dims?.length ?? 0;
  if (axis === 0) return 1;
  if (rank === 4 && /float/.test(input.dtype)) return axis === 1 ? 3 : IMAGE_SIDE;
  return SEQUENCE;
}

/** Value of `a*b + c - d` over known symbols; undefined for anything else. */
function arithmetic(text: string, sizes: ReadonlyMap<string, number>): number | undefined {
  let total = 0;
  for (const [, sign, term] of text.replace(/\s/g, "").matchAll(/([+-]?)([^+-]+)/g)) {
    const factors = (term ?? "")
      .split("*")
      .map((factor) => (/^\d+$/.test(factor) ? Number(factor) : sizes.get(factor)));
    if (factors.some((factor) => factor === undefined)) return undefined;
    total += (sign === "-" ? -1 : 1) * factors.reduce<number>((all, factor) => all * (factor as number), 1);
  }
  return total;
}

function synthesise(
  input: TensorSignature,
  sizes: ReadonlyMap<string, number>,
  hints: SyntheticHints,
  random: () => number,
  normal: () => number,
): NamedArray {
  const name = input.name.toLowerCase();
  const dims = (input.dims ?? [1]).map((dim, axis) => resolveDim(dim, axis, input, sizes));
  const count = dims.reduce((all, dim) => all * dim, 1);
  if (count > 2 ** 28) {
    throw new AttentionError(
      "memory",
      `The input ${input.name} would hold ${count.toLocaleString("en-US")} values.`,
      {
        fix: "Give an input of your own with --inputs or a manifest.",
      },
    );
  }
  const last = dims[dims.length - 1] ?? 1;
  const isMask = /mask/.test(name);
  const isPosition = /position|timestep|time_step/.test(name);
  const isSegment = /token_type|segment/.test(name);
  const rows = hints.rows.get(input.name);
  const integer = (index: number) => {
    if (isMask) return 1;
    if (isPosition) return Math.min(index % last, (rows ?? Infinity) - 1);
    if (isSegment) return 0;
    return rows === undefined ? 0 : Math.floor(random() * rows);
  };
  const fill = (value: (index: number) => number) =>
    Array.from({ length: count }, (_, index) => value(index));
  const float = () => fill((index) => (isMask ? 1 : isPosition ? index % last : normal()));
  const data = ((): ArrayData => {
    switch (input.dtype) {
      case "float32":
        return Float32Array.from(float());
      case "float64":
        return Float64Array.from(float());
      case "float16":
        return Uint16Array.from(float(), toHalf);
      case "bfloat16":
        return Uint16Array.from(float(), toBfloat16);
      case "int64":
        return BigInt64Array.from(fill(integer), BigInt);
      case "uint64":
        return BigUint64Array.from(fill(integer), BigInt);
      case "int32":
        return Int32Array.from(fill(integer));
      case "int16":
        return Int16Array.from(fill(integer));
      case "int8":
        return Int8Array.from(fill(integer));
      case "uint8":
        return Uint8Array.from(fill(integer));
      case "uint16":
        return Uint16Array.from(fill(integer));
      case "uint32":
        return Uint32Array.from(fill(integer));
      case "bool":
        return Uint8Array.from(fill(() => (/cache_branch|past/.test(name) ? 0 : 1)));
      case "string":
        return fill(() => 0).map(() => "");
      default:
        throw new AttentionError("inputMissing", `An input of type ${input.dtype} cannot be made up.`, {
          where: input.name,
        });
    }
  })();
  return { dtype: input.dtype, dims, data };
}
