/** Frames of the input that is shown, as small encoded pictures: recorded ones at any step, and pictures that were given. */
import path from "node:path";
import sharp from "sharp";
import { AttentionError } from "../../shared/errors";
import type { Frame, FrameRequest, InputChoice } from "../../shared/input-choice";
import { insideFolder } from "../../inputs/manifest/paths";
import { type ManifestArray, type ManifestPicture, namedArray } from "../../inputs/manifest/values";
import { arrayPicture, frameFiles, type Picture } from "../../inputs/pictures";
import { ofSample } from "../../inputs/sample-view";
import { videoFrame } from "../../inputs/video/frames";
import type { ChosenInput } from "./choose-input";
import { openRecording } from "./input-recording";
import type { OpenModel } from "../model/open-model";

/** The frame of a camera at a step. @param choice what the capture was made on */
export async function readFrame(
  opened: OpenModel,
  choice: InputChoice | null,
  input: ChosenInput,
  { generation, camera, step, sample, side }: FrameRequest,
): Promise<Frame> {
  const picture =
    input.pictures.get(camera) ?? (await recordedFrame(opened, choice, input, camera, step, sample));
  const { width, height, channels, data } = picture;
  const scale = Math.min(1, side / Math.max(width, height));
  const [toWidth, toHeight] = [width, height].map((pixels) => Math.max(1, Math.round(pixels * scale))) as [
    number,
    number,
  ];
  const bytes = await sharp(data, { raw: { width, height, channels } })
    .resize(toWidth, toHeight, { fit: "fill" })
    .png({ compressionLevel: 6 })
    .toBuffer();
  return {
    generation,
    width: toWidth,
    height: toHeight,
    recordedWidth: width,
    recordedHeight: height,
    mime: "image/png",
    bytes: new Uint8Array(bytes).buffer,
  };
}

async function recordedFrame(
  opened: OpenModel,
  choice: InputChoice | null,
  { recording, said, fill }: ChosenInput,
  camera: string,
  asked: number | null,
  sampleOfBatch: number,
): Promise<Picture> {
  const frames: ManifestPicture | undefined = said?.steps?.frames?.[camera];
  const step = asked ?? recording.steps?.index ?? 0;
  if (frames === undefined)
    throw new AttentionError("inputMissing", `There are no frames of ${camera}.`, {
      fix: `There are frames of ${recording.cameras.join(", ") || "nothing"}.`,
    });
  if (recording.steps && step >= recording.steps.count)
    throw new AttentionError(
      "inputMissing",
      `There is no ${recording.steps.name} ${step}; there are ${recording.steps.count}, from 0.`,
    );
  if (typeof frames === "string" || "array" in frames)
    return frameOfArray(opened, choice, recording, { camera, frames, sampleOfBatch, step });
  const folder = opened.manifest ? path.dirname(opened.manifest.path) : "";
  const filled = (named: string) => insideFolder(folder, fill(named, sampleOfBatch, step));
  if ("image" in frames) return (await frameFiles(filled(frames.image))).read(0);
  const named = "frames" in frames ? frames.frames : frames.video;
  const stepped = named.includes("{step}") ? 0 : step;
  return "video" in frames
    ? videoFrame(filled(named), stepped)
    : (await frameFiles(filled(named))).read(stepped);
}

interface ArrayFrame {
  readonly camera: string;
  readonly frames: ManifestArray;
  readonly sampleOfBatch: number;
  readonly step: number;
}

/** A frame that lies in an array of the recording, or that its data set holds as a picture. */
async function frameOfArray(
  opened: OpenModel,
  choice: InputChoice | null,
  recording: ChosenInput["recording"],
  { camera, frames, sampleOfBatch, step }: ArrayFrame,
): Promise<Picture> {
  const set = await openRecording(opened, choice);
  try {
    const sample = recording.samples?.shown[sampleOfBatch] ?? 0;
    const { array } = namedArray(frames);
    if (set?.dataSet?.cameras.includes(array)) return await set.dataSet.picture(array, sample, step);
    if (set?.dataSet) await set.dataSet.prepare([sample]);
    const all = set?.arrays(sample);
    const axis = set?.axis ?? null;
    const along = axis !== null && all?.header(frames)?.dims[axis] === set?.count;
    const arrays = along && all ? ofSample(all, axis, sample) : all;
    const header = arrays?.header(frames);
    if (!arrays || !header)
      throw new AttentionError("inputMissing", `The recording has no frames of ${camera}.`, {
        where: set?.name ?? "",
      });
    const read = arrays.read(
      frames,
      header.dims.length > 3 ||
        (header.dims.length === 3 && (header.dims[2] ?? 0) > 4 && recording.steps?.count === header.dims[0])
        ? { axis: 0, indices: [step] }
        : undefined,
    );
    return arrayPicture({ ...read, dims: read.dims.length > 3 ? read.dims.slice(1) : read.dims }, camera);
  } finally {
    set?.close();
  }
}
