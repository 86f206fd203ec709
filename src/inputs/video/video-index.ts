/**
 * Where the frames of a video are in its file, and when each is shown: read from the container's own tables, without
 * decoding. A frame's number is its place in the order in which frames are shown.
 */
import { AttentionError } from "../../shared/errors";
import type { VideoCodec } from "./codec";
import type { VideoColour } from "./colour";

/** What is stored of a picture, in the order in which it is decoded. */
export interface VideoSample {
  /** Place of its first byte in the file. */
  readonly start: number;
  readonly bytes: number;
  /** Whether decoding can begin with it. */
  readonly key: boolean;
  /** When it is shown, in units of `VideoTrack.unit`; two samples of one time are shown as they are decoded. */
  readonly time: number;
  /** Whether it is a picture of its own: some are only there for others to refer to, or lie outside of an edit. */
  readonly shown: boolean;
}

/** What a container says of its first video track. */
export interface VideoTrack {
  readonly codec: VideoCodec;
  /** Size of the stored pictures, in px. */
  readonly width: number;
  readonly height: number;
  /** How far the pictures are turned clockwise when they are shown, in degrees. */
  readonly rotation: 0 | 90 | 180 | 270;
  readonly colour: VideoColour;
  readonly samples: readonly VideoSample[];
  /** Seconds of a unit of the samples' times. */
  readonly unit: number;
}

export interface VideoIndex {
  readonly track: VideoTrack;
  /** Number of the sample of each frame. */
  readonly frames: readonly number[];
  /** Rank of each sample among all, by the time at which it would be shown: what is unique to it in a decoder. */
  readonly ranks: readonly number[];
  /** When each frame is shown, in seconds after the first. */
  readonly seconds: readonly number[];
}

/** @param where the file's name, for messages */
export function videoIndex(track: VideoTrack, where: string): VideoIndex {
  const { samples, unit } = track;
  const order = samples.map((_, sample) => sample);
  const time = (sample: number | undefined) => samples[sample ?? -1]?.time ?? 0;
  order.sort((a, b) => time(a) - time(b) || a - b);
  const ranks = new Array<number>(samples.length).fill(0);
  order.forEach((sample, rank) => (ranks[sample] = rank));
  const frames = order.filter((sample) => samples[sample]?.shown);
  if (frames.length === 0)
    throw new AttentionError("frameUnreadable", "The video has no frames.", {
      where,
      fix: "Record or copy it again; a recording that was broken off may hold none.",
    });
  const first = time(frames[0]);
  return { track, frames, ranks, seconds: frames.map((sample) => (time(sample) - first) * unit) };
}

/** Number of the first frame that is shown at a time or after it; the count of frames where there is none. */
export function frameFrom({ seconds }: VideoIndex, time: number): number {
  let [low, high] = [0, seconds.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((seconds[middle] ?? 0) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The samples that a decoder has to be given for a frame: from a key sample to the frame's own.
 * @param skip key samples that are passed over on the way back: pictures may refer to what lies before the nearest
 * @returns [first, last], both included; null where no such key sample is there
 */
export function samplesFor(index: VideoIndex, frame: number, skip = 0): readonly [number, number] | null {
  const last = index.frames[frame];
  if (last === undefined) return null;
  let left = skip;
  for (let sample = last; sample >= 0; sample--)
    if (index.track.samples[sample]?.key && left-- === 0) return [sample, last];
  return null;
}
