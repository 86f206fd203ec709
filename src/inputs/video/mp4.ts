/** The first video track of an MP4 or MOV file (ISO/IEC 14496-12), whole or in fragments. */
import { AttentionError } from "../../shared/errors";
import type { ByteFile } from "../files/byte-file";
import { av1, avc, hevc, unnamed, type VideoCodec, vp8, vp9OfRecord } from "./codec";
import { matrixOfNumber, unsaidColour, type VideoColour } from "./colour";
import { type Box, BoxReader, boxesIn, brokenBox } from "./boxes";
import { fragmentSamples } from "./mp4-fragments";
import { tableSamples } from "./mp4-tables";
import type { VideoSample, VideoTrack } from "./video-index";

/** A sample as the tables give it: its time is not yet that of the edit. */
export type StoredSample = Omit<VideoSample, "shown">;

/** @param head the first bytes of a file */
export function isMp4(head: Uint8Array): boolean {
  return /^(ftyp|moov|mdat|wide|free|skip|pnot)$/.test(String.fromCharCode(...head.subarray(4, 8)));
}

/**
 * @throws frameUnreadable where the file is broken, or holds no video; inputRefused where it cuts it together from
 *   several parts (edit lists of more than one), in which numbers of frames would not be those of its samples
 */
export function mp4Track(file: ByteFile): VideoTrack {
  const top = boxesIn(file, 0, file.size, false);
  const moov = top.find(({ type }) => type === "moov");
  if (!moov || moov.end - moov.start < 8) throw brokenBox(file, "There is no table of its frames (moov)");
  const parts = boxesIn(file, moov.start, moov.end);
  const movie = one(file, parts, "mvhd");
  const track = parts.filter(({ type }) => type === "trak").find((trak) => isVideo(file, trak));
  if (!track)
    throw new AttentionError(
      "frameUnreadable",
      "There is no video in the file, only sound or other tracks.",
      {
        where: file.name,
      },
    );
  const own = boxesIn(file, track.start, track.end);
  const media = inside(file, one(file, own, "mdia"));
  const { scale } = mediaHeader(file, one(file, media, "mdhd"));
  const table = inside(file, one(file, inside(file, one(file, media, "minf")), "stbl"));
  const head = trackHeader(file, one(file, own, "tkhd"));
  const fragments = parts.find(({ type }) => type === "mvex");
  const stored = [
    ...tableSamples(file, table),
    // Of a recording that was broken off, the last pictures are listed and not there.
    ...(fragments ? fragmentSamples(file, top, inside(file, fragments), head.id) : []).filter(
      ({ start, bytes }) => start + bytes <= file.size,
    ),
  ];
  const edits = own.find(({ type }) => type === "edts");
  const edit = edits ? editOf(file, inside(file, edits), timescale(file, movie), scale) : null;
  return {
    ...sampleEntry(file, one(file, table, "stsd")),
    rotation: head.rotation,
    unit: 1 / scale,
    samples: stored.map((sample) => ({
      ...sample,
      // Without bytes it says that nothing came at its time.
      shown: sample.bytes > 0 && (!edit || (sample.time >= edit.from && sample.time < edit.to)),
    })),
  };
}

const inside = (file: ByteFile, box: Box) => boxesIn(file, box.start, box.end);

function one(file: ByteFile, boxes: readonly Box[], type: string): Box {
  const box = boxes.find((each) => each.type === type);
  if (!box) throw brokenBox(file, `The box ${type} is missing`);
  return box;
}

function isVideo(file: ByteFile, trak: Box): boolean {
  const mdia = inside(file, trak).find(({ type }) => type === "mdia");
  const handler = mdia && inside(file, mdia).find(({ type }) => type === "hdlr");
  if (!handler) return false;
  const reader = new BoxReader(file, handler);
  reader.skip(8);
  return reader.text(4) === "vide";
}

/** Units in a second, of the movie or of a track. */
function timescale(file: ByteFile, box: Box): number {
  const reader = new BoxReader(file, box);
  reader.skip(reader.version().version === 1 ? 16 : 8);
  const scale = reader.uint32();
  if (scale === 0) throw brokenBox(file, `The box ${box.type} has no units in a second`);
  return scale;
}

