/**
 * The input of a capture. What was asked for comes first, then the manifest's, then what lies beside the model; what is
 * left is made up, and the notices say which.
 */
import type { InputReport } from "../shared/capture";
import type { InputChoice, Recording } from "../shared/input-choice";
import { GraphView } from "../onnx/graph-view";
import type { NamedArray } from "../inputs/arrays";
import { chosenSamples } from "../inputs/chosen-samples";
import { mappingWords, withMapping } from "../inputs/manifest/mapping";
import type { Manifest } from "../inputs/manifest/schema";
import type { PicturePlace } from "../inputs/picture-place";
import type { Picture } from "../inputs/pictures";
import { recordedInput } from "../inputs/recorded-input";
import { fillSample } from "../inputs/sample-files";
import { adjustableInputs, withValues } from "./adjust-input";
import { cacheOf } from "./cache-inputs";
import { completed } from "./complete-input";
import type { EncoderMaps } from "./encoder-maps";
import { withFrameSteps } from "./frame-steps";
import { askedPictures, imageInput } from "./image-input";
import { besideGiven, onlyArray, openRecording } from "./input-recording";
import { described, recordingOf } from "./input-report";
import type { OpenModel } from "./open-model";
import { type PatchGrid, patchGrids } from "./patch-grids";
import { ArraysOfSample, batchOf } from "./sample-arrays";
import { askedText, ownText, type TextOnAxis, unfedTasks } from "./text-input";

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
  const { inputs, manifest } = opened;
  const asked = choice?.synthetic ? null : askedText(opened, choice);
  // A recording is of something else than the text or the picture that was asked for: it gives what they leave.
  const beside = asked !== null || choice?.images !== undefined || choice?.video !== undefined;
  const taken = new Set([...(asked?.feeds.keys() ?? []), ...askedPictures(opened, choice)]);
  const caches = new Set(cacheOf(opened)?.inputs ?? []);
  const isWhole = beside && inputs.every(({ name }) => taken.has(name) || caches.has(name));
  const set =
    choice?.synthetic || (isWhole && choice?.file === undefined)
      ? null
      : await openRecording(opened, choice, beside);
  try {
    const mapped = withMapping(manifest?.manifest, choice?.arrays);
    const dataSet = set?.dataSet?.manifest(inputs, mapped);
    const said = dataSet?.manifest ?? mapped;
    if (set?.dataSet) await set.dataSet.prepare(chosenSamples(set, choice ?? {}, set.count, null));
    // A file that was asked for is not laid out as the manifest's own unless it has its arrays.
    const read = set ? recordedInput(inputs, said, set, choice ?? {}) : null;
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
    const pictures = choice?.synthetic
      ? null
      : await imageInput(opened, choice, { said, set, samples: shown, step, fill });
    const tasks = shown.map((sample) => set?.dataSet?.task(sample, step) ?? null);
    const silent = choice?.synthetic !== undefined || (choice?.file !== undefined && !set?.dataSet);
    const text =
      asked ??
      (silent
        ? null
        : ownText(opened, recorded?.given, recorded ? unfedTasks(opened, recorded, tasks) : null));
    const stated = new Map<string, NamedArray>([...(text?.feeds ?? []), ...(pictures?.feeds ?? [])]);
    const rest = beside && recorded ? besideGiven(inputs, recorded.given, stated) : recorded?.given;
    const given = new Map<string, NamedArray>([...(rest ?? []), ...stated]);
    const single = onlyArray(inputs, set, given);
    if (single) given.set(single.input, single.array);
    const whole = completed(opened, given, choice, set, beside);
    const { notices, made } = whole;
    const feeds = withValues(whole.feeds, choice?.set ?? {}, said);
    // What was asked for is labelled before what was recorded in its place.
    const stands = new Map(
      [...feeds].filter(([name, array]) => stated.has(name) || whole.feeds.get(name) !== array),
    );
    const samples = Math.max(1, recorded?.arrays.length ?? 1, batchOf(inputs, feeds));
    const view = GraphView.of(
      opened.file.model,
      opened.file.source,
      new Map([...feeds].map(([name, { dims }]) => [name, dims])),
    );
    const { from, label } = described(
      choice,
      beside && choice?.file === undefined ? null : set,
      text?.prompt.text,
      pictures?.files ?? [],
      made === inputs.length,
      said,
      (named) => fill(named, 0, step),
    );
    return {
      feeds,
      arrays: recorded?.arrays[0] ?? feeds,
      samples: Array.from({ length: samples }, (_, each) => {
        const own = recorded?.arrays[recorded.arrays.length === samples ? each : 0];
        const isOwn = (recorded?.arrays.length ?? 0) > 1;
        const sources = [
          { arrays: stands },
          ...(own ? [{ arrays: own, whole: isOwn }] : []),
          { arrays: feeds },
        ];
        return new ArraysOfSample(each, samples, sources);
      }),
      report: {
        from,
        label,
        tensors: [...feeds].map(([name, { dtype, dims }]) => ({ name, dtype, dims: [...dims] })),
      },
      notices: [
        ...(set?.notices ?? []),
        ...(dataSet?.notices ?? []),
        ...(single ? [single.notice] : []),
        ...(set?.recorded ? mappingWords(choice?.arrays) : []),
        ...(recorded && !beside ? recorded.notices : []),
        ...shown.flatMap((sample) => set?.dataSet?.notices(sample) ?? []),
        ...(beside && set?.recorded && rest && rest.size > 0
          ? [`${[...rest.keys()].join(", ")} ${rest.size === 1 ? "is" : "are"} as recorded in ${set.name}.`]
          : []),
        ...(text?.notices ?? []),
        ...(pictures?.notices ?? []),
        ...notices,
        ...Object.entries(choice?.set ?? {}).map(([name, value]) => `${name} was set to ${value}.`),
      ],
      recording: {
        ...recordingOf(opened, said, recorded, text?.prompt ?? null, [...(pictures?.pictures.keys() ?? [])]),
        adjustable: adjustableInputs(feeds, said),
        ...(Object.keys(whole.assumed).length === 0 ? {} : { assumedSizes: whole.assumed }),
      },
      said,
      fill,
      texts: text?.texts ?? [],
      grids: patchGrids(inputs, view, new Map([...feeds].map(([name, { dims }]) => [name, dims]))),
      pictures: pictures?.pictures ?? new Map(),
      places: pictures?.places ?? new Map(),
      files: [...(set?.files ?? []), ...(pictures?.files ?? [])],
      close: () => set?.close(),
    };
  } catch (error) {
    set?.close();
    throw error;
  }
}
