/**
 * Sizes beyond which an input is refused by what it declares, before anything of it is unpacked or decoded. All grow
 * with one factor, the setting `attentionLens.inputs.limitFactor` (`ATTENTION_LENS_INPUT_LIMIT_FACTOR`).
 */
import { AttentionError } from "../shared/errors";
import { bytes as formatBytes } from "../shared/format";

const limits = {
  /** Arrays of one file, unpacked. */
  arrays: 4e9,
  /** A file that can only be read whole: JSON, CSV. */
  text: 256e6,
  /** A tokenizer.json. The largest in use are about 35 MB. */
  tokenizer: 64e6,
  /** An image file, and a frame of a video. */
  image: 256e6,
} as const;

/** Pixels along a side of an image. */
const IMAGE_SIDE = 16_384;

function factor(): number {
  const asked = Number(process.env["ATTENTION_LENS_INPUT_LIMIT_FACTOR"]);
  return asked > 0 ? asked : 1;
}

const raise =
  "If it is what you mean, raise the setting attentionLens.inputs.limitFactor " +
  "(ATTENTION_LENS_INPUT_LIMIT_FACTOR on the command line).";

/** Refuses `size` bytes of a kind of input. @param what the sentence's subject: "The archive" */
export function refuseLarger(kind: keyof typeof limits, size: number, what: string, where: string): void {
  const most = limits[kind] * factor();
  if (size <= most) return;
  throw new AttentionError(
    "inputTooLarge",
    `${what} has ${formatBytes(size)}, and the limit is ${formatBytes(most)}.`,
    {
      where,
      fix: raise,
    },
  );
}

/** Refuses an image by the pixels that its header declares. */
export function refuseLargerImage(width: number, height: number, where: string): void {
  const most = IMAGE_SIDE * factor();
  if (width <= most && height <= most) return;
  throw new AttentionError(
    "inputTooLarge",
    `The image is ${width} × ${height} pixels, and the limit is ${most} a side.`,
    { where, fix: raise },
  );
}

/** Pixels of the largest picture, for a decoder that is told before it begins. */
export function mostPixels(): number {
  return Math.min(2 ** 31 - 1, (IMAGE_SIDE * factor()) ** 2);
}
