/** Arrays of which nothing but type and shape is read, to tell how they would be given to a model. */
import type { TensorSignature } from "../shared/model";
import type { ArrayFit } from "../shared/array-mapping";
import { AttentionError } from "../shared/errors";
import type { NamedArray } from "./arrays";
import { implicitSamples } from "./chosen-samples";
import { fitFeeds, whyUnfit } from "./feeds";
import { valuesOf } from "./files/array-values";
import { takenAlong } from "./files/lazy-arrays";
import type { Manifest } from "./manifest/schema";
import { namedArray } from "./manifest/values";
import { readInput } from "./recorded-array";
import { stepInputs } from "./recorded-steps";
import type { SampleArrays, SampleSet } from "./sample-set";

/** A recording whose arrays have their types and shapes, whatever part of them is asked for, and no values. */
export function withoutValues(set: SampleSet): SampleSet {
  return { ...set, arrays: (sample) => shapesOf(set.arrays(sample)) };
}

function shapesOf(arrays: SampleArrays): SampleArrays {
  return {
    name: arrays.name,
    names: arrays.names,
    header: (array) => arrays.header(array),
    read: (array, part): NamedArray => {
      const header = arrays.header(array);
      if (!header)
        throw new AttentionError("inputMissing", `There is no array ${namedArray(array).array}.`, {
          where: arrays.name,
        });
      const along = new Map(
        (part === undefined ? [] : takenAlong(part)).map(({ axis, indices }) => [axis, indices.length]),
      );
      const { dtype } = header;
      return {
        dtype,
        dims: header.dims.map((dim, axis) => along.get(axis) ?? dim),
        data: dtype === "string" ? [] : valuesOf(dtype, new Uint8Array(0)),
      };
    },
  };
}

/**
 * How an array of a recording without values fits an input by itself. Whether the arrays of all inputs go together is
 * another question.
 * @param sample whose arrays are looked at
 */
export function fitOf(
  input: TensorSignature,
  array: string,
  set: SampleSet,
  sample: number,
  manifest: Manifest | undefined,
): ArrayFit {
  const stepped = stepInputs(manifest);
  const implicit = set.declared ? null : implicitSamples([input], set.arrays(sample), () => array, stepped);
  try {
    const read = readInput(input, array, set, sample, manifest, { step: 0, pass: 0 }, implicit);
    if (!read) return { problem: "its frames are pictures", note: null };
    const problem = whyUnfit(input, read);
    if (problem !== null) return { problem, note: null };
    const { notices } = fitFeeds([input], new Map([[input.name, read]]), set.name);
    const converted = notices.length > 0 ? `converted from ${read.dtype}` : null;
    const along = implicit ? `${implicit.count} samples along its first axis` : null;
    const words = [converted, along].filter((each) => each !== null);
    return { problem: null, note: words.length > 0 ? words.join(", ") : null };
  } catch (error) {
    return { problem: AttentionError.wrap(error).detail, note: null };
  }
}
