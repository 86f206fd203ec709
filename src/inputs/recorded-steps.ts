/** The steps of an episode and the passes within one, as the manifest and the recorded shapes tell them. */
import { AttentionError } from "../shared/errors";
import { type AxisOfRuns, MOST_LABELS, type Recording } from "../shared/input-choice";
import type { NamedArray } from "./arrays";
import { countOf } from "./files/lazy-arrays";
import type { Manifest } from "./manifest/schema";
import type { ManifestArray } from "./manifest/values";
import type { SampleArrays, SampleSet } from "./sample-set";

/** Inputs that differ from step to step or from pass to pass. */
export function stepInputs(manifest: Manifest | undefined): ReadonlySet<string> {
  return new Set([
    ...(manifest?.steps?.inputs ?? []),
    ...Object.keys(manifest?.steps?.windows ?? {}),
    ...(manifest?.passes?.inputs ?? []),
  ]);
}

/** The steps of a sample: as many as its longest array along them. */
export function stepsOf(
  set: SampleSet,
  sample: number,
  manifest: Manifest | undefined,
  asked: number | undefined,
): AxisOfRuns | null {
  const { steps } = manifest ?? {};
  if (!steps) {
    if (asked !== undefined && asked > 0)
      throw new AttentionError("inputMissing", "The recording has no steps.", {
        fix: "Name the inputs that differ from step to step in the manifest: steps.inputs.",
      });
    return null;
  }
  const arrays = set.arrays(sample);
  const length = (array: ManifestArray) => dimsOfSample(set, arrays, array)?.[0];
  const ofInputs = [...stepInputs({ ...manifest, passes: undefined } as Manifest)].map((input) => {
    const source = manifest?.inputs?.arrays?.[input] ?? input;
    return typeof source === "string" || "array" in source ? length(source as ManifestArray) : undefined;
  });
  const lanes = [
    ...Object.values(steps.arrays ?? {}),
    ...(steps.actions ? [steps.actions.array] : []),
    ...(steps.rewards === undefined ? [] : [steps.rewards]),
    ...(steps.notes === undefined ? [] : [steps.notes]),
    ...Object.values(steps.frames ?? {}).filter(
      (frames): frames is ManifestArray => typeof frames === "string" || "array" in frames,
    ),
  ].map((array) => length(array));
  const known = ofInputs.filter((each) => each !== undefined);
  const count =
    known.length > 0 ? Math.min(...known) : Math.max(0, ...lanes.filter((each) => each !== undefined));
  if (count === 0) return null;
  const index = asked ?? Math.min(steps.first ?? 0, count - 1);
  if (index >= count)
    throw new AttentionError(
      "inputMissing",
      `There is no ${steps.axis} ${index}; there are ${count}, from 0.`,
      { fix: "Choose one of these." },
    );
  return {
    ...{ name: steps.axis, count, index },
    ...(steps.seconds === undefined ? {} : { seconds: steps.seconds }),
    ...actionWords(arrays, steps.actions, count, index),
  };
}

/** The actions in words: of all steps, or of the one that is shown where there are too many. */
function actionWords(
  arrays: SampleArrays,
  actions: NonNullable<Manifest["steps"]>["actions"],
  count: number,
  index: number,
): Pick<AxisOfRuns, "labels" | "label"> {
  const { names } = actions ?? {};
  const header = actions && arrays.header(actions.array);
  if (!actions || !names || !header || countOf(header.dims) !== count) return {};
  const worded = ({ data }: NamedArray) =>
    Array.from(data as ArrayLike<unknown>, (value) => names[Number(value)] ?? String(value));
  if (count <= MOST_LABELS) return { labels: worded(arrays.read(actions.array)) };
  const axis = Math.max(0, header.dims.indexOf(count));
  const [label] = worded(arrays.read(actions.array, { axis, indices: [index] }));
  return label === undefined ? {} : { label };
}

