/** The pictures of a capture, prepared as the manifest or the configuration beside the model says. */
import { existsSync } from "node:fs";
import path from "node:path";
import { AttentionError } from "../shared/errors";
import type { InputChoice } from "../shared/input-choice";
import type { TensorSignature } from "../shared/model";
import type { NamedArray } from "../inputs/arrays";
import { pictureTensor, preparationFor, readImageConfig, takesPicture } from "../inputs/image-tensor";
import { insideFolder } from "../inputs/manifest/paths";
import { scaleFactor } from "../inputs/manifest/values";
import { arrayPicture, frameFiles, type Picture, readPicture, videoFrame } from "../inputs/pictures";
import type { SampleArrays } from "../inputs/sample-set";
import type { OpenModel } from "./open-model";

export interface ImageInput {
  readonly feeds: ReadonlyMap<string, NamedArray>;
  /** The pictures as they were given, by the model's input. */
  readonly pictures: ReadonlyMap<string, Picture>;
  readonly files: readonly string[];
  readonly notices: readonly string[];
}

/** Inputs of the model that take pictures: those that the manifest says so of, else by name and shape. */
export function imageInputs({ inputs, manifest }: OpenModel): TensorSignature[] {
  const said = manifest?.manifest.inputs?.arrays ?? {};
  const named = inputs.filter(({ name }) => {
    const source = said[name];
    return typeof source === "object" && ("image" in source || "frames" in source || "video" in source);
  });
  return named.length > 0 ? named : inputs.filter(takesPicture);
}

/**
 * @param arrays recorded arrays, for pictures that lie in them
 * @param step whose frame is taken, where the manifest names frames
 */
export async function imageInput(
  opened: OpenModel,
  choice: InputChoice | null,
  arrays: SampleArrays | null,
  step: number,
): Promise<ImageInput> {
  const feeds = new Map<string, NamedArray>();
  const pictures = new Map<string, Picture>();
  const files: string[] = [];
  const notices: string[] = [];
  const config = imageConfig(opened);
  const { manifest } = opened;
  const said = manifest?.manifest.inputs?.arrays ?? {};
  const give = async (input: TensorSignature, picture: Picture) => {
    const source = said[input.name];
    const own = typeof source === "object" && "size" in source ? source : {};
    const { size, resize, layout, channels, scale, mean, std } = (
      typeof source === "object" ? source : own
    ) as {
      size?: number | [number, number];
      resize?: "stretch" | "crop" | "pad";
      layout?: "NCHW" | "NHWC" | "CHW" | "HWC" | "NHW" | "HW";
      channels?: "RGB" | "BGR" | "grey";
      scale?: number | string;
      mean?: number[];
      std?: number[];
    };
    const how = preparationFor(
      input,
      {
        ...(size === undefined ? {} : { size: typeof size === "number" ? ([size, size] as const) : size }),
        ...(resize === undefined ? {} : { fit: resize }),
        ...(layout === undefined ? {} : { layout }),
        ...(channels === undefined ? {} : { channels }),
        ...(scale === undefined ? {} : { scale: scaleFactor(scale) }),
        ...(mean === undefined ? {} : { mean }),
        ...(std === undefined ? {} : { std }),
      },
      config,
    );
    if (how.assumed.length > 0) notices.push(`${input.name}: assumed that ${how.assumed.join(" and ")}.`);
    feeds.set(input.name, await pictureTensor(picture, how, input.dtype));
    pictures.set(input.name, picture);
  };
  const taking = imageInputs(opened);
  for (const [name, file] of Object.entries(choice?.images ?? {})) {
    files.push(file);
    await give(inputNamed(opened, taking, name, "--image"), await readPicture(file, path.basename(file)));
  }
  if (choice?.video) {
    files.push(choice.video.file);
    const input = inputNamed(opened, taking, choice.video.input ?? "", "--video");
    await give(input, await videoFrame(choice.video.file, choice.video.frame));
  }
  for (const input of opened.inputs) {
    const source = said[input.name];
    if (feeds.has(input.name) || typeof source !== "object" || !manifest) continue;
    const folder = path.dirname(manifest.path);
    if ("image" in source) {
      const file = insideFolder(folder, source.image);
      files.push(file);
      await give(input, await readPicture(file, source.image));
    } else if ("frames" in source) {
      const frames = await frameFiles(insideFolder(folder, source.frames));
      files.push(frames.file(source.frame ?? step));
      await give(input, await frames.read(source.frame ?? step));
    } else if ("video" in source) {
      const file = insideFolder(folder, source.video);
      files.push(file);
      await give(input, await videoFrame(file, source.frame ?? step));
    } else if (
      "array" in source &&
      (source.mean ?? source.scale ?? source.size ?? source.recorded) !== undefined &&
      arrays
    ) {
      const array = { array: source.array, ...(source.file === undefined ? {} : { file: source.file }) };
      const header = arrays.header(array);
      if (!header) continue;
      const stepped = manifest.manifest.steps?.inputs?.includes(input.name) === true;
      const read = arrays.read(array, stepped ? { axis: 0, indices: [step] } : undefined);
      await give(input, arrayPicture(read, source.array, source.recorded));
    }
  }
  return { feeds, pictures, files, notices };
}

function imageConfig({ file }: OpenModel) {
  const folder = path.dirname(file.path);
  const places = [folder, ...(path.basename(folder) === "onnx" ? [path.dirname(folder)] : [])];
  const found = places
    .map((place) => path.join(place, "preprocessor_config.json"))
    .find((place) => existsSync(place));
  return found === undefined ? null : readImageConfig(found);
}

function inputNamed(
  opened: OpenModel,
  taking: readonly TensorSignature[],
  name: string,
  flag: string,
): TensorSignature {
  const found =
    name === ""
      ? taking.length === 1
        ? taking[0]
        : undefined
      : opened.inputs.find((input) => input.name === name);
  if (found) return found;
  const names = (taking.length > 0 ? taking : opened.inputs).map((input) => input.name).join(", ");
  throw new AttentionError(
    "inputMissing",
    name === ""
      ? `${taking.length === 0 ? "No input" : "More than one input"} of the model takes pictures.`
      : `The model has no input ${name}.`,
    { fix: `Name one: ${flag} ${names.split(", ")[0] ?? "NAME"}=FILE; there are ${names}.` },
  );
}
