/**
 * One run's arrays out of a recording: of the chosen samples, at the chosen step and pass. What lies along which axis is
 * the manifest's to say; without one, a leading axis more than the model's input has, or another size of a batch that
 * the model fixes, is one of samples, and that is told.
 */
import type { InputChoice, Recording } from "../shared/input-choice";
import type { TensorSignature } from "../shared/model";
import { stacked } from "./array-axes";
import type { NamedArray } from "./arrays";
import { chosenSamples, implicitSamples } from "./chosen-samples";
import { withGroups } from "./episode-groups";
import { LabelArrays } from "./label-arrays";
import type { ManifestInputSource } from "./manifest/inputs-schema";
import type { Manifest } from "./manifest/schema";
import { readInput } from "./recorded-array";
import { passesOf, stepInputs, stepsOf, valuesAt } from "./recorded-steps";
import type { SampleSet } from "./sample-set";

export interface RecordedInput {
  /** Arrays by the model's inputs, not yet fitted to type and shape. Inputs that the recording lacks are missing. */
  readonly given: ReadonlyMap<string, NamedArray>;
  /** For each chosen sample: any recorded array by name, at the chosen step, for labels. */
  readonly arrays: readonly ReadonlyMap<string, NamedArray>[];
  readonly notices: readonly string[];
  readonly chosen: Pick<Recording, "samples" | "episodes" | "episode" | "steps" | "passes" | "values">;
}

type Choice = Pick<InputChoice, "samples" | "episode" | "step" | "pass">;

/** @param inputs of the model that the recording may feed */
export function recordedInput(
  inputs: readonly TensorSignature[],
  manifest: Manifest | undefined,
  set: SampleSet,
  choice: Choice,
): RecordedInput {
  const sources = (input: string): ManifestInputSource => manifest?.inputs?.arrays?.[input] ?? input;
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
  const usual = manifest?.samples?.count;
  return {
    given,
    arrays: samples.map((each) => new LabelArrays(set, each, steps, manifest, implicit?.count ?? null)),
    notices,
    chosen: {
      samples:
        count > 1 || named ? { count, shown: samples, ...(usual === undefined ? {} : { usual }) } : null,
      episodes: withGroups(set.episodes, set.keys, manifest?.groups),
      episode: named ? sample : null,
      steps,
      passes,
      values: steps ? valuesAt(set.arrays(sample), manifest, steps.index) : [],
    },
  };
}