const mediaHeader = (file: ByteFile, box: Box) => ({ scale: timescale(file, box) });

function trackHeader(file: ByteFile, box: Box): { id: number; rotation: VideoTrack["rotation"] } {
  const reader = new BoxReader(file, box);
  const long = reader.version().version === 1;
  reader.skip(long ? 16 : 8);
  const id = reader.uint32();
  reader.skip((long ? 12 : 8) + 16);
  // [a b u; c d v; x y w], of which a and b tell how it is turned.
  const [a, b] = [reader.int32(), reader.int32()];
  const turned = Math.round((Math.atan2(b, a) / Math.PI) * 2) * 90;
  return { id, rotation: ((turned + 360) % 360) as VideoTrack["rotation"] };
}

/** What part of the track is shown, in its own units; null where all of it is. */
function editOf(
  file: ByteFile,
  boxes: readonly Box[],
  movieScale: number,
  scale: number,
): { from: number; to: number } | null {
  const list = boxes.find(({ type }) => type === "elst");
  if (!list) return null;
  const reader = new BoxReader(file, list);
  const long = reader.version().version === 1;
  const edits = Array.from({ length: reader.count(long ? 20 : 12) }, () => {
    const duration = long ? reader.uint64() : reader.uint32();
    const time = long ? reader.int64() : reader.int32();
    return { duration, time, rate: reader.int32() };
  });
  // An empty edit delays the track; frames are counted from the first all the same.
  const [edit, second] = edits.filter(({ time }) => time >= 0);
  if (!edit) return null;
  if (second || edit.rate !== 0x10000)
    throw new AttentionError(
      "inputRefused",
      "The video is cut together from several parts of its track or plays them at another rate (an edit list): only ffmpeg finds a frame by its number in it.",
      { where: file.name, fix: "Write it anew: ffmpeg -i video.mp4 -c:v libvpx-vp9 video.webm." },
    );
  const length = edit.duration === 0 ? Infinity : (edit.duration / movieScale) * scale;
  return { from: edit.time, to: edit.time + length };
}

/** Codec and size of the stored pictures (8.5.2 and 12.1.3). */
function sampleEntry(file: ByteFile, stsd: Box): Pick<VideoTrack, "codec" | "width" | "height" | "colour"> {
  const [entry] = boxesIn(file, stsd.start + 8, stsd.end);
  if (!entry) throw brokenBox(file, "No codec is named");
  const reader = new BoxReader(file, { ...entry, end: Math.min(entry.end, entry.start + 78) });
  reader.skip(24);
  const [width, height] = [reader.uint16(), reader.uint16()];
  const boxes = entry.end - entry.start > 78 ? boxesIn(file, entry.start + 78, entry.end, false) : [];
  const record = (type: string): Uint8Array => {
    const box = boxes.find((each) => each.type === type);
    return box ? new BoxReader(file, box).rest() : new Uint8Array();
  };
  const codec = codecOf(entry.type, record);
  return { width, height, codec, colour: { ...unsaidColour, ...codec.colour, ...colourOf(record("colr")) } };
}

/** What a colour box says (12.1.5); QuickTime's kind has no range. */
function colourOf(box: Uint8Array): Partial<VideoColour> {
  const kind = String.fromCharCode(...box.subarray(0, 4));
  const matrix = kind === "nclx" || kind === "nclc" ? matrixOfNumber(box[9] ?? 2) : undefined;
  return {
    ...(matrix ? { matrix } : {}),
    ...(kind === "nclx" ? { fullRange: ((box[10] ?? 0) & 0x80) !== 0 } : {}),
  };
}

function codecOf(entry: string, record: (type: string) => Uint8Array): VideoCodec {
  switch (entry) {
    case "avc1":
    case "avc3":
      return avc(record("avcC"));
    case "hvc1":
    case "hev1":
      return hevc(record("hvcC"));
    case "av01":
      return av1(record("av1C"));
    case "vp08":
      return vp8;
    case "vp09":
      return vp9OfRecord(record("vpcC").subarray(4));
    case "mp4v":
      return unnamed("MPEG-4 Part 2");
    case "encv":
      return unnamed("encrypted");
    default:
      return unnamed(entry.trim());
  }
}
