/** A manifest to begin with, written from a model and what lies beside it. */
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import type { ManifestDraft } from "../../shared/manifest-report";
import type { TensorSignature } from "../../shared/model";
import { discover } from "../../attention/discover";
import { GraphView } from "../../onnx/graph-view";
import { pictureInputs } from "../../inputs/assumed-grid";
import { openArrayFile } from "../../inputs/files/array-file";
import type { ArrayHeader } from "../../inputs/files/lazy-arrays";
import { manifestPath } from "../../inputs/manifest";
import { type Candidate, draftManifest } from "../../inputs/manifest/draft";
import { type OpenModel, openModel } from "../model/open-model";
import { Phases } from "../phases";

/** Most softmaxes that are offered where no attention was found. */
const MOST_CANDIDATES = 12;
const MOST_FILES = 200;

export function draftManifestOf(modelPath: string): ManifestDraft {
  const model = openModel(modelPath, new Phases(() => undefined));
  try {
    const file = manifestPath(modelPath);
    return { file, exists: existsSync(file), text: draftText(model) };
  } finally {
    model.file.close();
  }
}

function draftText({ file, inputs, summary }: OpenModel): string {
  const folder = path.dirname(file.path);
  const names = namesIn(folder);
  const recorded = recordedIn(folder, names, path.parse(file.path).name, inputs);
  const fed = new Map(
    inputs.flatMap(({ name, dims }) => {
      const header = recorded?.arrays.get(name);
      return header && header.dims.length === dims?.length ? [[name, header.dims] as const] : [];
    }),
  );
  const sized = discover(file.model, file.source, fed.size > 0 ? fed : undefined).sites;
  const sites = sized.length > 0 ? sized : summary.sites;
  const named = [...new Set(sites.map(({ source }) => path.basename(source?.file ?? "")))];
  return draftManifest({
    name: path.basename(file.path),
    inputs,
    sites,
    fixed: new Set(summary.sites.flatMap(({ queries, keys }) => [queries, keys])),
    candidates: candidatesOf({ file, summary }),
    recorded,
    others: recorded ? [] : otherFiles(folder, names),
    pictures: pictureInputs(inputs, fed),
    tokenizer: names.includes("tokenizer.json"),
    preprocessor: names.includes("preprocessor_config.json"),
    sources: [...named, "model.py"].filter((name) => name !== "" && names.includes(name)),
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** The recorded file beside the model that has most of its inputs by name and shape; of several the one named like it. */
function recordedIn(
  folder: string,
  names: readonly string[],
  stem: string,
  inputs: readonly TensorSignature[],
): { file: string; arrays: ReadonlyMap<string, ArrayHeader> } | null {
  let best: { file: string; arrays: ReadonlyMap<string, ArrayHeader>; has: number } | null = null;
  const files = names.filter((each) => /\.(npz|safetensors)$/i.test(each)).slice(0, MOST_FILES);
  const likeIt = (name: string) => (name.startsWith(stem) ? 0 : 1);
  for (const name of files.sort((a, b) => likeIt(a) - likeIt(b))) {
    try {
      const opened = openArrayFile(path.join(folder, name));
      const has = inputs.filter((input) => fits(input, opened.headers.get(input.name))).length;
      if (has > (best?.has ?? 0)) best = { file: name, arrays: new Map(opened.headers), has };
      opened.release();
    } catch {
      // A file that cannot be read is no recording of this model.
    }
  }
  return best;
}

/** Files of arrays that are described where none fits. */
const MOST_OTHERS = 4;

function otherFiles(
  folder: string,
  names: readonly string[],
): { file: string; arrays: ReadonlyMap<string, ArrayHeader> }[] {
  const files = names.filter((each) => /\.(npz|npy|safetensors)$/i.test(each)).slice(0, MOST_OTHERS);
  return files.flatMap((file) => {
    try {
      const opened = openArrayFile(path.join(folder, file));
      const arrays = new Map(opened.headers);
      opened.release();
      return [{ file, arrays }];
    } catch {
      return [];
    }
  });
}

const fits = ({ dims }: TensorSignature, header: ArrayHeader | undefined) =>
  header !== undefined &&
  (dims === null ||
    (dims.length === header.dims.length &&
      dims.every((dim, axis) => typeof dim !== "number" || dim === header.dims[axis])));

/** Softmaxes that were not taken for attention, those over two axes of many first. */
function candidatesOf({ file, summary }: Pick<OpenModel, "file" | "summary">): Candidate[] {
  if (summary.sites.length > 0) return [];
  const view = GraphView.of(file.model, file.source);
  const others = [...summary.notSupported, ...summary.otherSoftmaxes];
  return others.slice(0, MOST_CANDIDATES).map(({ name, reason }) => {
    const node = view.producer(name) ?? file.model.graph.nodes.find((each) => each.name === name);
    const output = node?.outputs[0] ?? name;
    return { name: output, reason, dims: view.shape(output) ?? null };
  });
}
