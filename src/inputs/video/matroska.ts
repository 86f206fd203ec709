/** The first video track of a WebM or Matroska file (RFC 9559). */
import { AttentionError } from "../../shared/errors";
import type { ByteFile } from "../files/byte-file";
import { av1, avc, hevc, unnamed, type VideoCodec, vp8, vp9OfFrame } from "./codec";
import { matrixOfNumber, unsaidColour, type VideoColour } from "./colour";
import { blockNumber, brokenElement, type Element, elementAt, elementsIn, textOf, unsignedOf } from "./ebml";
import type { VideoSample, VideoTrack } from "./video-index";

const EBML = 0x1a45dfa3;
const SEGMENT = 0x18538067;
const INFO = 0x1549a966;
const TIMESTAMP_SCALE = 0x2ad7b1;
const TRACKS = 0x1654ae6b;
const TRACK_ENTRY = 0xae;
const TRACK_NUMBER = 0xd7;
const TRACK_TYPE = 0x83;
const CODEC_ID = 0x86;
const CODEC_PRIVATE = 0x63a2;
const CONTENT_ENCODINGS = 0x6d80;
const VIDEO = 0xe0;
const PIXEL_WIDTH = 0xb0;
const PIXEL_HEIGHT = 0xba;
const COLOUR = 0x55b0;
const MATRIX = 0x55b1;
const RANGE = 0x55b9;
const CLUSTER = 0x1f43b675;
const TIMESTAMP = 0xe7;
const SIMPLE_BLOCK = 0xa3;
const BLOCK_GROUP = 0xa0;
const BLOCK = 0xa1;
const REFERENCE_BLOCK = 0xfb;
/** What may stand beside clusters: where one of these begins, a cluster of open size has ended. */
const BESIDE_CLUSTERS = new Set([
  CLUSTER,
  INFO,
  TRACKS,
  0x114d9b74,
  0x1c53bb6b,
  0x1254c367,
  0x1941a469,
  0x1043a770,
]);

/** Bytes of a block that are read: its head, and what of the picture tells whether it is shown. */
const BLOCK_HEAD = 32;

/** Descriptions of codecs have some hundred bytes. */
const MOST_RECORD_BYTES = 1_000_000;

interface Track {
  readonly number: number;
  readonly codecId: string;
  readonly record: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly colour: Partial<VideoColour>;
}

/** @param head the first bytes of a file */
export const isMatroska = (head: Uint8Array): boolean =>
  new DataView(head.buffer, head.byteOffset, head.byteLength).byteLength >= 4 &&
  head.subarray(0, 4).every((byte, at) => byte === (EBML >>> (24 - 8 * at)) % 256);

/** @throws frameUnreadable where the file is broken, or holds no video; inputRefused where it packs its pictures */
export function matroskaTrack(file: ByteFile): VideoTrack {
  let segment: Element | null = null;
  for (let at = 0; at < file.size;) {
    const element = elementAt(file, at, file.size);
    if (!element || element.id === SEGMENT) {
      segment = element;
      break;
    }
    if (element.end === null) break;
    at = element.end;
  }
  if (!segment) throw brokenElement(file, "It holds nothing (no segment)");
  let scale = 1_000_000;
  let track: Track | null = null;
  const samples: VideoSample[] = [];
  // A segment that was not finished ends with the file.
  const end = Math.min(segment.end ?? file.size, file.size);
  for (let at = segment.start; at < end;) {
    const element = elementAt(file, at, end);
    if (!element) break;
    const whole = { start: element.start, end: Math.min(element.end ?? end, end) };
    if (element.id === INFO) scale = timestampScale(file, whole) ?? scale;
    else if (element.id === TRACKS) track = videoTrack(file, whole);
    if (element.id !== CLUSTER) {
      if (element.end === null) throw brokenElement(file, `The element at byte ${at} has no end`);
      at = element.end;
      continue;
    }
    if (!track) throw brokenElement(file, "Its pictures come before what they are (no tracks)");
    at = clusterSamples(file, whole, element.end === null, track, samples);
  }
  if (!track) throw brokenElement(file, "It does not say what it holds (no tracks)");
  const first = samples.find(({ key }) => key);
  const codec = codecOf(track, () =>
    first ? file.read(first.start, first.start + Math.min(16, first.bytes)) : null,
  );
  return {
    codec,
    colour: { ...unsaidColour, ...codec.colour, ...track.colour },
    width: track.width,
    height: track.height,
    rotation: 0,
    unit: scale / 1e9,
    samples,
  };
}

/** Nanoseconds of a unit of time. */
function timestampScale(file: ByteFile, { start, end }: { start: number; end: number }): number | null {
  for (const element of elementsIn(file, start, end))
    if (element.id === TIMESTAMP_SCALE) return unsignedOf(file, element) || null;
  return null;
}

