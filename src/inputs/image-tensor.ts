/** A picture as the tensor that a model wants: resized, cropped, rescaled, normalised, in the order of its axes. */
import { readFileSync } from "node:fs";
import sharp from "sharp";
import * as z from "zod";
import { AttentionError } from "../shared/errors";
import type { TensorSignature } from "../shared/model";
import type { NamedArray } from "./arrays";
import { scaledSize } from "./picture-place";
import type { Picture } from "./pictures";

export interface Preparation {
  /** Pixels that the model sees. */
  readonly width: number;
  readonly height: number;
  /** The whole is resized to that, then cropped about the middle; `shortest` keeps the shape. */
  readonly resize: { readonly width: number; readonly height: number } | { readonly shortest: number } | null;
  /** Borders instead of a crop where the shape differs. */
  readonly pad: boolean;
  /** Made as small as covers that size before the crop. */
  readonly cover: boolean;
  readonly kernel: "nearest" | "linear" | "cubic" | "lanczos3";
  /** Bytes are multiplied by that, then `mean` is subtracted and `std` divided by. */
  readonly scale: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly channels: "RGB" | "BGR" | "grey";
  readonly layout: "NCHW" | "NHWC" | "CHW" | "HWC" | "NHW" | "HW";
  /** What nothing says and was assumed, in words. */
  readonly assumed: readonly string[];
}

const sizeSchema = z.union([
  z.number(),
  z.object({ height: z.number(), width: z.number() }),
  z.object({ shortest_edge: z.number() }),
]);
/** preprocessor_config.json of transformers; what it holds beside these is the image processor's own. */
const configSchema = z.object({
  do_resize: z.boolean().optional(),
  size: sizeSchema.optional().catch(undefined),
  resample: z.number().optional(),
  do_center_crop: z.boolean().optional(),
  crop_size: sizeSchema.optional().catch(undefined),
  do_rescale: z.boolean().optional(),
  rescale_factor: z.number().optional(),
  do_normalize: z.boolean().optional(),
  image_mean: z.array(z.number()).optional(),
  image_std: z.array(z.number()).optional(),
  do_flip_channel_order: z.boolean().optional(),
});
export type ImageConfig = z.infer<typeof configSchema>;

/** preprocessor_config.json, or null where there is none. */
export function readImageConfig(file: string): ImageConfig | null {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return null;
  }
  try {
    const json = JSON.parse(text) as { image_processor?: unknown };
    return configSchema.parse(json.image_processor ?? json);
  } catch (error) {
    throw new AttentionError("fileUnreadable", "It is not an image processor's configuration.", {
      where: file,
      cause: error,
    });
  }
}

/** Filters by PIL's numbers. */
const kernels: Readonly<Record<number, Preparation["kernel"]>> = {
  0: "nearest",
  1: "lanczos3",
  2: "linear",
  3: "cubic",
};
const DEFAULT_SIDE = 224;

/** Whether an input takes pictures: four axes (or three without a batch), one of them of colours. */
export function takesPicture({ name, dtype, dims }: TensorSignature): boolean {
  if (!dims || !/^(float|uint8|bfloat)/.test(dtype)) return false;
  const named = /pixel|image|img|frame|camera|obs.*rgb/i.test(name);
  const colours = (axis: number) => dims[axis] === 3 || dims[axis] === 1 || typeof dims[axis] === "string";
  if (dims.length === 4) return dims[1] === 3 || dims[3] === 3 || (named && (colours(1) || colours(3)));
  return dims.length === 3 && named && (dims[0] === 3 || dims[2] === 3);
}

type Said = Partial<Pick<Preparation, "channels" | "layout" | "scale" | "mean" | "std">> & {
  readonly size?: readonly [height: number, width: number] | undefined;
  readonly fit?: "stretch" | "crop" | "pad" | undefined;
};

/** How a picture is prepared: by the manifest, else by the configuration, else by the input's shape. */
export function preparationFor(input: TensorSignature, said: Said, config: ImageConfig | null): Preparation {
  const dims = input.dims ?? [];
  const assumed: string[] = [];
  const layout = said.layout ?? layoutOf(dims);
  const at = (letter: "H" | "W") => {
    const dim = dims[layout.indexOf(letter)];
    return typeof dim === "number" && dim > 0 ? dim : undefined;
  };
  const cropped = config?.do_center_crop === true ? sides(config.crop_size ?? config.size) : undefined;
  const resized = config && config.do_resize !== false ? sides(config.size) : undefined;
  const target = said.size
    ? { height: said.size[0], width: said.size[1] }
    : (cropped ?? (resized && "width" in resized ? resized : undefined));
  const whole = target && "width" in target ? target : undefined;
  const [height, width] = [
    at("H") ?? whole?.height ?? (target && "shortest" in target ? target.shortest : DEFAULT_SIDE),
    at("W") ?? whole?.width ?? (target && "shortest" in target ? target.shortest : DEFAULT_SIDE),
  ];
  if (!said.size && !target && (at("H") === undefined || at("W") === undefined))
    assumed.push(`the picture is ${width} × ${height} px`);
  if (!config && said.scale === undefined && said.mean === undefined)
    assumed.push("colours are numbers from 0 to 1, not normalised");
  const fit = said.fit ?? (config?.do_center_crop === true ? "crop" : "stretch");
  const resize = said.fit
    ? fit === "stretch"
      ? { width, height }
      : null
    : config?.do_resize === false
      ? null
      : (resized ?? { width, height });
  const isByte = input.dtype === "uint8";
  return {
    width,
    height,
    resize,
    pad: fit === "pad",
    cover: said.fit === "crop",
    kernel: kernels[config?.resample ?? 2] ?? "linear",
    scale:
      said.scale ??
      (config
        ? config.do_rescale === false
          ? 1
          : (config.rescale_factor ?? 1 / 255)
        : isByte
          ? 1
          : 1 / 255),
    mean: said.mean ?? (config && config.do_normalize !== false ? (config.image_mean ?? [0]) : [0]),
    std: said.std ?? (config && config.do_normalize !== false ? (config.image_std ?? [1]) : [1]),
    channels: said.channels ?? (config?.do_flip_channel_order === true ? "BGR" : "RGB"),
    layout,
    assumed,
  };
}