/** Sizes of an array without the axis of the samples. */
function dimsOfSample(
  set: SampleSet,
  arrays: SampleArrays,
  array: ManifestArray,
): readonly number[] | undefined {
  const dims = arrays.header(array)?.dims;
  const { axis } = set;
  return axis === null || dims?.[axis] !== set.count ? dims : dims.filter((_, at) => at !== axis);
}

export function passesOf(
  set: SampleSet,
  sample: number,
  manifest: Manifest | undefined,
  asked: number | undefined,
  afterSteps: boolean,
): AxisOfRuns | null {
  const { passes } = manifest ?? {};
  const [name] = passes?.inputs ?? [];
  if (!passes || name === undefined) return null;
  const source = manifest?.inputs?.arrays?.[name] ?? name;
  const dims =
    typeof source === "string" || "array" in source
      ? dimsOfSample(set, set.arrays(sample), source as ManifestArray)
      : undefined;
  const stepped = afterSteps && manifest?.steps?.inputs?.includes(name) === true;
  const count = dims?.[stepped ? 1 : 0] ?? passes.count ?? 1;
  const index = asked ?? count - 1;
  if (index >= count)
    throw new AttentionError(
      "inputMissing",
      `There is no ${passes.axis} ${index}; there are ${count}, from 0.`,
    );
  const { labels: named } = passes;
  const arrays = set.arrays(sample);
  const recorded =
    named === undefined || Array.isArray(named) || arrays.header(named) === undefined
      ? undefined
      : Array.from(arrays.read(named).data as ArrayLike<unknown>, String);
  const labels = Array.isArray(named) ? named : recorded;
  return { name: passes.axis, count, index, ...(labels ? { labels } : {}) };
}

/** The recorded numbers of a step: action, reward, note, and the lanes. */
export function valuesAt(
  arrays: SampleArrays,
  manifest: Manifest | undefined,
  step: number,
): Recording["values"] {
  const { steps } = manifest ?? {};
  const lanes: [string, ManifestArray][] = [
    ...(steps?.actions ? [["action", steps.actions.array] as [string, ManifestArray]] : []),
    ...(steps?.rewards === undefined ? [] : [["reward", steps.rewards] as [string, ManifestArray]]),
    ...(steps?.notes === undefined ? [] : [["note", steps.notes] as [string, ManifestArray]]),
    ...Object.entries(steps?.arrays ?? {}),
  ];
  const plainValue = (value: NamedArray["data"][number]) =>
    typeof value === "bigint" ? Number(value) : value;
  const numbers = lanes.flatMap(([name, array]) => {
    const [value, ...more] = stepOf(arrays, array, step);
    if (value === undefined || more.length > 0) return [];
    const plain = plainValue(value);
    const action = name === "action" ? steps?.actions?.names?.[Number(plain)] : undefined;
    return [{ name, value: action ?? plain }];
  });
  const { values, names } = steps?.actions ?? {};
  const ofActions = values === undefined ? [] : stepOf(arrays, values, step);
  return [
    ...numbers,
    ...(ofActions.length > MOST_ACTIONS ? [] : ofActions).map((value, action) => ({
      name: `value of ${names?.[action] ?? `action ${action}`}`,
      value: plainValue(value),
    })),
  ];
}

/** Actions up to which the value of each is told. */
const MOST_ACTIONS = 24;

/** The numbers of one step of an array; none where it has no such step. */
function stepOf(arrays: SampleArrays, array: ManifestArray, step: number): NamedArray["data"][number][] {
  const header = arrays.header(array);
  // A leading axis of one is the batch that the model was given.
  const axis = header && header.dims.length > 1 && header.dims[0] === 1 ? 1 : 0;
  if (!header || step >= (header.dims[axis] ?? 0) || countOf(header.dims.slice(axis + 1)) > MOST_ACTIONS)
    return [];
  return Array.from(
    arrays.read(array, { axis, indices: [step] }).data as ArrayLike<NamedArray["data"][number]>,
  );
}