function videoTrack(file: ByteFile, { start, end }: { start: number; end: number }): Track {
  for (const entry of elementsIn(file, start, end)) {
    if (entry.id !== TRACK_ENTRY) continue;
    const parts = [...elementsIn(file, entry.start, entry.end)];
    const part = (id: number) => parts.find((each) => each.id === id);
    const number = (id: number) => numberIn(file, parts, id) ?? 0;
    if (number(TRACK_TYPE) !== 1) continue;
    if (part(CONTENT_ENCODINGS))
      throw new AttentionError(
        "inputRefused",
        "Its pictures are packed or encrypted, which only ffmpeg may undo.",
        {
          where: file.name,
          fix: "Write it anew: ffmpeg -i video.mkv -c:v libvpx-vp9 video.webm.",
        },
      );
    const [name, own, video] = [part(CODEC_ID), part(CODEC_PRIVATE), part(VIDEO)];
    if (own && own.end - own.start > MOST_RECORD_BYTES)
      throw brokenElement(file, `The codec's description has ${own.end - own.start} bytes`);
    const sizes = video ? [...elementsIn(file, video.start, video.end)] : [];
    const size = (id: number) => numberIn(file, sizes, id) ?? 0;
    const colour = sizes.find(({ id }) => id === COLOUR);
    return {
      number: number(TRACK_NUMBER),
      codecId: name ? textOf(file, name) : "",
      record: own ? file.read(own.start, own.end) : new Uint8Array(),
      width: size(PIXEL_WIDTH),
      height: size(PIXEL_HEIGHT),
      colour: colour ? colourOf(file, [...elementsIn(file, colour.start, colour.end)]) : {},
    };
  }
  throw new AttentionError("frameUnreadable", "There is no video in the file, only sound or other tracks.", {
    where: file.name,
  });
}

type Whole = Element & { readonly end: number };

function numberIn(file: ByteFile, elements: readonly Whole[], id: number): number | undefined {
  const found = elements.find((each) => each.id === id);
  return found && unsignedOf(file, found);
}

function colourOf(file: ByteFile, elements: readonly Whole[]): Partial<VideoColour> {
  const matrix = matrixOfNumber(numberIn(file, elements, MATRIX) ?? 2);
  const range = numberIn(file, elements, RANGE);
  return {
    ...(matrix ? { matrix } : {}),
    // 1 is what television uses, 2 is full; others leave it to the pictures.
    ...(range === 1 || range === 2 ? { fullRange: range === 2 } : {}),
  };
}

/** Adds the samples of a cluster. @returns where it ends */
function clusterSamples(
  file: ByteFile,
  { start, end }: { start: number; end: number },
  open: boolean,
  track: Track,
  samples: VideoSample[],
): number {
  let time = 0;
  for (let at = start; at < end;) {
    const element = elementAt(file, at, end);
    if (!element) return end;
    if (open && BESIDE_CLUSTERS.has(element.id)) return at;
    // A recording that was broken off ends within a picture, which is left out.
    if (element.end === null || element.end > end) return end;
    const whole = { start: element.start, end: element.end };
    if (element.id === TIMESTAMP) time = unsignedOf(file, whole);
    else if (element.id === SIMPLE_BLOCK) addBlock(file, whole, null, time, track, samples);
    else if (element.id === BLOCK_GROUP) {
      const parts = [...elementsIn(file, whole.start, whole.end)];
      const block = parts.find(({ id }) => id === BLOCK);
      const key = parts.every(({ id }) => id !== REFERENCE_BLOCK);
      if (block) addBlock(file, block, key, time, track, samples);
    }
    at = element.end;
  }
  return end;
}

/** @param isKey whether decoding can begin with it; null where the block itself says so */
function addBlock(
  file: ByteFile,
  block: { readonly start: number; readonly end: number },
  isKey: boolean | null,
  clusterTime: number,
  track: Track,
  samples: VideoSample[],
): void {
  const head = file.read(block.start, Math.min(block.end, block.start + BLOCK_HEAD));
  const number = blockNumber(head);
  if (number?.value !== track.number) return;
  const { length } = number;
  if (head.length < length + 3) throw brokenElement(file, `The picture at byte ${block.start} has no head`);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const flags = view.getUint8(length + 2);
  if (flags & 0x06)
    throw new AttentionError("inputRefused", "Its pictures are laced, which only ffmpeg undoes.", {
      where: file.name,
      fix: "Write it anew: ffmpeg -i video.mkv -c:v libvpx-vp9 video.webm.",
    });
  const start = block.start + length + 3;
  samples.push({
    start,
    bytes: block.end - start,
    key: isKey ?? (flags & 0x80) !== 0,
    time: clusterTime + view.getInt16(length),
    shown: isShown(track, head.subarray(length + 3)),
  });
}

/** VP8 stores pictures that only others refer to as samples of their own; they say so (RFC 6386, 9.1). */
function isShown({ codecId }: Track, picture: Uint8Array): boolean {
  const [first] = picture;
  return first !== undefined && (codecId !== "V_VP8" || ((first >> 4) & 1) === 1);
}

/** @param firstPicture the first bytes of the first key sample */
function codecOf({ codecId, record }: Track, firstPicture: () => Uint8Array | null): VideoCodec {
  switch (codecId) {
    case "V_VP8":
      return vp8;
    case "V_VP9": {
      const head = firstPicture();
      return head ? vp9OfFrame(head) : unnamed("VP9");
    }
    case "V_AV1":
      return av1(record);
    case "V_MPEG4/ISO/AVC":
      return avc(record);
    case "V_MPEGH/ISO/HEVC":
      return hevc(record);
    default:
      return unnamed(codecId.replace(/^V_/, "") || "unknown");
  }
}
