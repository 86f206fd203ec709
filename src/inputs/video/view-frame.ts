/** A frame that an open view decodes: the encoded pictures that it needs are read here and sent there. */
import path from "node:path";
import { AttentionError } from "../../shared/errors";
import { bytes as byteWords } from "../../shared/format";
import { type DecodedFrame, type EncodedFrame, MOST_ENCODED_BYTES } from "../../shared/video-frame";
import { diskFile } from "../files/byte-file";
import { refuseLargerImage } from "../limits";
import type { Picture } from "../pictures";
import { pictureOfPixels } from "./colour";
import { samplesFor, type VideoIndex, type VideoTrack } from "./video-index";

type Decoder = (encoded: EncodedFrame) => Promise<DecodedFrame>;

/** Why a view decoded nothing, as a clause; null where there is no view. */
interface Undecoded {
  readonly why: string | null;
}

let decoder: Decoder | null = null;

/** Who is asked for frames before ffmpeg is: this process has one client, which may have views. Null for nobody. */
export function decodeWith(views: Decoder | null): void {
  decoder = views;
}

/** @throws fileUnreadable where the file ends before the frame */
export async function viewFrame(
  file: string,
  index: VideoIndex,
  frame: number,
): Promise<{ readonly picture: Picture } | Undecoded> {
  const { track } = index;
  if (!decoder) return { why: null };
  if (track.codec.browser === null) return { why: "no browser has a decoder for it" };
  let why = "the browser's decoder gives no picture for that frame";
  // Pictures may refer to what lies before the nearest key frame, as far as the beginning.
  for (const [first, last] of startsFor(index, frame)) {
    const bytes = track.samples.slice(first, last + 1).reduce((all, sample) => all + sample.bytes, 0);
    if (bytes > MOST_ENCODED_BYTES)
      return { why: `the frame lies ${byteWords(bytes)} behind its key frame, which is too far` };
    const reply = await answerOf(decoder, encodedFrame(file, index, first, last));
    if (reply.status === "decoded") {
      const { width, height } = reply.pixels;
      const where = path.basename(file);
      refuseLargerImage(width, height, where);
      return { picture: turned(pictureOfPixels(reply.pixels, track.colour, where), track.rotation) };
    }
    if (reply.status === "refused") return { why: reply.why === "" ? null : reply.why };
    ({ why } = reply);
  }
  return { why };
}

/** An answer that does not come, or has not the agreed form, is none. */
async function answerOf(ask: Decoder, encoded: EncodedFrame): Promise<DecodedFrame> {
  try {
    return await ask(encoded);
  } catch (error) {
    return { status: "refused", why: `the view did not answer (${AttentionError.wrap(error).message})` };
  }
}

/** Where decoding may begin: the nearest key frame, the one before, and the first of all. */
function startsFor(index: VideoIndex, frame: number): (readonly [number, number])[] {
  const starts = [samplesFor(index, frame), samplesFor(index, frame, 1)].filter((start) => start !== null);
  const last = starts[0]?.[1];
  const first = index.track.samples.findIndex(({ key }) => key);
  if (last !== undefined && first >= 0 && starts.every(([start]) => start > first))
    starts.push([first, last]);
  return starts;
}

function encodedFrame(file: string, { track, ranks }: VideoIndex, first: number, last: number): EncodedFrame {
  const { codec, colour, width, height } = track;
  const samples = track.samples
    .slice(first, last + 1)
    .map(({ start, bytes, key }, at) => ({ start, bytes, key, rank: ranks[first + at] ?? 0 }))
    .filter(({ bytes }) => bytes > 0);
  const data = new Uint8Array(samples.reduce((all, { bytes }) => all + bytes, 0));
  const source = diskFile(file, path.basename(file));
  try {
    let at = 0;
    for (const { start, bytes } of samples) {
      if (start + bytes > source.size)
        throw new AttentionError("fileUnreadable", "The video is cut short: it ends before this frame.", {
          where: source.name,
          fix: "Record or copy it again.",
        });
      data.set(source.read(start, start + bytes), at);
      at += bytes;
    }
  } finally {
    source.close();
  }
  return {
    codec: codec.browser ?? "",
    description: codec.description ? Uint8Array.from(codec.description).buffer : null,
    ...{ width, height, colour },
    samples: samples.map(({ bytes, key, rank }) => ({ bytes, key, rank })),
    data: data.buffer,
    rank: ranks[last] ?? 0,
  };
}

/** A picture turned clockwise. */
function turned(picture: Picture, rotation: VideoTrack["rotation"]): Picture {
  if (rotation === 0) return picture;
  const { width, height, data } = picture;
  const [toWidth, toHeight] = rotation === 180 ? [width, height] : [height, width];
  const out = new Uint8Array(data.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [toX, toY] =
        rotation === 90
          ? [height - 1 - y, x]
          : rotation === 180
            ? [width - 1 - x, height - 1 - y]
            : [y, width - 1 - x];
      const [from, to] = [(y * width + x) * 3, (toY * toWidth + toX) * 3];
      for (let colour = 0; colour < 3; colour++) out[to + colour] = data[from + colour] ?? 0;
    }
  return { width: toWidth, height: toHeight, channels: 3, data: out };
}
