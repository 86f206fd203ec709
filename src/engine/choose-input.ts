/** The input of a capture: what was asked for, else the manifest's, else a made-up one. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { InputReport } from "../shared/capture";
import { AttentionError } from "../shared/errors";
import type { InputChoice } from "../shared/input-choice";
import { embeddingRows } from "../onnx/embedding-rows";
import { GraphView } from "../onnx/graph-view";
import { type NamedArray, readNpz } from "../inputs/arrays";
import { fitFeeds } from "../inputs/feeds";
import { recordedArrays } from "../inputs/manifest/lookup";
import { insideFolder } from "../inputs/manifest/paths";
import { syntheticFeeds } from "../inputs/synthetic";
import type { OpenModel } from "./open-model";

export interface ChosenInput {
  readonly feeds: ReadonlyMap<string, NamedArray>;
  /** Everything that was recorded, for the labels that the manifest names. */
  readonly arrays: ReadonlyMap<string, NamedArray>;
  readonly report: InputReport;
  readonly notices: readonly string[];
}

/** The input that was asked for, else the manifest's, else a made-up one. */
export function chooseInput({ file, inputs, manifest }: OpenModel, choice: InputChoice | null): ChosenInput {
  for (const name of ["text", "images", "video", "samples", "episode", "step", "generate", "dims"] as const)
    if (choice?.[name] !== undefined)
      throw new AttentionError(
        "inputMismatch",
        `This model has no recording in which a ${name} can be chosen.`,
      );
  const asked = choice?.file ?? null;
  const recorded = manifest?.manifest.inputs;
  const source =
    asked ??
    (recorded?.file !== undefined && manifest
      ? insideFolder(path.dirname(manifest.path), recorded.file)
      : null);
  if (source === null || choice?.synthetic) {
    const feeds = syntheticFeeds(inputs, { rows: embeddingRows(GraphView.of(file.model, file.source)) });
    return {
      feeds,
      arrays: feeds,
      report: report("synthetic", "synthetic input (seed 0)", feeds),
      notices: ["The input is synthetic: made up by name, type and shape."],
    };
  }
  const name = path.basename(source);
  if (!existsSync(source))
    throw new AttentionError("fileNotFound", "The recorded input does not exist.", { where: source });
  const arrays = readNpz(readFileSync(source), name);
  const { feeds, notices } = fitFeeds(inputs, arrays, choice?.arrays ?? recordedArrays(recorded), name);
  return { feeds, arrays, report: report(asked === null ? "manifest" : "file", name, feeds), notices };
}

function report(
  from: InputReport["from"],
  label: string,
  feeds: ReadonlyMap<string, NamedArray>,
): InputReport {
  return {
    from,
    label,
    tensors: [...feeds].map(([name, { dtype, dims }]) => ({ name, dtype, dims: [...dims] })),
  };
}
