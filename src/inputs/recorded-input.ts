/**
 * One run's arrays out of a recording: of the chosen samples, at the chosen step and pass. What lies along which axis is
 * the manifest's to say; without one, a leading axis more than the model's input has, or another size of a batch that
 * the model fixes, is one of samples, and that is told.
 */
import { AttentionError } from "../shared/errors";
import type { AxisOfRuns, InputChoice, Recording } from "../shared/input-choice";
import type { TensorSignature } from "../shared/model";
import type { NamedArray } from "./arrays";
import { constantArray } from "./constant-array";
import { joined } from "./files/array-values";
import { type ArrayHeader, countOf, type Taken } from "./files/lazy-arrays";
import type { ManifestInputSource } from "./manifest/inputs-schema";
import type { Manifest } from "./manifest/schema";
import type { ManifestArray } from "./manifest/values";
import { passesOf, stepInputs, stepsOf, valuesAt } from "./recorded-steps";
import type { SampleArrays, SampleSet } from "./sample-set";

export interface RecordedInput {
  /** Arrays by the model's inputs, not yet fitted to type and shape. Inputs that the recording lacks are missing. */
  readonly given: ReadonlyMap<string, NamedArray>;
  /** Any recorded array by name, at the chosen sample and step: for labels. */
  readonly arrays: ReadonlyMap<string, NamedArray>;
  readonly notices: readonly string[];
  readonly chosen: Pick<Recording, "samples" | "episodes" | "episode" | "steps" | "passes" | "values">;
}

type Choice = Pick<InputChoice, "samples" | "episode" | "step" | "pass" | "arrays">;

/** @param inputs of the model that the recording may feed */
export function recordedInput(
  inputs: readonly TensorSignature[],
  manifest: Manifest | undefined,
  set: SampleSet,
  choice: Choice,
): RecordedInput {
  const sources = (input: string): ManifestInputSource =>
    choice.arrays?.[input] ?? manifest?.inputs?.arrays?.[input] ?? input;
  const implicit = !set.declared
    ? implicitSamples(inputs, set.arrays(0), sources, stepInputs(manifest))
    : null;
  const count = implicit?.count ?? set.count;
  const samples = chosenSamples(set, choice, count, implicit);
  const [sample = 0] = samples;
  const steps = stepsOf(set, sample, manifest, choice.step);
  const passes = passesOf(set, sample, manifest, choice.pass, steps !== null);
  const at = { step: steps?.index ?? 0, pass: passes?.index ?? 0 };
  const notices: string[] = [];
  const given = new Map<string, NamedArray>();
  for (const input of inputs) {
    const parts = samples.flatMap((each) => {
      const read = readInput(input, sources(input.name), set, each, manifest, at, implicit);
      return read ? [read] : [];
    });
    const [first] = parts;
    // An array that is not along the samples is the same for all of them.
    const alone = parts.length === 1 || (implicit !== null && !implicit.inputs.has(input.name));
    if (first) given.set(input.name, alone ? first : stacked(input, parts));
  }
  if (implicit && choice.samples === undefined && choice.episode === undefined && samples.length < count)
    notices.push(
      `The recording has ${count} samples along its first axis; sample ${samples.join(", ")} is shown.`,
    );
  const named = set.episodes.length > 0;
  return {
    given,
    arrays: new LabelArrays(set, sample, steps, manifest),
    notices,
    chosen: {
      samples: count > 1 || named ? { count, shown: samples } : null,
      episodes: [...set.episodes],
      episode: named ? sample : null,
      steps,
      passes,
      values: steps ? valuesAt(set.arrays(sample), manifest, steps.index) : [],
    },
  };
}

interface ImplicitSamples {
  readonly count: number;
  /** Inputs whose arrays have the samples as first axis, and how many a run takes: null for any number. */
  readonly inputs: ReadonlyMap<string, { readonly extra: boolean; readonly batch: number | null }>;
}

