/** Frames of the input that is shown, as small encoded pictures: recorded ones at any step, and pictures that were given. */
import path from "node:path";
import sharp from "sharp";
import { AttentionError } from "../shared/errors";
import type { Frame, FrameRequest, InputChoice } from "../shared/input-choice";
import { insideFolder } from "../inputs/manifest/paths";
import type { ManifestPicture } from "../inputs/manifest/values";
import { arrayPicture, frameFiles, type Picture, videoFrame } from "../inputs/pictures";
import { openSamples } from "../inputs/sample-set";
import { ofSample } from "../inputs/sample-view";
import type { ChosenInput } from "./choose-input";
import type { OpenModel } from "./open-model";

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
  { manifest }: OpenModel,
  choice: InputChoice | null,
  { recording }: ChosenInput,
  camera: string,
  asked: number | null,
  sampleOfBatch: number,
): Promise<Picture> {
  const frames: ManifestPicture | undefined = manifest?.manifest.steps?.frames?.[camera];
  const step = asked ?? recording.steps?.index ?? 0;
  if (frames === undefined || !manifest)
    throw new AttentionError("inputMissing", `There are no frames of ${camera}.`, {
      fix: `There are frames of ${recording.cameras.join(", ") || "nothing"}.`,
    });
  if (recording.steps && step >= recording.steps.count)
    throw new AttentionError(
      "inputMissing",
      `There is no ${recording.steps.name} ${step}; there are ${recording.steps.count}, from 0.`,
    );
  const folder = path.dirname(manifest.path);
  const sample = recording.samples?.shown[sampleOfBatch] ?? 0;
  const episode = recording.episodes[sample];
  const filled = (named: string) =>
    insideFolder(
      folder,
      named
        .replaceAll("{sample}", episode?.name ?? String(sample))
        .replaceAll("{group}", episode?.group ?? "")
        .replaceAll("{step}", String(step)),
    );
  if (typeof frames === "string" || "array" in frames) {
    const { inputs, samples } = manifest.manifest;
    const file = choice?.file ?? (inputs?.file === undefined ? undefined : insideFolder(folder, inputs.file));
    const set = openSamples({ folder, file, samples });
    try {
      const all = set.arrays(sample);
      const along = set.axis !== null && all.header(frames)?.dims[set.axis] === set.count;
      const arrays = along && set.axis !== null ? ofSample(all, set.axis, sample) : all;
      const header = arrays.header(frames);
      if (!header)
        throw new AttentionError("inputMissing", `The recording has no frames of ${camera}.`, {
          where: set.name,
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
      set.close();
    }
  }
  if ("image" in frames) return (await frameFiles(filled(frames.image))).read(0);
  if ("frames" in frames)
    return (await frameFiles(filled(frames.frames))).read(frames.frames.includes("{step}") ? 0 : step);
  return videoFrame(filled(frames.video), step);
}
