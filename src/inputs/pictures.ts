/** Pictures from files, folders and recorded arrays: refused by the size that they declare, then decoded. */
import { existsSync, statSync } from "node:fs";
import path from "node:path";
import sharp from "sharp";
import { AttentionError } from "../shared/errors";
import type { NamedArray } from "./arrays";
import { countOf } from "./files/lazy-arrays";
import { pictureNames } from "./frame-list";
import { refuseLarger, refuseLargerImage } from "./limits";

/** Bytes of colours, row by row from the top left. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue. */
  readonly channels: 3;
  readonly data: Uint8Array;
}

const undecodable = (error: unknown, where: string) =>
  error instanceof AttentionError
    ? error
    : new AttentionError(
        "frameUnreadable",
        error instanceof Error ? `${error.message.split("\n")[0]}.` : "",
        {
          where,
          cause: error,
        },
      );

/** A picture of a file; `page` counts the frames of a GIF. Transparency is laid on black. */
export async function readPicture(file: string | Uint8Array, where: string, page = 0): Promise<Picture> {
  try {
    if (typeof file === "string") {
      if (!existsSync(file))
        throw new AttentionError("fileNotFound", "The picture does not exist.", { where: file });
      refuseLarger("image", statSync(file).size, "The picture", where);
    }
    const options = { page, limitInputPixels: false } as const;
    const {
      width,
      height,
      pages = 1,
      format,
      depth,
    } = await sharp(file, {
      limitInputPixels: false,
    }).metadata();
    refuseLargerImage(width, height, where);
    refuseKind(format, depth, where);
    if (page >= pages)
      throw new AttentionError("inputMissing", `There is no frame ${page}; there are ${pages}, from 0.`, {
        where,
      });
    const { data, info } = await sharp(file, options)
      .rotate()
      .flatten({ background: "#000" })
      .toColourspace("srgb")
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.length);
    return {
      width: info.width,
      height: info.height,
      channels: 3,
      data: info.channels === 3 ? bytes : grey(bytes),
    };
  } catch (error) {
    throw undecodable(error, where);
  }
}

/** What is decoded; sharp would draw an SVG, and more besides. AVIF is a kind of HEIF. */
const formats = new Set(["png", "jpeg", "webp", "gif", "tiff", "heif"]);

function refuseKind(format: string, depth: string | undefined, where: string): void {
  if (!formats.has(format))
    throw new AttentionError("frameUnreadable", `It is ${format.toUpperCase()}, which is not read.`, {
      where,
    });
  // Nothing says which of its numbers are black and white.
  if (depth === "float" || depth === "double" || depth === "complex")
    throw new AttentionError("frameUnreadable", "It holds numbers of floating point, not colours.", {
      where,
      fix: "Save it with 8 or 16 bits a colour, or give its numbers as an array (npy).",
    });
}

function grey(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length * 3);
  bytes.forEach((value, at) => out.fill(value, at * 3, at * 3 + 3));
  return out;
}

/** Pictures that follow each other. */
export interface Frames {
  readonly count: number;
  /** The file that a frame lies in; throws where it is missing. */
  file(frame: number): string;
  read(frame: number): Promise<Picture>;
}

/**
 * Pictures of a folder, of a pattern of names (left/*.png), or the frames of a GIF. Names that end in numbers are
 * counted by these, so that a frame that is missing is said and does not move those after it.
 */
export async function frameFiles(place: string): Promise<Frames> {
  const stats = statSync(place, { throwIfNoEntry: false });
  if (stats?.isFile())
    return {
      count: await pagesOf(place),
      file: () => place,
      read: (frame) => readPicture(place, path.basename(place), frame),
    };
  const folder = stats?.isDirectory() ? place : path.dirname(place);
  const names = existsSync(folder) ? pictureNames(folder, folder === place ? "*" : path.basename(place)) : [];
  if (names.length === 0)
    throw new AttentionError("fileNotFound", "There are no pictures.", {
      where: place,
      fix: "Check the path: PNG, JPEG, WebP, GIF, TIFF and AVIF are read, links and hidden files are not.",
    });
  const numbered = frameNumbers(names);
  const count = numbered?.count ?? names.length;
  const nameOf = (frame: number): string => {
    const name = names[(numbered ? numbered.indexOf(frame) : frame) ?? -1];
    if (name !== undefined) return name;
    throw new AttentionError(
      "inputMissing",
      frame < count
        ? `The picture of frame ${frame} is missing: ${names.length} of ${count} are there, ${names[0]} to ${names.at(-1)}.`
        : `There is no frame ${frame}; there are ${count}, from 0.`,
      { where: place, fix: frame < count ? "Put it there, or choose another step." : "Choose one of these." },
    );
  };
  return {
    count,
    file: (frame) => path.join(folder, nameOf(frame)),
    read: (frame) => {
      const name = nameOf(frame);
      return readPicture(path.join(folder, name), path.join(path.basename(folder), name));
    },
  };
}

