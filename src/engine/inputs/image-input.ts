/** The pictures of a capture, prepared as the manifest or the configuration beside the model says. */
import { existsSync } from "node:fs";
import path from "node:path";
import { AttentionError } from "../../shared/errors";
import type { InputChoice } from "../../shared/input-choice";
import type { TensorSignature } from "../../shared/model";
import { stacked } from "../../inputs/array-axes";
import type { NamedArray } from "../../inputs/arrays";
import {
  pictureTensor,
  type Preparation,
  preparationFor,
  readImageConfig,
  takesPicture,
} from "../../inputs/image-tensor";
import { isShownAsFrames } from "../../inputs/manifest/lookup";
import { insideFolder } from "../../inputs/manifest/paths";
import type { Manifest } from "../../inputs/manifest/schema";
import { scaleFactor } from "../../inputs/manifest/values";
import { type ArrayPicture, arrayPixels, frameFiles, type Picture, readPicture } from "../../inputs/pictures";
import { type PicturePlace, placeOnPicture } from "../../inputs/picture-place";
import { readInput } from "../../inputs/recorded-array";
import type { SampleSet } from "../../inputs/sample-set";
import { videoFrame } from "../../inputs/video/frames";
import type { OpenModel } from "../model/open-model";

export interface ImageInput {
  readonly feeds: ReadonlyMap<string, NamedArray>;
  /** The pictures as they were given, by the model's input. */
  readonly pictures: ReadonlyMap<string, Picture>;
  /** What the model sees of these. */
  readonly places: ReadonlyMap<string, PicturePlace>;
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

/** Inputs that the pictures which were asked for go to. */
export function askedPictures(opened: OpenModel, choice: InputChoice | null): string[] {
  const names = Object.keys(choice?.images ?? {});
  if (choice?.video) names.push(choice.video.input ?? "");
  const [only, second] = imageInputs(opened);
  return names.flatMap((name) => (name !== "" ? [name] : only && !second ? [only.name] : []));
}

/** What was recorded, and what of it is shown. */
interface Recorded {
  readonly said: Manifest | undefined;
  readonly set: SampleSet | null;
  /** Samples of the batch. */
  readonly samples: readonly number[];
  /** Whose frame is taken, where the manifest names frames. */
  readonly step: number;
  readonly fill: (named: string, sampleOfBatch: number, step: number) => string;
}

export async function imageInput(
  opened: OpenModel,
  choice: InputChoice | null,
  { said: manifest, set, samples, step, fill }: Recorded,
): Promise<ImageInput> {
  const feeds = new Map<string, NamedArray>();
  const pictures = new Map<string, Picture>();
  const places = new Map<string, PicturePlace>();
  const files: string[] = [];
  const notices: string[] = [];
  const config = imageConfig(opened);
  const said = manifest?.inputs?.arrays ?? {};
  const folder = opened.manifest ? path.dirname(opened.manifest.path) : "";
  /** @param recorded the numbers that the picture was made of: `scale` is theirs */
  const prepared = async (
    input: TensorSignature,
    picture: Picture,
    recorded?: ArrayPicture,
  ): Promise<NamedArray> => {
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
    const plain = preparationFor(
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
    const how = scale === undefined || !recorded ? plain : ofNumbers(plain, recorded);
    const assumed = `${input.name}: assumed that ${how.assumed.join(" and ")}.`;
    if (how.assumed.length > 0 && !notices.includes(assumed)) notices.push(assumed);
    places.set(input.name, placeOnPicture(picture, how));
    return pictureTensor(picture, how, input.dtype, recorded?.exact);
  };
  const show = ({ name }: TensorSignature, picture: Picture) => {
    const asked = choice?.images !== undefined || choice?.video !== undefined;
    if (asked || !isShownAsFrames(manifest, name)) pictures.set(name, picture);
  };
  const give = async (input: TensorSignature, picture: Picture) => {
    feeds.set(input.name, await prepared(input, picture));
    show(input, picture);
  };
  /** A picture of each sample: what is shown of them are the frames of the recording, at any step. */
  const giveEach = async (input: TensorSignature, read: (sampleOfBatch: number) => Promise<Picture>) => {
    const parts: NamedArray[] = [];
    for (const at of samples.keys()) parts.push(await prepared(input, await read(at)));
    const [first] = parts;
    if (first) feeds.set(input.name, parts.length === 1 ? first : stacked(input, parts));
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
    if (feeds.has(input.name) || source === undefined) continue;
    const array = typeof source === "string" ? source : "array" in source ? source.array : undefined;
    const { dataSet } = set ?? {};
    if (array !== undefined && dataSet?.cameras.includes(array)) {
      await giveEach(input, (at) => dataSet.picture(array, samples[at] ?? 0, step));
      continue;
    }
    if (typeof source === "string") continue;
    const inside = (named: string, at: number) => insideFolder(folder, fill(named, at, step));
    if ("image" in source) {
      const file = inside(source.image, 0);
      files.push(file);
      await give(input, await readPicture(file, source.image));
    } else if ("frames" in source || "video" in source) {
      const named = "frames" in source ? source.frames : source.video;
      const stepped = named.includes("{step}") ? 0 : step;
      const read = async (at: number) => {
        const file = inside(named, at);
        if ("video" in source) {
          files.push(file);
          return videoFrame(file, source.frame ?? stepped);
        }
        const frames = await frameFiles(file);
        files.push(frames.file(source.frame ?? stepped));
        return frames.read(source.frame ?? stepped);
      };
      if (samples.length > 1) await giveEach(input, read);
      else await give(input, await read(0));
    } else if (
      "array" in source &&
      (source.mean ?? source.scale ?? source.size ?? source.recorded) !== undefined &&
      set
    ) {
      const parts: NamedArray[] = [];
      for (const sample of samples) {
        const read = readInput(input, source, set, sample, manifest, { step, pass: 0 }, null);
        if (!read) continue;
        const recorded = arrayPixels(read, source.array, source.recorded);
        parts.push(await prepared(input, recorded.picture, recorded));
        if (samples.length === 1) show(input, recorded.picture);
      }
      const [first] = parts;
      if (first) feeds.set(input.name, parts.length === 1 ? first : stacked(input, parts));
    }
  }
  return { feeds, pictures, places, files, notices };
}

/** A preparation whose scale and mean are of the recorded numbers, as one of the bytes that they became. */
function ofNumbers(how: Preparation, { offset, scale }: ArrayPicture): Preparation {
  return { ...how, scale: how.scale / scale, mean: how.mean.map((mean) => mean + offset * how.scale) };
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