/** Samples along the first axis, by shapes alone; null where the arrays are one input as they are. */
function implicitSamples(
  inputs: readonly TensorSignature[],
  arrays: SampleArrays,
  source: (input: string) => ManifestInputSource,
  stepped: ReadonlySet<string>,
): ImplicitSamples | null {
  const found = new Map<string, { extra: boolean; batch: number | null }>();
  const counts = new Set<number>();
  for (const { name, dims } of inputs) {
    const from = source(name);
    const header =
      typeof from === "string" || "array" in from ? arrays.header(from as ManifestArray) : undefined;
    if (!header || !dims || stepped.has(name)) continue;
    const [leading] = header.dims;
    const [batch] = dims;
    if (leading === undefined || batch === undefined) continue;
    const fixed = typeof batch === "number" && batch > 0 ? batch : null;
    if (header.dims.length === dims.length + 1) {
      found.set(name, { extra: true, batch: fixed });
      counts.add(leading);
    } else if (header.dims.length === dims.length && fixed === null) {
      found.set(name, { extra: false, batch: null });
      counts.add(leading);
    } else if (
      header.dims.length === dims.length &&
      fixed !== null &&
      leading > fixed &&
      leading % fixed === 0
    ) {
      found.set(name, { extra: false, batch: fixed });
      counts.add(leading / fixed);
    }
  }
  const [count = 1] = counts;
  return counts.size === 1 && count > 1 ? { count, inputs: found } : null;
}

/** Number of the sample that the recording calls so, else of the first with that label; −1 where there is none. */
function numberOf({ keys, episodes }: SampleSet, episode: string): number {
  const key = keys.indexOf(episode);
  return key >= 0 ? key : episodes.findIndex(({ name }) => name === episode);
}

/** The samples to run: those asked for, else the first; all of them where they are the model's own batch. */
function chosenSamples(
  set: SampleSet,
  { samples, episode }: Choice,
  count: number,
  implicit: ImplicitSamples | null,
): number[] {
  const named = typeof episode === "string" ? numberOf(set, episode) : episode;
  if (named !== undefined && (named < 0 || named >= count)) {
    const known = set.keys.slice(0, 8);
    throw new AttentionError(
      "inputMissing",
      `There is no episode ${episode}; ${known.length > 0 ? `there are ${known.join(", ")}${set.keys.length > 8 ? " …" : ""}` : `the recording has ${count}`}.`,
    );
  }
  const wanted = named === undefined ? samples : [named];
  const past = wanted?.find((sample) => sample >= count);
  if (past !== undefined)
    throw new AttentionError(
      "inputMissing",
      `There is no sample ${past}; the recording has ${count}, from 0.`,
    );
  if (wanted) return [...wanted];
  const batch =
    implicit && [...implicit.inputs.values()].every((input) => !input.extra && input.batch === null);
  return batch
    ? Array.from({ length: count }, (_, sample) => sample)
    : [Math.min(set.first, Math.max(0, count - 1))];
}

/** One sample's array for an input, at a step and pass; undefined where the recording has none. */
function readInput(
  input: TensorSignature,
  source: ManifestInputSource,
  set: SampleSet,
  sample: number,
  manifest: Manifest | undefined,
  at: { step: number; pass: number },
  implicit: ImplicitSamples | null,
): NamedArray | undefined {
  if (typeof source !== "string" && !("array" in source))
    return "value" in source || "fill" in source ? constantArray(input, source) : undefined;
  const array: ManifestArray =
    typeof source === "string" ? source : { array: source.array, file: source.file };
  const arrays = set.arrays(sample);
  const header = arrays.header(array);
  if (!header) return undefined;
  const along = implicit?.inputs.get(input.name);
  if (along) {
    const size = along.extra ? 1 : (along.batch ?? 1);
    const indices = Array.from({ length: size }, (_, part) => sample * size + part);
    const taken = arrays.read(array, { axis: 0, indices });
    return along.extra ? { ...taken, dims: taken.dims.slice(1) } : taken;
  }
  if (set.axis !== null && header.dims[set.axis] === set.count) {
    const taken = arrays.read(array, { axis: set.axis, indices: [sample] });
    return adapted(atStep(taken, input, manifest, at, set.axis), input, set.axis);
  }
  return adapted(readStep(arrays, array, header, input, manifest, at), input, 0);
}

