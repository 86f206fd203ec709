/** Which part of a picture a model sees once it is prepared: what a crop about the middle leaves, and borders. */
import type { TokenGrid } from "../shared/capture";
import type { Preparation } from "./image-tensor";

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The size that the whole picture is brought to before the model's part of it is taken, in px. */
export function scaledSize(
  { width, height }: Size,
  { width: toWidth, height: toHeight, resize, pad, cover }: Omit<Preparation, "assumed">,
): Size {
  if (resize && "shortest" in resize) {
    const ratio = resize.shortest / Math.min(width, height);
    // transformers cuts the longer side down to whole pixels.
    return {
      width: width <= height ? resize.shortest : Math.trunc(width * ratio),
      height: height <= width ? resize.shortest : Math.trunc(height * ratio),
    };
  }
  if (resize) return resize;
  if (!(pad || cover || width < toWidth || height < toHeight)) return { width, height };
  const ratios = [toWidth / width, toHeight / height];
  const ratio = pad ? Math.min(...ratios) : Math.max(...ratios);
  return { width: Math.max(1, Math.round(width * ratio)), height: Math.max(1, Math.round(height * ratio)) };
}

/** What a grid over the model's picture lies over: null for the whole picture, and for no borders. */
export type PicturePlace = Pick<TokenGrid, "crop" | "padding">;

/** @param picture as it was given @param how it was prepared */
export function placeOnPicture(picture: Size, how: Preparation): PicturePlace {
  const scaled = scaledSize(picture, how);
  const across = side(picture.width, scaled.width, how.width);
  const down = side(picture.height, scaled.height, how.height);
  const whole =
    across.from === 0 && across.size === picture.width && down.from === 0 && down.size === picture.height;
  const borders = [across.before, across.after, down.before, down.after];
  return {
    crop: whole ? null : { x: across.from, y: down.from, width: across.size, height: down.size },
    padding: borders.every((border) => border === 0)
      ? null
      : { left: across.before, top: down.before, right: across.after, bottom: down.after },
  };
}

/** Along one side: the part of the picture in its own px, and the borders in px of the model's picture. */
function side(own: number, scaled: number, model: number) {
  const begins = Math.floor((scaled - model) / 2);
  const taken = Math.min(scaled, model);
  const before = Math.max(0, -begins);
  return {
    from: (Math.max(0, begins) * own) / scaled,
    size: (taken * own) / scaled,
    before,
    after: model - taken - before,
  };
}
