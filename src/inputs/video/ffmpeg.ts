/** Frames of videos, decoded by the `ffmpeg` that is on the PATH. */
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { AttentionError } from "../../shared/errors";
import { mostPixels } from "../limits";
import { type Picture, readPicture } from "../pictures";

const run = promisify(execFile);

/** Longest that one frame may take: it is counted from the beginning of the video. */
const LONGEST_MS = 120_000;

/**
 * One frame of a video by its number, in the order in which they are shown. Frames are counted as they are decoded, so
 * that neither a rate that varies nor frames that are never shown matter; a late frame of a long video takes its time.
 */
export async function ffmpegFrame(file: string, frame: number): Promise<Picture> {
  const picture = await decoded(file, [], ["-vf", `select=eq(n\\,${frame})`]);
  if (picture) return picture;
  throw noFrame(file, frame, await frameCount(file));
}

/**
 * The frame that is shown at a time: the first whose own time is not more than half a frame before it. What lies before
 * the key frame in front of it is not decoded.
 * @param seconds from the beginning of the video
 * @param between seconds from frame to frame
 */
export async function ffmpegFrameAt(file: string, seconds: number, between: number): Promise<Picture> {
  const from = Math.max(0, seconds - between / 2);
  const picture = await decoded(file, ["-ss", from.toFixed(6)], []);
  if (picture) return picture;
  throw endsBefore(file, seconds);
}

/** @param count number of the frames that there are; null where it is not known */
export function noFrame(file: string, frame: number, count: number | null): AttentionError {
  return new AttentionError(
    "inputMissing",
    `The video has no frame ${frame}${count === null ? "" : `; there are ${count}, from 0`}.`,
    {
      where: path.basename(file),
      fix: "Choose one that is there; a video of an episode has a frame for each of its steps.",
    },
  );
}

export function endsBefore(file: string, seconds: number, ends?: number): AttentionError {
  const last = ends === undefined ? "" : `: its last frame is shown at ${ends.toFixed(2)} s`;
  return new AttentionError("inputMissing", `The video ends before ${seconds.toFixed(2)} s${last}.`, {
    where: path.basename(file),
    fix: "The video is shorter than what was recorded beside it: record or download it again.",
  });
}

/** Whether an error says that there is no ffmpeg. */
export const isWithoutFfmpeg = (error: unknown): boolean =>
  error instanceof AttentionError && (error.cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT";

/** The first frame that comes out, as a picture; null where none does. */
async function decoded(
  file: string,
  before: readonly string[],
  after: readonly string[],
): Promise<Picture | null> {
  const where = path.basename(file);
  try {
    const { stdout } = await run(
      "ffmpeg",
      ["-v", "error", ...before, ...input(file), "-map", "0:v:0", ...after].concat([
        "-frames:v",
        "1",
        "-f",
        "image2pipe",
        "-c:v",
        "png",
        "-",
      ]),
      { encoding: "buffer", maxBuffer: 1 << 30, timeout: LONGEST_MS },
    );
    return stdout.length === 0 ? null : await readPicture(new Uint8Array(stdout), where);
  } catch (error) {
    throw videoError(error, where);
  }
}

/** A path that begins with a dash would be an option; the protocol keeps playlists from reading other places. */
const input = (file: string) => [
  "-max_pixels",
  String(mostPixels()),
  "-protocol_whitelist",
  "file,pipe",
  "-i",
  `file:${path.resolve(file)}`,
];

/** Number of frames of a video, by decoding it; null where ffprobe is not there, or cannot tell. */
async function frameCount(file: string): Promise<number | null> {
  try {
    const { stdout } = await run(
      "ffprobe",
      ["-v", "error", "-select_streams", "v:0", "-count_frames", "-of", "csv=p=0"].concat(
        ["-show_entries", "stream=nb_read_frames"],
        input(file),
      ),
      { timeout: LONGEST_MS },
    );
    return /^\d+/.test(stdout) ? Number.parseInt(stdout, 10) : null;
  } catch {
    return null;
  }
}

function videoError(error: unknown, where: string): AttentionError {
  if (error instanceof AttentionError) return error;
  const { code, killed, stderr } = error as NodeJS.ErrnoException & { killed?: boolean; stderr?: Buffer };
  if (code === "ENOENT")
    return new AttentionError("frameUnreadable", "Videos are decoded by ffmpeg, and it is not on the PATH.", {
      where,
      fix: "Install ffmpeg (https://ffmpeg.org), open the model in the view, which decodes videos itself, or give a frame as a picture with --image.",
      cause: error,
    });
  if (killed === true)
    return new AttentionError(
      "frameUnreadable",
      `ffmpeg was stopped after ${LONGEST_MS / 1000} s without the frame.`,
      {
        where,
        fix: "Cut the video shorter, or take the frame out of it and give it with --image.",
        cause: error,
      },
    );
  const told = stderr?.toString().trim().split("\n").at(-1);
  return new AttentionError("frameUnreadable", told ? `${told}.` : "ffmpeg could not decode it.", {
    where,
    cause: error,
  });
}