/** An array of a sample at a step: only that step is read. */
function readStep(
  arrays: SampleArrays,
  array: ManifestArray,
  header: ArrayHeader,
  input: TensorSignature,
  manifest: Manifest | undefined,
  at: { step: number; pass: number },
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
    return inPasses ? withoutAxis(takenFrom(read, { axis: 0, indices: [at.pass] }), 0) : read;
  }
  if (inPasses) {
    // Where there are steps, the passes come after them.
    const stepped = header.dims.length > (input.dims?.length ?? 0) + 1;
    const read = stepped ? withoutAxis(arrays.read(array, { axis: 0, indices: [at.step] }), 0) : undefined;
    return withoutAxis(
      read
        ? takenFrom(read, { axis: 0, indices: [at.pass] })
        : arrays.read(array, { axis: 0, indices: [at.pass] }),
      0,
    );
  }
  return arrays.read(array);
}

/** The same for a sample that was cut out of an axis of samples. */
function atStep(
  array: NamedArray,
  input: TensorSignature,
  manifest: Manifest | undefined,
  at: { step: number; pass: number },
  axis: number,
): NamedArray {
  const stepped = stepInputs(manifest).has(input.name);
  if (!stepped) return array;
  const bare = withoutAxis(array, axis);
  const arrays: SampleArrays = {
    name: "",
    header: () => bare,
    read: (_, part) => (part ? takenFrom(bare, part) : bare),
  };
  return readStep(arrays, "", bare, input, manifest, at);
}

function takenFrom(array: NamedArray, { axis, indices }: Taken): NamedArray {
  const inner = countOf(array.dims.slice(axis + 1));
  const outer = countOf(array.dims.slice(0, axis));
  const along = array.dims[axis] ?? 1;
  const parts = Array.from({ length: outer }, (_, block) =>
    indices.map((index) =>
      array.data.slice((block * along + index) * inner, (block * along + index + 1) * inner),
    ),
  ).flat() as NamedArray["data"][];
  return {
    ...array,
    dims: array.dims.map((dim, at) => (at === axis ? indices.length : dim)),
    data: joined(parts, array.data),
  };
}

function withoutAxis(array: NamedArray, axis: number): NamedArray {
  return { ...array, dims: array.dims.filter((_, at) => at !== axis) };
}

/** Zeros before the first steps, so that the window is full. */
function padded(array: NamedArray, length: number): NamedArray {
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
function adapted(array: NamedArray, input: TensorSignature, axis: number): NamedArray {
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
function stacked(input: TensorSignature, parts: readonly NamedArray[]): NamedArray {
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

/** Recorded arrays for labels, read when a label asks for one: at the step that is shown, where they lie along steps. */
class LabelArrays extends Map<string, NamedArray> {
  readonly #read: (name: string) => NamedArray | undefined;

  constructor(set: SampleSet, sample: number, steps: AxisOfRuns | null, manifest: Manifest | undefined) {
    super();
    const stepped = stepInputs(manifest).size > 0;
    const arrays = set.arrays(sample);
    this.#read = (name) => {
      const header = arrays.header(name);
      if (!header) return undefined;
      if (set.axis !== null && header.dims[set.axis] === set.count)
        return withoutAxis(arrays.read(name, { axis: set.axis, indices: [sample] }), set.axis);
      const atStep = stepped && steps && header.dims[0] === steps.count;
      return arrays.read(name, atStep ? { axis: 0, indices: [steps.index] } : undefined);
    };
  }

  override get(name: string): NamedArray | undefined {
    const known = super.get(name);
    if (known) return known;
    const read = this.#read(name);
    if (read) this.set(name, read);
    return read;
  }
}
