/** Pictures from files, folders, videos and recorded arrays: refused by the size that they declare, then decoded. */
import { execFile } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
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
    const { width, height, pages = 1 } = await sharp(file, { limitInputPixels: false }).metadata();
    refuseLargerImage(width, height, where);
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

function grey(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length * 3);
  bytes.forEach((value, at) => out.fill(value, at * 3, at * 3 + 3));
  return out;
}

export interface Frames {
  readonly count: number;
  /** The file that a frame lies in. */
  file(frame: number): string;
  read(frame: number): Promise<Picture>;
}

/** Pictures of a folder, of a pattern of names (left/*.png), or the frames of a GIF, in the order of their names. */
export async function frameFiles(place: string): Promise<Frames> {
  const stats = statSync(place, { throwIfNoEntry: false });
  if (stats?.isFile()) {
    const { pages = 1 } = /\.(gif|webp|tiff?)$/i.test(place) ? await sharp(place).metadata() : {};
    return {
      count: pages,
      file: () => place,
      read: (frame) => readPicture(place, path.basename(place), frame),
    };
  }
  const folder = stats?.isDirectory() ? place : path.dirname(place);
  const names = existsSync(folder) ? pictureNames(folder, folder === place ? "*" : path.basename(place)) : [];
  if (names.length === 0)
    throw new AttentionError("fileNotFound", "There are no pictures.", { where: place });
  const nameOf = (frame: number): string => {
    const name = names[frame];
    if (name !== undefined) return name;
    throw new AttentionError(
      "inputMissing",
      `There is no frame ${frame}; there are ${names.length}, from 0.`,
      { where: place },
    );
  };
  return {
    count: names.length,
    file: (frame) => path.join(folder, nameOf(frame)),
    read: (frame) => readPicture(path.join(folder, nameOf(frame)), nameOf(frame)),
  };
}

const run = promisify(execFile);

/** One frame of a video, decoded by the `ffmpeg` that is on the PATH. */
export async function videoFrame(file: string, frame: number): Promise<Picture> {
  const where = path.basename(file);
  if (!existsSync(file))
    throw new AttentionError("fileNotFound", "The video does not exist.", { where: file });
  try {
    // `select` counts frames as they are decoded, so that a variable frame rate does not matter.
    const { stdout } = await run(
      "ffmpeg",
      // A path that begins with a dash would be an option; the protocol keeps playlists from reading other places.
      ["-v", "error", "-protocol_whitelist", "file,pipe", "-i", `file:${path.resolve(file)}`]
        .concat(["-vf", `select=eq(n\\,${frame})`, "-frames:v", "1"])
        .concat(["-f", "image2pipe", "-c:v", "png", "-"]),
      { encoding: "buffer", maxBuffer: 1 << 30, timeout: 120_000 },
    );
    if (stdout.length === 0)
      throw new AttentionError("inputMissing", `The video has no frame ${frame}.`, { where });
    return await readPicture(new Uint8Array(stdout), where);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT")
      throw new AttentionError(
        "frameUnreadable",
        "Videos are decoded by ffmpeg, and it is not on the PATH.",
        {
          where,
          fix: "Install ffmpeg, or take the frame out of the video as a picture and give it with --image.",
          cause: error,
        },
      );
    if (error instanceof AttentionError) throw error;
    const told = (error as { stderr?: Buffer }).stderr?.toString().trim().split("\n").at(-1);
    throw new AttentionError("frameUnreadable", told ? `${told}.` : "ffmpeg could not decode it.", {
      where,
      cause: error,
    });
  }
}

/**
 * A recorded picture as bytes: [height, width, channels], [channels, height, width] or [height, width], of bytes, or of
 * numbers from 0 to 1 or −1 to 1.
 */
export function arrayPicture(
  { data, dims }: NamedArray,
  where: string,
  order?: "HWC" | "CHW" | "HW",
): Picture {
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
  const out = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let colour = 0; colour < 3; colour++) {
      const channel = channels < 3 ? 0 : colour;
      const value = Number(data[chw ? channel * width * height + pixel : pixel * channels + channel]);
      out[pixel * 3 + colour] = Math.max(0, Math.min(255, Math.round((value + offset) * scale)));
    }
  }
  return { width, height, channels: 3, data: out };
}