/** Number of the pictures that one file holds. */
async function pagesOf(file: string): Promise<number> {
  if (!/\.(gif|webp|tiff?)$/i.test(file)) return 1;
  try {
    return (await sharp(file, { limitInputPixels: false }).metadata()).pages ?? 1;
  } catch (error) {
    throw undecodable(error, file);
  }
}

/** The numbers that all names end in, counted from the first by the distance that they share; null without such. */
function frameNumbers(
  files: readonly string[],
): { count: number; indexOf: (frame: number) => number | undefined } | null {
  const numbers = files.map((file) => /(\d{1,12})\.\w+$/.exec(file)?.[1]).map(Number);
  const [first = NaN] = numbers;
  const rising = numbers.every((number, at) => at === 0 || number > (numbers[at - 1] ?? NaN));
  if (!Number.isFinite(first) || !rising || numbers.length < 2) return null;
  const between = numbers.slice(1).map((number, at) => number - (numbers[at] ?? 0));
  const apart = between.reduce(greatestDivisor);
  const count = ((numbers.at(-1) ?? first) - first) / apart + 1;
  // Numbers that are far apart are times, say: the pictures follow each other all the same.
  if (count > 2 * files.length) return null;
  const places = new Map(numbers.map((number, at) => [(number - first) / apart, at]));
  return { count, indexOf: (frame) => places.get(frame) };
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** A recorded picture, and the numbers that its bytes were made of. */
export interface ArrayPicture {
  readonly picture: Picture;
  /** Its colours on the scale of bytes, not rounded: (number + offset) · scale. */
  readonly exact: Float64Array;
  readonly offset: number;
  readonly scale: number;
}

/** A recorded picture as bytes, as `arrayPixels` reads it. */
export function arrayPicture(array: NamedArray, where: string, order?: "HWC" | "CHW" | "HW"): Picture {
  return arrayPixels(array, where, order).picture;
}

/**
 * A recorded picture: [height, width, channels], [channels, height, width] or [height, width], of bytes, or of numbers
 * from 0 to 1 or −1 to 1.
 */
export function arrayPixels(
  { data, dims }: NamedArray,
  where: string,
  order?: "HWC" | "CHW" | "HW",
): ArrayPicture {
  const bare = dims.slice(dims.length - Math.min(dims.length, order === "HW" ? 2 : 3));
  const chw =
    order === "CHW" ||
    (order === undefined && bare.length === 3 && (bare[0] ?? 0) <= 4 && (bare[2] ?? 0) > 4);
  const [channels, height, width] = (
    bare.length === 2 ? [1, bare[0], bare[1]] : chw ? bare : [bare[2], bare[0], bare[1]]
  ) as [number, number, number];
  if (
    Array.isArray(data) ||
    bare.length < 2 ||
    countOf(dims) !== channels * height * width ||
    channels > 4 ||
    width * height === 0
  )
    throw new AttentionError("frameUnreadable", `An array [${dims.join(", ")}] is no picture.`, { where });
  refuseLargerImage(width, height, where);
  let [least, most] = [Infinity, -Infinity];
  for (const value of data) {
    least = Math.min(least, Number(value));
    most = Math.max(most, Number(value));
  }
  const [offset, scale] =
    most > 1.001 || data instanceof Uint8Array ? [0, 1] : least < 0 ? [1, 127.5] : [0, 255];
  const exact = new Float64Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let colour = 0; colour < 3; colour++) {
      const channel = channels < 3 ? 0 : colour;
      const value = Number(data[chw ? channel * width * height + pixel : pixel * channels + channel]);
      exact[pixel * 3 + colour] = (value + offset) * scale;
    }
  }
  const bytes = Uint8Array.from(exact, (value) => Math.max(0, Math.min(255, Math.round(value))));
  return { picture: { width, height, channels: 3, data: bytes }, exact, offset, scale };
}
