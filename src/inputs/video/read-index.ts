/** The index of a video file of any container that is read here: MP4 and MOV, WebM and Matroska. */
import path from "node:path";
import { diskFile } from "../files/byte-file";
import { settledStamp } from "../files/file-stamp";
import { refuseLfsPointer } from "../files/lfs-pointer";
import { isMatroska, matroskaTrack } from "./matroska";
import { isMp4, mp4Track } from "./mp4";
import { type VideoIndex, videoIndex } from "./video-index";

/** Videos whose indices are kept: an hour of frames is a few megabytes. */
const MOST_KEPT = 8;

const kept = new Map<string, { readonly stamp: string; readonly index: VideoIndex | null }>();

/**
 * @returns null for a container of another kind, which only ffmpeg may know
 * @throws frameUnreadable or fileUnreadable where the container is broken, or holds no pictures; inputRefused where only
 *   ffmpeg knows its frames: edits of several parts, packed pictures
 */
export function readVideoIndex(file: string): VideoIndex | null {
  const stamp = settledStamp(file);
  const known = kept.get(file);
  if (known && known.stamp === stamp) return known.index;
  kept.delete(file);
  const bytes = diskFile(file, path.basename(file));
  try {
    const head = bytes.read(0, Math.min(200, bytes.size));
    refuseLfsPointer(head, bytes.name);
    const track = isMatroska(head) ? matroskaTrack(bytes) : isMp4(head) ? mp4Track(bytes) : null;
    const index = track && videoIndex(track, bytes.name);
    if (stamp !== null) kept.set(file, { stamp, index });
    for (const oldest of kept.keys()) {
      if (kept.size <= MOST_KEPT) break;
      kept.delete(oldest);
    }
    return index;
  } finally {
    bytes.close();
  }
}
