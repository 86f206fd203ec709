/** An input that the manifest writes out, or has made up: `value`, `fill`. */
import { AttentionError } from "../shared/errors";
import type { TensorSignature } from "../shared/model";
import type { NamedArray } from "./arrays";
import { convert } from "./feeds";
import { arrayOf } from "./files/json-arrays";
import { countOf } from "./files/lazy-arrays";
import type { ManifestInputSource } from "./manifest/inputs-schema";
import { randomNumbers } from "./synthetic";

type Constant = Extract<ManifestInputSource, { value: unknown } | { fill: unknown }>;

/** The array of an input, in the input's type where its values allow that. Dimensions that are left open are 1. */
export function constantArray(input: TensorSignature, source: Constant): NamedArray {
  const array = written(input, source);
  return convert(array, input.dtype) ?? array;
}

function written(input: TensorSignature, source: Constant): NamedArray {
  const open = (input.dims ?? []).map((dim) => (typeof dim === "number" && dim >= 0 ? dim : 1));
  if ("value" in source) {
    const { value } = source;
    if (Array.isArray(value)) return arrayOf(value, `inputs.arrays.${input.name}`);
    const data = Float64Array.from({ length: countOf(open) }, () => Number(value));
    return whole(data)
      ? { dtype: "int64", dims: open, data: BigInt64Array.from(data, BigInt) }
      : { dtype: "float64", dims: open, data };
  }
  const dims = source.shape ?? open;
  const count = countOf(dims);
  if (count > 2 ** 28)
    throw new AttentionError("inputTooLarge", `The input ${input.name} would hold ${count} values.`);
  const random = randomNumbers(source.seed ?? 0);
  const last = dims.at(-1) ?? 1;
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const values = {
    zeros: () => 0,
    ones: () => 1,
    range: (at: number) => at % last,
    normal,
    uniform: random,
  }[source.fill];
  const data = Float64Array.from({ length: count }, (_, at) => values(at));
  return whole(data)
    ? { dtype: "int64", dims, data: BigInt64Array.from(data, BigInt) }
    : { dtype: "float64", dims, data };
}

const whole = (data: Float64Array) => data.every((value) => Number.isSafeInteger(value));
