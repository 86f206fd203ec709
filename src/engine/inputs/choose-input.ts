/**
 * The input of a capture. What was asked for comes first, then the manifest's, then what lies beside the model; what is
 * left is made up, and the notices say which.
 */
import type { InputReport } from "../../shared/capture";
import type { InputChoice, Recording } from "../../shared/input-choice";
import { GraphView } from "../../onnx/graph-view";
import type { NamedArray } from "../../inputs/arrays";
import { mappingWords } from "../../inputs/manifest/mapping";
import type { Manifest } from "../../inputs/manifest/schema";
import type { PicturePlace } from "../../inputs/picture-place";
import type { Picture } from "../../inputs/pictures";
import { adjustableInputs, withValues } from "./adjust-input";
import { completed } from "./complete-input";
import type { EncoderMaps } from "../model/encoder-maps";
import {
  askedInput,
  type AskedInput,
  type GivenArrays,
  givenArrays,
  readRecording,
  type ReadRecording,
  recordingFor,
  statedInput,
  type StatedInput,
} from "./gather-input";
import { described, recordingOf } from "./input-report";
import type { OpenModel } from "../model/open-model";
import { type PatchGrid, patchGrids } from "./patch-grids";
import { ArraysOfSample, batchOf } from "./sample-arrays";
import type { TextOnAxis } from "./text-input";

export interface ChosenInput {
  readonly feeds: ReadonlyMap<string, NamedArray>;
  /** Everything that was recorded of the first sample, for what the manifest names. */
  readonly arrays: ReadonlyMap<string, NamedArray>;
  /** The same for each sample of the batch, for labels. */
  readonly samples: readonly ReadonlyMap<string, NamedArray>[];
  readonly report: InputReport;
  readonly notices: readonly string[];
  readonly recording: Recording;
  /** Tokens of texts, for axes of their length. */
  readonly texts: readonly TextOnAxis[];
  /** Grids of patches, for axes of their size. */
  readonly grids: readonly PatchGrid[];
  /** Pictures that were given, by the model's input. */
  readonly pictures: ReadonlyMap<string, Picture>;
  /** What the model sees of these. */
  readonly places: ReadonlyMap<string, PicturePlace>;
  /** The manifest, with what a data set says where it is silent. */
  readonly said: Manifest | undefined;
  /** A path of the manifest with the names of a sample, by its place in the batch, and a step. */
  readonly fill: (named: string, sampleOfBatch: number, step: number) => string;
  /** Files that were read, for the input's hash. */
  readonly files: readonly string[];
  /** The model is a decoder whose encoder was run: what was chosen stands on the keys of its cross attention. */
  readonly pair?: boolean;
  /** The maps of the encoder that was run before the decoder. */
  readonly encoder?: EncoderMaps;
  /** Other files of the model that were run, for its provenance. */
  readonly parts?: readonly OpenModel[];
  /** To be called when labels are read: until then the recording stays open. */
  close(): void;
}

export async function chooseInput(opened: OpenModel, choice: InputChoice | null): Promise<ChosenInput> {
  const asked = askedInput(opened, choice);
  const set = await recordingFor(opened, choice, asked);
  try {
    const read = await readRecording(opened, choice, set, asked);
    const stated = await statedInput(opened, choice, asked, read);
    const given = givenArrays(opened, asked, read, stated);
    const whole = completed(opened, given.arrays, choice, set, asked.beside);
    return assembled(opened, choice, { asked, read, stated, given, whole });
  } catch (error) {
    set?.close();
    throw error;
  }
}

interface Gathered {
  readonly asked: AskedInput;
  readonly read: ReadRecording;
  readonly stated: StatedInput;
  readonly given: GivenArrays;
  readonly whole: ReturnType<typeof completed>;
}

function assembled(opened: OpenModel, choice: InputChoice | null, gathered: Gathered): ChosenInput {
  const { read, stated, whole } = gathered;
  const { set, said, recorded, fill } = read;
  const { text, pictures } = stated;
  const feeds = withValues(whole.feeds, choice?.set ?? {}, said);
  const dims = new Map([...feeds].map(([name, array]) => [name, array.dims]));
  const view = GraphView.of(opened.file.model, opened.file.source, dims);
  return {
    feeds,
    arrays: recorded?.arrays[0] ?? feeds,
    samples: samplesOf(opened, gathered, feeds),
    report: {
      ...nameOf(opened, choice, gathered),
      tensors: [...feeds].map(([name, { dtype, dims: own }]) => ({ name, dtype, dims: [...own] })),
    },
    notices: noticesOf(choice, gathered),
    recording: {
      ...recordingOf(opened, said, recorded, text?.prompt ?? null, [...(pictures?.pictures.keys() ?? [])]),
      adjustable: adjustableInputs(feeds, said),
      ...(Object.keys(whole.assumed).length === 0 ? {} : { assumedSizes: whole.assumed }),
    },
    said,
    fill,
    texts: text?.texts ?? [],
    grids: patchGrids(opened.inputs, view, dims),
    pictures: pictures?.pictures ?? new Map(),
    places: pictures?.places ?? new Map(),
    files: [...(set?.files ?? []), ...(pictures?.files ?? [])],
    close: () => set?.close(),
  };
}

/** Where the input comes from, and what it is called. */
function nameOf(
  { inputs }: OpenModel,
  choice: InputChoice | null,
  { asked, read, stated, whole }: Gathered,
): Pick<InputReport, "from" | "label"> {
  const { set, said, step, fill } = read;
  return described(
    choice,
    asked.beside && choice?.file === undefined ? null : set,
    stated.text?.prompt.text,
    stated.pictures?.files ?? [],
    whole.made === inputs.length,
    said,
    (named) => fill(named, 0, step),
  );
}

/** The arrays of each sample of the batch: what was asked for is labelled before what was recorded in its place. */
function samplesOf(
  { inputs }: OpenModel,
  { read: { recorded }, stated, whole }: Gathered,
  feeds: ReadonlyMap<string, NamedArray>,
): ChosenInput["samples"] {
  const stands = new Map(
    [...feeds].filter(([name, array]) => stated.feeds.has(name) || whole.feeds.get(name) !== array),
  );
  const count = Math.max(1, recorded?.arrays.length ?? 1, batchOf(inputs, feeds));
  const isOwn = (recorded?.arrays.length ?? 0) > 1;
  return Array.from({ length: count }, (_, each) => {
    const own = recorded?.arrays[recorded.arrays.length === count ? each : 0];
    const sources = [{ arrays: stands }, ...(own ? [{ arrays: own, whole: isOwn }] : []), { arrays: feeds }];
    return new ArraysOfSample(each, count, sources);
  });
}

/** What was assumed, cut or made up, in sentences, in the order in which it was gathered. */
function noticesOf(
  choice: InputChoice | null,
  { asked, read, stated, given, whole }: Gathered,
): readonly string[] {
  const { set, recorded, shown } = read;
  return [
    ...(set?.notices ?? []),
    ...read.notices,
    ...(set?.recorded ? mappingWords(choice?.arrays) : []),
    ...(recorded && !asked.beside ? recorded.notices : []),
    ...shown.flatMap((sample) => set?.dataSet?.notices(sample) ?? []),
    ...given.notices,
    ...(stated.text?.notices ?? []),
    ...(stated.pictures?.notices ?? []),
    ...whole.notices,
    ...Object.entries(choice?.set ?? {}).map(([name, value]) => `${name} was set to ${value}.`),
  ];
}
