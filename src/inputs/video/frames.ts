/**
 * Frames of videos. The container's tables say where a frame is; a view decodes it where one is open, else ffmpeg does.
 * A frame's number is its place in the order in which frames are shown, whoever decodes it.
 */
import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { AttentionError } from "../../shared/errors";
import { settledStamp } from "../files/file-stamp";
import { refuseLargerImage } from "../limits";
import type { Picture } from "../pictures";
import { endsBefore, ffmpegFrame, ffmpegFrameAt, isWithoutFfmpeg, noFrame } from "./ffmpeg";
import { readVideoIndex } from "./read-index";
import { frameFrom, type VideoIndex } from "./video-index";
import { viewFrame } from "./view-frame";

/** Bytes of decoded frames that are kept: a frame is asked for by the model and by the view. */
const MOST_KEPT_BYTES = 64e6;

const kept = new Map<string, Picture>();

/** One frame of a video by its number. */
export async function videoFrame(file: string, frame: number): Promise<Picture> {
  const found = indexOf(file);
  if (!found.index) return decoded(file, found, frame, () => ffmpegFrame(file, frame));
  if (frame >= found.index.frames.length) throw noFrame(file, frame, found.index.frames.length);
  return decoded(file, found, frame, () => ffmpegFrame(file, frame));
}

/**
 * The frame that is shown at a time: the first whose own time is not more than half a frame before it.
 * @param seconds after the first frame
 * @param between seconds from frame to frame
 */
export async function videoFrameAt(file: string, seconds: number, between: number): Promise<Picture> {
  const found = indexOf(file);
  const byTime = () => ffmpegFrameAt(file, seconds, between);
  if (!found.index) return decoded(file, found, null, byTime);
  const frame = frameFrom(found.index, seconds - between / 2);
  if (frame >= found.index.frames.length) throw endsBefore(file, seconds, found.index.seconds.at(-1));
  return decoded(file, found, frame, byTime);
}

/** Number of the frames of a video; null where its container does not tell it here. */
export function frameCountOf(file: string): number | null {
  return indexOf(file).index?.frames.length ?? null;
}

/** Number of the frames that are shown from a time on, in a video that episodes may share; null as above. */
export function frameCountFrom(file: string, seconds: number, between: number): number | null {
  const { index } = indexOf(file);
  return index && index.frames.length - frameFrom(index, seconds - between / 2);
}

/** The index of a video, or what is wrong with it: ffmpeg may know more, and is asked before that is said. */
interface Found {
  readonly index: VideoIndex | null;
  readonly problem: AttentionError | null;
}

function indexOf(file: string): Found {
  if (!existsSync(file))
    throw new AttentionError("fileNotFound", "The video does not exist.", {
      where: file,
      fix: "Check the path; of a data set, download the folder videos as well.",
    });
  if (statSync(file).size === 0)
    throw new AttentionError("frameUnreadable", "The video is empty: it has 0 bytes.", {
      where: path.basename(file),
      fix: "Record or copy it again; of a repository, run git lfs pull.",
    });
  try {
    return { index: readVideoIndex(file), problem: null };
  } catch (error) {
    return { index: null, problem: AttentionError.wrap(error, "frameUnreadable") };
  }
}

/** @param frame null where it is not known; @param byFfmpeg asks ffmpeg for it */
async function decoded(
  file: string,
  { index, problem }: Found,
  frame: number | null,
  byFfmpeg: () => Promise<Picture>,
): Promise<Picture> {
  const where = path.basename(file);
  const stamp = frame === null ? null : settledStamp(file);
  const key = `${file} ${stamp} ${frame}`;
  const known = stamp === null ? undefined : kept.get(key);
  if (known) return known;
  if (index) refuseLargerImage(index.track.width, index.track.height, where);
  const viewed = index && frame !== null ? await viewFrame(file, index, frame) : null;
  const picture =
    viewed && "picture" in viewed
      ? viewed.picture
      : await byFfmpeg().catch((error: unknown) => {
          throw undecoded(error, index, problem, viewed?.why ?? null, where);
        });
  if (stamp !== null) keep(key, picture);
  return picture;
}

/** What to say where nobody decoded it. @param why what the view said, as a clause; null where none was asked */
function undecoded(
  error: unknown,
  index: VideoIndex | null,
  problem: AttentionError | null,
  why: string | null,
  where: string,
): unknown {
  if (problem) return problem;
  const codec = index?.track.codec.name;
  if (!(error instanceof AttentionError) || error.code !== "frameUnreadable" || codec === undefined)
    return error;
  const missing = isWithoutFfmpeg(error);
  if (why === null && missing) return error;
  const said = missing ? "ffmpeg is not on the PATH" : `ffmpeg says: ${error.detail.replace(/\.$/, "")}`;
  return new AttentionError(
    "frameUnreadable",
    why === null
      ? `The video (${codec}) cannot be decoded: ${said}.`
      : `The video (${codec}) cannot be decoded: ${why}, and ${said}.`,
    {
      where,
      fix: `${missing ? "Install ffmpeg (https://ffmpeg.org), or write" : "Write"} the video as WebM, which every view plays: ffmpeg -i ${where} -c:v libvpx-vp9 video.webm.`,
      cause: error,
    },
  );
}

function keep(key: string, picture: Picture): void {
  kept.delete(key);
  kept.set(key, picture);
  let bytes = 0;
  for (const { data } of kept.values()) bytes += data.length;
  for (const [oldest, { data }] of kept) {
    if (bytes <= MOST_KEPT_BYTES) break;
    kept.delete(oldest);
    bytes -= data.length;
  }
}
