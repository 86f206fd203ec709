/** Whole numbers as an input of a model wants them: ids, masks, positions. */
import { AttentionError } from "../shared/errors";
import type { TensorSignature } from "../shared/model";
import type { NamedArray } from "./arrays";

/** An array of an input's own type. @param dims row-major shape of `values` */
export function integers(
  { name, dtype }: Pick<TensorSignature, "name" | "dtype">,
  dims: readonly number[],
  values: readonly number[],
): NamedArray {
  switch (dtype) {
    case "int64":
      return { dtype, dims, data: BigInt64Array.from(values, BigInt) };
    case "int32":
      return { dtype, dims, data: Int32Array.from(values) };
    case "bool":
    case "uint8":
      return { dtype, dims, data: Uint8Array.from(values) };
    case "float32":
      return { dtype, dims, data: Float32Array.from(values) };
    default:
      throw new AttentionError(
        "inputMismatch",
        `The input ${name} wants ${dtype}, and whole numbers are given.`,
      );
  }
}
