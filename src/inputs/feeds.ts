/** The arrays of a run, fitted to what the model wants: by name, type and shape, with a message where they do not fit. */
import { AttentionError } from "../shared/errors";
import type { TensorSignature } from "../shared/model";
import type { ArrayData, NamedArray } from "./arrays";
import { fromBfloat16, fromHalf, toBfloat16, toHalf } from "./half-precision";

export interface FeedResult {
  readonly feeds: ReadonlyMap<string, NamedArray>;
  /** Conversions that were made, in words. */
  readonly notices: readonly string[];
}

const shapeText = (dims: readonly (number | string | null)[]) =>
  `[${dims.map((dim) => dim ?? "?").join(", ")}]`;

/** Why an array cannot be given to an input, whatever the others are given: its type or its shape. Null where it can. */
export function whyUnfit(input: TensorSignature, array: NamedArray): string | null {
  const { dims } = input;
  if (dims && dims.length !== array.dims.length) return `rank ${array.dims.length} instead of ${dims.length}`;
  const axis =
    dims?.findIndex((dim, at) => typeof dim === "number" && dim >= 0 && dim !== array.dims[at]) ?? -1;
  if (axis >= 0) return `axis ${axis} is ${array.dims[axis]} instead of ${dims?.[axis]}`;
  return convert(array, input.dtype) ? null : "the type differs";
}

/**
 * @param where the file that the arrays came from
 * @param has names of all its arrays, for messages
 * @param asked names of arrays that a person gave to inputs, for messages
 */
export function fitFeeds(
  inputs: readonly TensorSignature[],
  arrays: ReadonlyMap<string, NamedArray>,
  where: string,
  has: readonly string[] = [...arrays.keys()],
  asked: Readonly<Record<string, string>> = {},
): FeedResult {
  const feeds = new Map<string, NamedArray>();
  const notices: string[] = [];
  const symbols = new Map<string, { size: number; input: string }>();
  for (const input of inputs) {
    const array = arrays.get(input.name);
    if (!array) {
      const meant = asked[input.name];
      const lacks = meant === undefined || has.includes(meant) ? "" : ` There is no ${meant}.`;
      throw new AttentionError(
        "inputMissing",
        `The input ${input.name} wants ${input.dtype} ${shapeText(input.dims ?? [])}; the file has: ${has.slice(0, 12).join(", ") || "nothing"}.${lacks}`,
        {
          where,
          fix: `If another array is meant, give it: --map ${input.name}=ARRAY, Map arrays… in the Input dialog, or inputs.arrays in the manifest.`,
        },
      );
    }
    const mismatch = (why: string) =>
      new AttentionError(
        "inputMismatch",
        `The input ${input.name} wants ${input.dtype} ${input.dims ? shapeText(input.dims) : "of any shape"}; the recording has ${array.dtype} ${shapeText(array.dims)}: ${why}.`,
        { where },
      );
    const why = whyUnfit(input, array);
    if (why !== null) throw mismatch(why);
    input.dims?.forEach((dim, axis) => {
      if (typeof dim !== "string") return;
      const size = array.dims[axis] as number;
      const before = symbols.get(dim);
      if (before && before.size !== size)
        throw mismatch(`axis ${axis} (${dim}) is ${size}, but ${before.size} in ${before.input}`);
      symbols.set(dim, { size, input: input.name });
    });
    const converted = convert(array, input.dtype) ?? array;
    if (converted !== array)
      notices.push(`${input.name} was recorded as ${array.dtype} and ${howGiven(array.dtype, input.dtype)}.`);
    feeds.set(input.name, converted);
  }
  return { feeds, notices };
}

function howGiven(from: string, to: string): string {
  if (to === "bfloat16" && from === "uint16") return "taken as the bits of bfloat16";
  const size = floatSizes[to];
  const isRounded = size !== undefined && (size < 4 || size < (floatSizes[from] ?? 0));
  return isRounded ? `rounded to ${to}` : `given as ${to}`;
}

const floatSizes: Readonly<Record<string, number>> = { float64: 8, float32: 4, float16: 2, bfloat16: 2 };

/** Values of an array of floating point numbers; those of two bytes are held as their bits. */
function floatsOf({ dtype, data }: NamedArray): ArrayLike<number> {
  if (dtype === "float16") return Float32Array.from(data as Uint16Array, fromHalf);
  if (dtype === "bfloat16") return Float32Array.from(data as Uint16Array, fromBfloat16);
  return data as Float32Array | Float64Array;
}

/**
 * The array as another type where that is what a person means: numbers of another precision, the
 * bits of bfloat16, which NumPy does not have, and integers of other widths. Undefined where it is not.
 */
export function convert(array: NamedArray, dtype: string): NamedArray | undefined {
  if (array.dtype === dtype) return array;
  const { data } = array;
  if (Array.isArray(data)) return undefined;
  const make = (to: ArrayData): NamedArray => ({ dtype, dims: array.dims, data: to });
  const numbers = () => Array.from(data as ArrayLike<number | bigint>, Number);
  const isInteger = /^u?int|^bool/.test(array.dtype);
  if (dtype === "bfloat16" && array.dtype === "uint16") return make(data);
  if (array.dtype in floatSizes) {
    if (dtype === "float32") return make(Float32Array.from(floatsOf(array)));
    if (dtype === "float64") return make(Float64Array.from(floatsOf(array)));
    if (dtype === "float16") return make(Uint16Array.from(floatsOf(array), toHalf));
    if (dtype === "bfloat16") return make(Uint16Array.from(floatsOf(array), toBfloat16));
  }
  if (dtype === "int64" && isInteger)
    return make(BigInt64Array.from(Array.from(data as ArrayLike<number | bigint>, BigInt)));
  if (dtype === "int32" && isInteger) {
    const values = numbers();
    return values.every((value) => Math.abs(value) < 2 ** 31) ? make(Int32Array.from(values)) : undefined;
  }
  if (dtype === "bool" && isInteger) {
    const values = numbers();
    return values.every((value) => value === 0 || value === 1) ? make(Uint8Array.from(values)) : undefined;
  }
  if ((dtype === "float32" || dtype === "float16") && isInteger) {
    const values = numbers();
    // Whole numbers up to there are exact in that precision.
    const exact = values.every((value) => Math.abs(value) <= (dtype === "float32" ? 2 ** 24 : 2 ** 11));
    return exact
      ? make(dtype === "float32" ? Float32Array.from(values) : Uint16Array.from(values, toHalf))
      : undefined;
  }
  return undefined;
}
