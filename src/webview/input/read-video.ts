/** The bytes of a video on disk, fetched in parts: a message must not hold all of them. */
import { AttentionError } from "../../shared/errors";
import { bytes as byteWords } from "../../shared/format";
import { MOST_VIDEO_PART } from "../../shared/protocol";
import type { Host } from "../host";

/** Above that a browser would be given more than it may hold. */
const MOST_BYTES = 1e9;

export async function readVideo(calls: Host["calls"], file: string): Promise<Blob> {
  const parts: ArrayBuffer[] = [];
  let read = 0;
  for (let size = 1; read < size;) {
    const part = await calls.readVideo({ file, start: read, bytes: MOST_VIDEO_PART });
    ({ size } = part);
    if (size > MOST_BYTES)
      throw new AttentionError(
        "inputTooLarge",
        `The video has ${byteWords(size)}, and the view decodes at most ${byteWords(MOST_BYTES)}.`,
        { where: file, fix: "Cut a part out of it: ffmpeg -ss 10 -t 5 -i video.mp4 -c copy part.mp4." },
      );
    if (part.bytes.byteLength === 0) break;
    parts.push(part.bytes);
    read += part.bytes.byteLength;
  }
  return new Blob(parts);
}
