/**
 * The input of a capture. What was asked for comes first, then the manifest's, then what lies beside the model; what is
 * left is made up, and the notices say which.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import type { InputReport } from "../shared/capture";
import { AttentionError } from "../shared/errors";
import { type InputChoice, plainRecording, type Recording } from "../shared/input-choice";
import { embeddingRows } from "../onnx/embedding-rows";
import { GraphView } from "../onnx/graph-view";
import type { NamedArray } from "../inputs/arrays";
import { fitFeeds } from "../inputs/feeds";
import { insideFolder } from "../inputs/manifest/paths";
import type { Manifest } from "../inputs/manifest/schema";
import type { Picture } from "../inputs/pictures";
import { type RecordedInput, recordedInput } from "../inputs/recorded-input";
import { openSamples, type SampleSet } from "../inputs/sample-set";
import { symbolSizes, syntheticFeeds } from "../inputs/synthetic";
import { cacheOf } from "./cache-inputs";
import { imageInput, imageInputs } from "./image-input";
import type { OpenModel } from "./open-model";
import { type PatchGrid, patchGrids } from "./patch-grids";
import { textInput, type TextOnAxis, textsOf, tokenizerFile } from "./text-input";

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

/** The recording that was asked for, else the manifest's; null where there is none. */
function openRecording({ manifest }: OpenModel, choice: InputChoice | null): SampleSet | null {
  const said = manifest?.manifest;
  const folder = manifest ? path.dirname(manifest.path) : "";
  if (choice?.file !== undefined) {
    if (!existsSync(choice.file))
      throw new AttentionError("fileNotFound", "The recorded input does not exist.", { where: choice.file });
    return openSamples({
      folder: path.dirname(choice.file),
      file: choice.file,
      samples: said?.samples,
      asked: true,
    });
  }
  // A text or a picture that was asked for stands for itself, not beside a recording of something else.
  if (choice?.text !== undefined || choice?.images || choice?.video) return null;
  const file = said?.inputs?.file;
  if (file === undefined && said?.samples?.files === undefined && said?.samples?.lerobot === undefined) {
    if (
      said?.inputs?.arrays &&
      Object.values(said.inputs.arrays).some(
        (source) => typeof source === "object" && ("value" in source || "fill" in source),
      )
    )
      return openSamples({ folder, file: undefined, samples: undefined });
    for (const name of ["samples", "episode", "step", "pass"] as const)
      if (
        choice?.[name] !== undefined &&
        !choice.generate &&
        !(said?.loops && (name === "pass" || name === "step"))
      )
        throw new AttentionError(
          "inputMissing",
          `There is no recording in which to choose ${name === "samples" ? "samples" : `a ${name}`}.`,
          {
            fix: "Give one with --inputs, or name it in the manifest.",
          },
        );
    return null;
  }
  return openSamples({
    folder,
    file: file === undefined ? undefined : insideFolder(folder, file),
    samples: said?.samples,
  });
}

/** A file of one array is the model's only input, whatever they are called. */
function onlyArray(
  inputs: OpenModel["inputs"],
  set: SampleSet | null,
  given: ReadonlyMap<string, NamedArray>,
): { input: string; array: NamedArray; notice: string } | null {
  const [input] = inputs;
  const name = set?.single ?? null;
  if (!set || !input || inputs.length !== 1 || given.size > 0 || name === null) return null;
  return {
    input: input.name,
    array: set.arrays(0).read(name),
    notice: `${input.name} is given ${name}, the only array of the file.`,
  };
}