function layoutOf(dims: readonly unknown[]): Preparation["layout"] {
  if (dims.length === 2) return "HW";
  if (dims.length === 3)
    return dims[0] === 3 || dims[0] === 1 ? "CHW" : dims[2] === 3 || dims[2] === 1 ? "HWC" : "NHW";
  return dims[3] === 3 || (dims[3] === 1 && dims[1] !== 1) ? "NHWC" : "NCHW";
}

function sides(
  size: z.infer<typeof sizeSchema> | undefined,
): { width: number; height: number } | { shortest: number } | undefined {
  if (size === undefined) return undefined;
  if (typeof size === "number") return { width: size, height: size };
  return "shortest_edge" in size
    ? { shortest: size.shortest_edge }
    : { width: size.width, height: size.height };
}

/**
 * The tensor of a picture, float32 (or bytes), with a batch of one where the layout has a batch.
 * @param exact the picture's colours before they became bytes: used where nothing is resized
 */
export async function pictureTensor(
  picture: Picture,
  how: Preparation,
  dtype: string,
  exact?: ArrayLike<number>,
): Promise<NamedArray> {
  if (exact && picture.width === how.width && picture.height === how.height)
    return asTensor(exact, how, dtype);
  const raw = { width: picture.width, height: picture.height, channels: picture.channels } as const;
  let image = sharp(picture.data, { raw, limitInputPixels: false });
  const { width, height, resize, kernel } = how;
  const now = scaledSize(picture, how);
  if (resize || now.width !== picture.width || now.height !== picture.height)
    image = image.resize(now.width, now.height, { fit: "fill", kernel });
  const resizedPixels = await image.raw().toBuffer();
  const fitted = placed(resizedPixels, now.width, now.height, width, height);
  return asTensor(fitted, how, dtype);
}

/** The middle of a picture, or the picture in the middle of black, where it is smaller. */
function placed(
  pixels: Uint8Array,
  width: number,
  height: number,
  toWidth: number,
  toHeight: number,
): Uint8Array {
  if (width === toWidth && height === toHeight) return pixels;
  const out = new Uint8Array(toWidth * toHeight * 3);
  const [left, top] = [Math.floor((width - toWidth) / 2), Math.floor((height - toHeight) / 2)];
  for (let y = 0; y < toHeight; y++) {
    for (let x = 0; x < toWidth; x++) {
      const [fromX, fromY] = [x + left, y + top];
      if (fromX < 0 || fromY < 0 || fromX >= width || fromY >= height) continue;
      const from = (fromY * width + fromX) * 3;
      out.set(pixels.subarray(from, from + 3), (y * toWidth + x) * 3);
    }
  }
  return out;
}

function asTensor(pixels: ArrayLike<number>, how: Preparation, dtype: string): NamedArray {
  const { width, height, layout, channels, scale, mean, std } = how;
  const count = channels === "grey" || !layout.includes("C") ? 1 : 3;
  const values = new Float32Array(width * height * count);
  const first = layout.indexOf("C") !== -1 && layout.indexOf("C") < layout.indexOf("H");
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < count; channel++) {
      const at = pixel * 3;
      const colour = channels === "BGR" ? 2 - channel : channel;
      const byte =
        count === 1
          ? // Luma of ITU-R 601, as PIL's "L" has it.
            ((pixels[at] ?? 0) * 299 + (pixels[at + 1] ?? 0) * 587 + (pixels[at + 2] ?? 0) * 114) / 1000
          : (pixels[at + colour] ?? 0);
      const value = (byte * scale - (mean[channel] ?? mean[0] ?? 0)) / (std[channel] ?? std[0] ?? 1);
      values[first ? channel * width * height + pixel : pixel * count + channel] = value;
    }
  }
  const sizes: Readonly<Record<string, number>> = { N: 1, C: count, H: height, W: width };
  const dims = [...layout].map((axis) => sizes[axis] ?? 1);
  return dtype === "uint8"
    ? { dtype, dims, data: Uint8Array.from(values, (value) => Math.max(0, Math.min(255, Math.round(value)))) }
    : { dtype: "float32", dims, data: values };
}
