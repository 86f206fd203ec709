/**
 * What the input of a capture is gathered from, one after the other: what was asked for, the recording, the texts and
 * pictures that stand for inputs, and the arrays that these leave to the recording.
 */
import type { InputChoice } from "../../shared/input-choice";
import type { NamedArray } from "../../inputs/arrays";
import { chosenSamples } from "../../inputs/chosen-samples";
import { withMapping } from "../../inputs/manifest/mapping";
import type { Manifest } from "../../inputs/manifest/schema";
import { type RecordedInput, recordedInput } from "../../inputs/recorded-input";
import { fillSample } from "../../inputs/sample-files";
import type { SampleSet } from "../../inputs/sample-set";
import { cacheOf } from "./cache-inputs";
import { withFrameSteps } from "./frame-steps";
import { askedPictures, imageInput } from "./image-input";
import { besideGiven, onlyArray, openRecording } from "./input-recording";
import type { OpenModel } from "../model/open-model";
import { askedText, ownText, unfedTasks } from "./text-input";

/** A text or pictures that a person gave. */
export interface AskedInput {
  readonly text: ReturnType<typeof askedText>;
  /** A recording is of something else than these: it gives what they leave, and need not be whole. */
  readonly beside: boolean;
}

export function askedInput(opened: OpenModel, choice: InputChoice | null): AskedInput {
  const text = choice?.synthetic ? null : askedText(opened, choice);
  return { text, beside: text !== null || choice?.images !== undefined || choice?.video !== undefined };
}

/** The recording, open; null where none is wanted: all is made up, or what was asked for leaves nothing to it. */
export async function recordingFor(
  opened: OpenModel,
  choice: InputChoice | null,
  { text, beside }: AskedInput,
): Promise<SampleSet | null> {
  if (choice?.synthetic) return null;
  const taken = new Set([...(text?.feeds.keys() ?? []), ...askedPictures(opened, choice)]);
  const caches = new Set(cacheOf(opened)?.inputs ?? []);
  const isWhole = beside && opened.inputs.every(({ name }) => taken.has(name) || caches.has(name));
  return isWhole && choice?.file === undefined ? null : openRecording(opened, choice, beside);
}

/** What was read of the recording, as the manifest lays it out; or what the manifest says where there is none. */
export interface ReadRecording {
  readonly set: SampleSet | null;
  /** The manifest, with what a data set says where it is silent. */
  readonly said: Manifest | undefined;
  readonly recorded: RecordedInput | null;
  /** Samples that are shown. */
  readonly shown: readonly number[];
  readonly step: number;
  /** A path of the manifest with the names of a sample, by its place in the batch, and a step. */
  readonly fill: (named: string, sampleOfBatch: number, step: number) => string;
  /** What a data set was taken for, in sentences. */
  readonly notices: readonly string[];
}

export async function readRecording(
  opened: OpenModel,
  choice: InputChoice | null,
  set: SampleSet | null,
  { beside }: AskedInput,
): Promise<ReadRecording> {
  const mapped = withMapping(opened.manifest?.manifest, choice?.arrays);
  const dataSet = set?.dataSet?.manifest(opened.inputs, mapped);
  const said = dataSet?.manifest ?? mapped;
  if (set?.dataSet) await set.dataSet.prepare(chosenSamples(set, choice ?? {}, set.count, null));
  // A file that was asked for is not laid out as the manifest's own unless it has its arrays.
  const read = set ? recordedInput(opened.inputs, said, set, choice ?? {}) : null;
  const shown = read?.chosen.samples?.shown ?? [0];
  const fill = (named: string, sampleOfBatch: number, step: number) => {
    const sample = shown[sampleOfBatch] ?? 0;
    const group = set?.episodes[sample]?.group ?? null;
    return fillSample(named, set?.keys[sample] ?? String(sample), group).replaceAll("{step}", String(step));
  };
  // Frames that the manifest names are of something else than a text or a picture that stands alone.
  const recorded =
    read || !beside ? await withFrameSteps(read, opened, said, choice, (named) => fill(named, 0, 0)) : null;
  const step = recorded?.chosen.steps?.index ?? choice?.step ?? 0;
  return { set, said, recorded, shown, step, fill, notices: dataSet?.notices ?? [] };
}

/** Texts and pictures that stand for inputs: those that were asked for, else those of the manifest and the recording. */
export interface StatedInput {
  readonly text: AskedInput["text"];
  readonly pictures: Awaited<ReturnType<typeof imageInput>> | null;
  readonly feeds: ReadonlyMap<string, NamedArray>;
}

export async function statedInput(
  opened: OpenModel,
  choice: InputChoice | null,
  asked: AskedInput,
  { set, said, recorded, shown, step, fill }: ReadRecording,
): Promise<StatedInput> {
  const pictures = choice?.synthetic
    ? null
    : await imageInput(opened, choice, { said, set, samples: shown, step, fill });
  const tasks = shown.map((sample) => set?.dataSet?.task(sample, step) ?? null);
  const silent = choice?.synthetic !== undefined || (choice?.file !== undefined && !set?.dataSet);
  const own = () => ownText(opened, recorded?.given, recorded ? unfedTasks(opened, recorded, tasks) : null);
  const text = asked.text ?? (silent ? null : own());
  return { text, pictures, feeds: new Map([...(text?.feeds ?? []), ...(pictures?.feeds ?? [])]) };
}

/** Arrays for the model's inputs, before they are fitted, and what was decided of them. */
export interface GivenArrays {
  readonly arrays: Map<string, NamedArray>;
  readonly notices: readonly string[];
}

export function givenArrays(
  { inputs }: OpenModel,
  { beside }: AskedInput,
  { set, recorded }: ReadRecording,
  stated: StatedInput,
): GivenArrays {
  const rest = beside && recorded ? besideGiven(inputs, recorded.given, stated.feeds) : recorded?.given;
  const arrays = new Map<string, NamedArray>([...(rest ?? []), ...stated.feeds]);
  const single = onlyArray(inputs, set, arrays);
  if (single) arrays.set(single.input, single.array);
  const kept = beside && set?.recorded === true && rest && rest.size > 0 ? [...rest.keys()] : [];
  return {
    arrays,
    notices: [
      ...(single ? [single.notice] : []),
      ...(kept.length > 0
        ? [`${kept.join(", ")} ${kept.length === 1 ? "is" : "are"} as recorded in ${set?.name ?? ""}.`]
        : []),
    ],
  };
}
