/** Which recording a capture's input comes from: the file that was asked for, else the manifest's. */
import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { AttentionError } from "../../shared/errors";
import type { InputChoice } from "../../shared/input-choice";
import { adapted } from "../../inputs/array-axes";
import type { NamedArray } from "../../inputs/arrays";
import { joined } from "../../inputs/files/array-values";
import { isLeRobot } from "../../inputs/lerobot/info";
import { openLeRobotSamples } from "../../inputs/lerobot/samples";
import { insideFolder } from "../../inputs/manifest/paths";
import { openSamples, type SampleSet } from "../../inputs/sample-set";
import { namesFrames } from "./frame-steps";
import type { OpenModel } from "../model/open-model";

/**
 * The recording that was asked for, else the manifest's; null where there is none.
 * @param beside a text or a picture was asked for, and the recording only gives what they leave
 */
export async function openRecording(
  { manifest }: Pick<OpenModel, "manifest">,
  choice: InputChoice | null,
  beside = false,
): Promise<SampleSet | null> {
  const said = manifest?.manifest;
  const folder = manifest ? path.dirname(manifest.path) : "";
  if (choice?.file !== undefined) {
    if (!existsSync(choice.file))
      throw new AttentionError("fileNotFound", "The recorded input does not exist.", { where: choice.file });
    // The file that says what a data set is stands for its folder: a dialog of files cannot give a folder.
    const inside = /[\\/]meta[\\/]info\.json$/.test(choice.file);
    const dataSet = inside ? path.dirname(path.dirname(choice.file)) : choice.file;
    if (isLeRobot(dataSet)) {
      const beside = manifest ? folder : path.dirname(dataSet);
      return openLeRobotSamples({ folder: dataSet, asked: true, beside, samples: said?.samples });
    }
    if (statSync(choice.file).isDirectory())
      throw new AttentionError(
        "inputMissing",
        "The folder is no LeRobot data set: it has no meta/info.json.",
        {
          where: choice.file,
          fix: "Give a file of arrays, or name a tree of folders in the manifest: samples.files.",
        },
      );
    return openSamples({
      folder: path.dirname(choice.file),
      file: choice.file,
      samples: said?.samples,
      asked: true,
    });
  }
  const file = said?.inputs?.file;
  if (file === undefined && said?.samples?.files === undefined && said?.samples?.lerobot === undefined) {
    const sources = Object.values(said?.inputs?.arrays ?? {}).filter((source) => typeof source === "object");
    const others = sources.flatMap((source) =>
      "array" in source && source.file !== undefined ? [source.file] : [],
    );
    if (others.length > 0 || sources.some((source) => "value" in source || "fill" in source))
      return openSamples({ folder, file: undefined, samples: undefined, others: [...new Set(others)] });
    for (const name of ["samples", "episode", "step", "pass"] as const)
      if (
        !beside &&
        choice?.[name] !== undefined &&
        !choice.generate &&
        !(name === "step" && said?.steps && namesFrames(said)) &&
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
  const dataSet = said?.samples?.lerobot;
  if (dataSet !== undefined)
    return openLeRobotSamples({
      folder: insideFolder(folder, dataSet),
      asked: false,
      beside: folder,
      samples: said?.samples,
    });
  return openSamples({
    folder,
    file: file === undefined ? undefined : insideFolder(folder, file),
    samples: said?.samples,
  });
}

/** A file of one array is the model's only input, whatever they are called. */
export function onlyArray(
  inputs: OpenModel["inputs"],
  set: SampleSet | null,
  given: ReadonlyMap<string, NamedArray>,
): { input: string; array: NamedArray; notice: string } | null {
  const [input] = inputs;
  const name = set?.single ?? null;
  if (!set || !input || inputs.length !== 1 || given.size > 0 || name === null) return null;
  return {
    input: input.name,
    array: adapted(set.arrays(0).read(name), input, 0),
    notice: `${input.name} is given ${name}, ${set.names.length === 1 ? "the only array" : "all numbers"} of the file.`,
  };
}

/**
 * What a recording gives beside a text or pictures: the inputs that they leave, but for those whose sizes contradict
 * theirs. Where they make a batch, the one that was recorded is given to each.
 */
export function besideGiven(
  inputs: OpenModel["inputs"],
  recorded: ReadonlyMap<string, NamedArray>,
  given: ReadonlyMap<string, NamedArray>,
): Map<string, NamedArray> {
  const sizes = new Map<string, number>();
  for (const { name, dims } of inputs)
    dims?.forEach((dim, axis) => {
      const size = given.get(name)?.dims[axis];
      if (typeof dim === "string" && size !== undefined) sizes.set(dim, size);
    });
  const fitting = new Map<string, NamedArray>();
  for (const { name, dims } of inputs) {
    const array = recorded.get(name);
    if (!array || given.has(name)) continue;
    const [batch] = dims ?? [];
    const wanted = typeof batch === "string" ? sizes.get(batch) : undefined;
    const own = wanted !== undefined && array.dims[0] === 1 && wanted > 1 ? repeated(array, wanted) : array;
    const fits = dims?.every(
      (dim, axis) => typeof dim !== "string" || (sizes.get(dim) ?? own.dims[axis]) === own.dims[axis],
    );
    if (fits !== false) fitting.set(name, own);
  }
  return fitting;
}

function repeated(array: NamedArray, times: number): NamedArray {
  return {
    ...array,
    dims: [times, ...array.dims.slice(1)],
    data: joined(new Array<NamedArray["data"]>(times).fill(array.data), array.data),
  };
}
