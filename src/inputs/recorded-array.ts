/** One sample's array for an input at a step and a pass, of which no more is read than that. */
import type { TensorSignature } from "../shared/model";
import { adapted, padded, withoutAxis } from "./array-axes";
import type { NamedArray } from "./arrays";
import type { ImplicitSamples } from "./chosen-samples";
import { constantArray } from "./constant-array";
import { type ArrayHeader, takenOf } from "./files/lazy-arrays";
import type { ManifestInputSource } from "./manifest/inputs-schema";
import type { Manifest } from "./manifest/schema";
import { type ManifestArray, namedArray } from "./manifest/values";
import { stepInputs } from "./recorded-steps";
import type { SampleArrays, SampleSet } from "./sample-set";
import { ofSample } from "./sample-view";

/** Where in an episode. */
interface Place {
  readonly step: number;
  readonly pass: number;
}

/** One sample's array for an input, at a step and pass; undefined where the recording has none. */
export function readInput(
  input: TensorSignature,
  source: ManifestInputSource,
  set: SampleSet,
  sample: number,
  manifest: Manifest | undefined,
  at: Place,
  implicit: ImplicitSamples | null,
): NamedArray | undefined {
  if (typeof source !== "string" && !("array" in source))
    return "value" in source || "fill" in source ? constantArray(input, source) : undefined;
  const array: ManifestArray =
    typeof source === "string" ? source : { array: source.array, file: source.file };
  const arrays = set.arrays(sample);
  const header = arrays.header(array);
  // The frames of a camera are pictures, which are prepared as such.
  if (!header || set.dataSet?.cameras.includes(namedArray(array).array)) return undefined;
  const along = implicit?.inputs.get(input.name);
  if (along) {
    const size = along.extra ? 1 : (along.batch ?? 1);
    const indices = Array.from({ length: size }, (_, part) => sample * size + part);
    const taken = arrays.read(array, { axis: 0, indices });
    return along.extra ? { ...taken, dims: taken.dims.slice(1) } : taken;
  }
  const { axis } = set;
  if (axis === null || header.dims[axis] !== set.count)
    return adapted(readStep(arrays, array, header, input, manifest, at), input, 0);
  if (!stepInputs(manifest).has(input.name))
    return adapted(arrays.read(array, { axis, indices: [sample] }), input, axis);
  const own = ofSample(arrays, axis, sample);
  // The axis of the samples is gone with the one that was chosen: what is missing is the model's batch.
  return adapted(readStep(own, array, own.header(array) ?? header, input, manifest, at), input, 0);
}

/** An array of a sample at a step: only that step is read. */
function readStep(
  arrays: SampleArrays,
  array: ManifestArray,
  header: ArrayHeader,
  input: TensorSignature,
  manifest: Manifest | undefined,
  at: Place,
): NamedArray {
  const { steps, passes } = manifest ?? {};
  const window = steps?.windows?.[input.name];
  if (window) {
    const from = Math.max(0, at.step - window.length + 1);
    const indices = Array.from({ length: at.step - from + 1 }, (_, index) => from + index);
    const read = arrays.read(array, { axis: 0, indices });
    return window.pad ? padded(read, window.length) : read;
  }
  const inPasses = passes?.inputs?.includes(input.name) === true;
  const inSteps = steps?.inputs?.includes(input.name) === true;
  if (inSteps) {
    const read = withoutAxis(arrays.read(array, { axis: 0, indices: [at.step] }), 0);
    return inPasses ? withoutAxis(takenOf(read, { axis: 0, indices: [at.pass] }), 0) : read;
  }
  if (inPasses) {
    // Where there are steps, the passes come after them.
    const stepped = header.dims.length > (input.dims?.length ?? 0) + 1;
    const read = stepped ? withoutAxis(arrays.read(array, { axis: 0, indices: [at.step] }), 0) : undefined;
    return withoutAxis(
      read
        ? takenOf(read, { axis: 0, indices: [at.pass] })
        : arrays.read(array, { axis: 0, indices: [at.pass] }),
      0,
    );
  }
  return arrays.read(array);
}
