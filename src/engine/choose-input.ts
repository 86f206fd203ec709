/**
 * The input of a capture. What was asked for comes first, then the manifest's, then what lies beside the model; what is
 * left is made up, and the notices say which.
 */
import type { InputReport } from "../shared/capture";
import type { InputChoice, Recording } from "../shared/input-choice";
import { GraphView } from "../onnx/graph-view";
import type { NamedArray } from "../inputs/arrays";
import { chosenSamples } from "../inputs/chosen-samples";
import type { Manifest } from "../inputs/manifest/schema";
import type { Picture } from "../inputs/pictures";
import { recordedInput } from "../inputs/recorded-input";
import { fillSample } from "../inputs/sample-files";
import { completed } from "./complete-input";
import { withFrameSteps } from "./frame-steps";
import { imageInput } from "./image-input";
import { openRecording, onlyArray } from "./input-recording";
import { described, recordingOf } from "./input-report";
import type { OpenModel } from "./open-model";
import { type PatchGrid, patchGrids } from "./patch-grids";
import { textInput, type TextOnAxis, textsOf, unfedTasks } from "./text-input";

export interface ChosenInput {
  readonly feeds: ReadonlyMap<string, NamedArray>;
  /** Everything that was recorded, for the labels that the manifest names. */
  readonly arrays: ReadonlyMap<string, NamedArray>;
  readonly report: InputReport;
  readonly notices: readonly string[];
  readonly recording: Recording;
  /** Tokens of texts, for axes of their length. */
  readonly texts: readonly TextOnAxis[];
  /** Grids of patches, for axes of their size. */
  readonly grids: readonly PatchGrid[];
  /** Pictures that were given, by the model's input. */
  readonly pictures: ReadonlyMap<string, Picture>;
  /** The manifest, with what a data set says where it is silent. */
  readonly said: Manifest | undefined;
  /** A path of the manifest with the names of a sample, by its place in the batch, and a step. */
  readonly fill: (named: string, sampleOfBatch: number, step: number) => string;
  /** Files that were read, for the input's hash. */
  readonly files: readonly string[];
  /** The model is a decoder whose encoder was run: what was chosen stands on the keys of its cross attention. */
  readonly pair?: boolean;
  /** To be called when labels are read: until then the recording stays open. */
  close(): void;
}

export async function chooseInput(opened: OpenModel, choice: InputChoice | null): Promise<ChosenInput> {
  const { inputs, manifest } = opened;
  const set = choice?.synthetic ? null : await openRecording(opened, choice);
  try {
    const dataSet = set?.dataSet?.manifest(inputs, manifest?.manifest);
    const said = dataSet?.manifest ?? manifest?.manifest;
    if (set?.dataSet) await set.dataSet.prepare(chosenSamples(set, choice ?? {}, set.count, null));
    // A file that was asked for is not laid out as the manifest's own unless it has its arrays.
    const read = set ? recordedInput(inputs, said, set, choice ?? {}) : null;
    const shown = read?.chosen.samples?.shown ?? [0];
    const fill = (named: string, sampleOfBatch: number, step: number) => {
      const sample = shown[sampleOfBatch] ?? 0;
      const group = set?.episodes[sample]?.group ?? null;
      return fillSample(named, set?.keys[sample] ?? String(sample), group).replaceAll("{step}", String(step));
    };
    const recorded = read && (await withFrameSteps(read, opened, said, choice, (named) => fill(named, 0, 0)));
    const step = recorded?.chosen.steps?.index ?? choice?.step ?? 0;
    const pictures = choice?.synthetic
      ? null
      : await imageInput(opened, choice, { said, set, samples: shown, step, fill });
    const tasks = shown.map((sample) => set?.dataSet?.task(sample, step) ?? null);
    const texts =
      choice?.synthetic || (choice?.file !== undefined && choice.text === undefined && !set?.dataSet)
        ? null
        : textsOf(opened, choice, recorded ? unfedTasks(opened, recorded, tasks) : null);
    const text = texts ? textInput(opened, texts) : null;
    const given = new Map<string, NamedArray>([
      ...(recorded?.given ?? []),
      ...(text?.feeds ?? []),
      ...(pictures?.feeds ?? []),
    ]);
    const single = onlyArray(inputs, set, given);
    if (single) given.set(single.input, single.array);
    const { feeds, notices, made } = completed(opened, given, choice, set);
    const view = GraphView.of(
      opened.file.model,
      opened.file.source,
      new Map([...feeds].map(([name, { dims }]) => [name, dims])),
    );
    const { from, label } = described(
      choice,
      set,
      text?.prompt.text,
      pictures?.files ?? [],
      made === inputs.length,
      said,
    );
    return {
      feeds,
      arrays: recorded?.arrays ?? feeds,
      report: {
        from,
        label,
        tensors: [...feeds].map(([name, { dtype, dims }]) => ({ name, dtype, dims: [...dims] })),
      },
      notices: [
        ...(set?.notices ?? []),
        ...(dataSet?.notices ?? []),
        ...(single ? [single.notice] : []),
        ...(recorded?.notices ?? []),
        ...(text?.notices ?? []),
        ...(pictures?.notices ?? []),
        ...notices,
      ],
      recording: recordingOf(opened, said, recorded, text?.prompt ?? null, [
        ...(pictures?.pictures.keys() ?? []),
      ]),
      said,
      fill,
      texts: text?.texts ?? [],
      grids: patchGrids(inputs, view, new Map([...feeds].map(([name, { dims }]) => [name, dims]))),
      pictures: pictures?.pictures ?? new Map(),
      files: [...(set?.files ?? []), ...(pictures?.files ?? [])],
      close: () => set?.close(),
    };
  } catch (error) {
    set?.close();
    throw error;
  }
}
