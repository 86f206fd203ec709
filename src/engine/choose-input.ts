/**
 * The input of a capture. What was asked for comes first, then the manifest's, then what lies beside the model; what is
 * left is made up, and the notices say which.
 */
import type { InputReport } from "../shared/capture";
import type { InputChoice, Recording } from "../shared/input-choice";
import { GraphView } from "../onnx/graph-view";
import type { NamedArray } from "../inputs/arrays";
import type { Picture } from "../inputs/pictures";
import { recordedInput } from "../inputs/recorded-input";
import { completed } from "./complete-input";
import { imageInput } from "./image-input";
import { openRecording, onlyArray } from "./input-recording";
import { described, recordingOf } from "./input-report";
import type { OpenModel } from "./open-model";
import { type PatchGrid, patchGrids } from "./patch-grids";
import { textInput, type TextOnAxis, textsOf } from "./text-input";

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
  /** Files that were read, for the input's hash. */
  readonly files: readonly string[];
  /** The model is a decoder whose encoder was run: what was chosen stands on the keys of its cross attention. */
  readonly pair?: boolean;
  /** To be called when labels are read: until then the recording stays open. */
  close(): void;
}

export async function chooseInput(opened: OpenModel, choice: InputChoice | null): Promise<ChosenInput> {
  const { inputs, manifest } = opened;
  const said = manifest?.manifest;
  const set = choice?.synthetic ? null : openRecording(opened, choice);
  try {
    // A file that was asked for is not laid out as the manifest's own unless it has its arrays.
    const recorded = set ? recordedInput(inputs, said, set, choice ?? {}) : null;
    const step = recorded?.chosen.steps?.index ?? choice?.step ?? 0;
    const sample = recorded?.chosen.samples?.shown[0] ?? 0;
    const pictures = choice?.synthetic
      ? null
      : await imageInput(opened, choice, set?.arrays(sample) ?? null, step);
    const texts =
      choice?.synthetic || (choice?.file !== undefined && choice.text === undefined)
        ? null
        : textsOf(opened, choice);
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
        ...(single ? [single.notice] : []),
        ...(recorded?.notices ?? []),
        ...(text?.notices ?? []),
        ...(pictures?.notices ?? []),
        ...notices,
      ],
      recording: recordingOf(opened, recorded, text?.prompt ?? null, [...(pictures?.pictures.keys() ?? [])]),
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
