/** Axes that an array has too many or too few for a run: taken away, filled up, put together. */
import { AttentionError } from "../shared/errors";
import type { TensorSignature } from "../shared/model";
import type { NamedArray } from "./arrays";
import { joined } from "./files/array-values";
import { countOf } from "./files/lazy-arrays";

/** Without an axis of one element. */
export function withoutAxis(array: NamedArray, axis: number): NamedArray {
  return { ...array, dims: array.dims.filter((_, at) => at !== axis) };
}

/** Zeros before the first steps, so that the window is full. */
export function padded(array: NamedArray, length: number): NamedArray {
  const missing = length - (array.dims[0] ?? 0);
  if (missing <= 0) return array;
  const zeros = Array.isArray(array.data)
    ? new Array<string>(missing * countOf(array.dims.slice(1))).fill("")
    : new (array.data.constructor as new (length: number) => typeof array.data)(
        missing * countOf(array.dims.slice(1)),
      );
  return { ...array, dims: [length, ...array.dims.slice(1)], data: joined([zeros, array.data], array.data) };
}

/** An axis of one sample that the model has and the recording lacks, or the other way round. */
export function adapted(array: NamedArray, input: TensorSignature, axis: number): NamedArray {
  const rank = input.dims?.length;
  if (rank === undefined) return array;
  if (array.dims.length === rank - 1) {
    const batch = input.dims?.[axis];
    if (typeof batch !== "number" || batch <= 1)
      return { ...array, dims: [...array.dims.slice(0, axis), 1, ...array.dims.slice(axis)] };
  }
  if (array.dims.length === rank + 1 && array.dims[axis] === 1) return withoutAxis(array, axis);
  return array;
}

/** Samples one after the other along the batch axis. */
export function stacked(input: TensorSignature, parts: readonly NamedArray[]): NamedArray {
  const [first] = parts as [NamedArray];
  const batch = input.dims?.[0];
  const size = parts.reduce((all, { dims }) => all + (dims[0] ?? 1), 0);
  if (typeof batch === "number" && batch > 0 && batch !== size)
    throw new AttentionError(
      "inputMismatch",
      `The input ${input.name} takes a batch of ${batch}, and ${parts.length} samples make one of ${size}; choose one sample at a time.`,
    );
  const other = parts.find(({ dims }) => dims.slice(1).join() !== first.dims.slice(1).join());
  if (other)
    throw new AttentionError(
      "inputMismatch",
      `The samples have different shapes for ${input.name}: [${first.dims.join(", ")}] and [${other.dims.join(", ")}]; choose one at a time.`,
    );
  return {
    ...first,
    dims: [size, ...first.dims.slice(1)],
    data: joined(
      parts.map(({ data }) => data),
      first.data,
    ),
  };
}