/** What was given, fitted to the model; the caches of past keys and values are empty where nothing fills them. */
function completed(
  opened: OpenModel,
  given: ReadonlyMap<string, NamedArray>,
  choice: InputChoice | null,
  set: SampleSet | null,
): { feeds: Map<string, NamedArray>; notices: string[]; made: number } {
  const { inputs, file } = opened;
  const wanted = inputs.filter(({ name }) => given.has(name));
  const where = set?.name ?? "";
  const fitted = fitFeeds(wanted, given, {}, where);
  const missing = inputs.filter(({ name }) => !given.has(name));
  // A recording must be whole, but for the caches that a first step has none of.
  const caches = new Set(cacheOf(opened)?.inputs ?? []);
  const lacking = missing.filter(({ name }) => !caches.has(name));
  if (set && set.recorded && lacking.length > 0) fitFeeds(lacking, given, {}, where, set.names);
  const sizes = new Map([...boundSymbols(wanted, fitted.feeds), ...Object.entries(choice?.dims ?? {})]);
  const unknown = Object.keys(choice?.dims ?? {}).filter(
    (name) => !inputs.some(({ dims }) => dims?.some((dim) => typeof dim === "string" && dim.includes(name))),
  );
  if (unknown.length > 0)
    throw new AttentionError(
      "inputMismatch",
      `No input of the model has a dimension ${unknown.join(", ")}.`,
      {
        fix: `There are ${symbols(inputs).join(", ") || "none that are open"}.`,
      },
    );
  const rows = embeddingRows(GraphView.of(file.model, file.source));
  const synthetic = syntheticFeeds(missing, {
    rows,
    sizes: withSizes(inputs, sizes),
    seed: choice?.synthetic?.seed ?? 0,
  });
  const feeds = new Map(
    inputs.flatMap(({ name }) => {
      const array = fitted.feeds.get(name) ?? synthetic.get(name);
      return array ? [[name, array] as const] : [];
    }),
  );
  const notices = [...fitted.notices];
  if (wanted.length === 0) notices.push("The input is synthetic: made up by name, type and shape.");
  else if (lacking.length > 0)
    notices.push(`${lacking.map(({ name }) => name).join(", ")}: made up by name, type and shape.`);
  const open = symbols(lacking).filter((name) => !sizes.has(name) && !/batch/i.test(name));
  if (open.length > 0) {
    const table = symbolSizes(inputs, sizes);
    notices.push(
      `${open.map((name) => `${name} = ${table.get(name) ?? "?"}`).join(", ")} ${open.length === 1 ? "was" : "were"} assumed, since no input says it; set it with --dim ${open[0]}=N.`,
    );
  }
  return { feeds, notices, made: missing.length };
}

/** Sizes for symbols, those of what is given first, for what is made up beside it. */
function withSizes(inputs: OpenModel["inputs"], known: ReadonlyMap<string, number>): Map<string, number> {
  return symbolSizes(inputs, known);
}

function symbols(inputs: OpenModel["inputs"]): string[] {
  const found = inputs.flatMap(
    ({ dims }) => dims?.filter((dim) => typeof dim === "string" && /^\w+$/.test(dim)) ?? [],
  );
  return [...new Set(found.map(String))].filter((name) => !/past|cache/i.test(name));
}

function boundSymbols(
  inputs: OpenModel["inputs"],
  feeds: ReadonlyMap<string, NamedArray>,
): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { name, dims } of inputs)
    dims?.forEach((dim, axis) => {
      const size = feeds.get(name)?.dims[axis];
      if (typeof dim === "string" && size !== undefined) sizes.set(dim, size);
    });
  return sizes;
}

function described(
  choice: InputChoice | null,
  set: SampleSet | null,
  text: readonly string[] | undefined,
  pictures: readonly string[],
  allMade: boolean,
  manifest: Manifest | undefined,
): Pick<InputReport, "from" | "label"> {
  if (allMade) return { from: "synthetic", label: `synthetic input (seed ${choice?.synthetic?.seed ?? 0})` };
  if (set?.recorded && choice?.file === undefined) return { from: "manifest", label: set.name };
  if (set?.recorded) return { from: "file", label: set.name };
  if (text) {
    const [first = ""] = text;
    const shown = first.length > 60 ? `${first.slice(0, 60)}…` : first;
    return {
      from: "text",
      label: text.length === 1 ? `“${shown}”` : `“${shown}” and ${text.length - 1} more`,
    };
  }
  if (pictures.length > 0)
    return { from: "image", label: pictures.map((file) => path.basename(file)).join(", ") };
  return manifest?.inputs
    ? { from: "manifest", label: "written in the manifest" }
    : { from: "file", label: "arrays" };
}

function recordingOf(
  opened: OpenModel,
  recorded: RecordedInput | null,
  prompt: Recording["prompt"],
  pictures: readonly string[],
): Recording {
  const tokenizer = tokenizerFile(opened);
  const frames = Object.keys(opened.manifest?.manifest.steps?.frames ?? {});
  return {
    ...plainRecording,
    ...recorded?.chosen,
    cameras: [...new Set([...frames, ...pictures])],
    prompt,
    generates: cacheOf(opened)?.generates === true,
    tokenizer: tokenizer === null ? null : path.basename(tokenizer),
    imageInputs: imageInputs(opened).map(({ name }) => name),
  };
}
