/** Codecs of videos: what people call them, and how a browser is asked for them (WebCodecs). */
import { matrixOfNumber, type VideoColour } from "./colour";

export interface VideoCodec {
  /** What people call it: H.264. */
  readonly name: string;
  /**
   * The name that WebCodecs knows it by (https://www.w3.org/TR/webcodecs-codec-registry/); null where browsers do not
   * decode it.
   */
  readonly browser: string | null;
  /** What a decoder must know beside the samples; null where they say it themselves. */
  readonly description: Uint8Array | null;
  /** What the codec's own head says of colours; left out where it says nothing. */
  readonly colour?: Partial<VideoColour>;
}

const two = (number: number) => String(number).padStart(2, "0");
const hex = (byte: number) => byte.toString(16).padStart(2, "0");

export const unnamed = (name: string): VideoCodec => ({ name, browser: null, description: null });

export const vp8: VideoCodec = { name: "VP8", browser: "vp8", description: null };

/** @param record AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1) */
export function avc(record: Uint8Array): VideoCodec {
  const [, profile, compatibility, level] = record;
  if (level === undefined) return unnamed("H.264");
  const codec = [profile, compatibility, level].map((byte) => hex(byte ?? 0)).join("");
  return { name: "H.264", browser: `avc1.${codec}`, description: record };
}

/** @param record HEVCDecoderConfigurationRecord (ISO/IEC 14496-15, 8.3.3.1; its annex E names codecs) */
export function hevc(record: Uint8Array): VideoCodec {
  if (record.length < 13) return unnamed("H.265");
  const byte = (at: number) => record[at] ?? 0;
  const space = ["", "A", "B", "C"][byte(1) >> 6] ?? "";
  const tier = (byte(1) >> 5) & 1 ? "H" : "L";
  let compatibility = 0;
  // Written with its bits the other way round.
  for (let bit = 0; bit < 32; bit++)
    if ((byte(2 + (bit >> 3)) >> (7 - (bit & 7))) & 1) compatibility += 2 ** bit;
  const constraints = [...record.slice(6, 12)];
  while (constraints.at(-1) === 0) constraints.pop();
  const parts = [
    `hvc1.${space}${byte(1) & 31}`,
    compatibility.toString(16),
    `${tier}${byte(12)}`,
    ...constraints.map((each) => each.toString(16)),
  ];
  return { name: "H.265", browser: parts.join("."), description: record };
}

/** @param record AV1CodecConfigurationRecord (https://aomediacodec.github.io/av1-isobmff/#av1codecconfigurationbox) */
export function av1(record: Uint8Array): VideoCodec {
  const [, profileAndLevel = 0, flags = 0] = record;
  const tier = flags & 0x80 ? "H" : "M";
  const depth = flags & 0x40 ? (flags & 0x20 ? 12 : 10) : 8;
  const level = record.length < 4 ? 8 : profileAndLevel & 31;
  return {
    name: "AV1",
    browser: `av01.${profileAndLevel >> 5}.${two(level)}${tier}.${two(depth)}`,
    description: null,
  };
}

/** @param record VPCodecConfigurationRecord, after version and flags (https://www.webmproject.org/vp9/mp4/) */
export function vp9OfRecord(record: Uint8Array): VideoCodec {
  const [profile = 0, level = 0, depth = 0x80, , , matrix = 2] = record;
  return vp9(profile, level === 0 ? 51 : level, depth >> 4, matrixOfNumber(matrix), (depth & 1) === 1);
}

/** Matrices as the head of a VP9 picture numbers them; 0 is not said. */
const vp9Matrices = [
  undefined,
  "smpte170m",
  "bt709",
  "smpte170m",
  undefined,
  "bt2020-ncl",
  undefined,
  "rgb",
] as const;

/**
 * WebM need not say what VP9 it is; its first key frame does (https://www.webmproject.org/vp9/, uncompressed header).
 * @param head the first bytes of a key frame
 */
export function vp9OfFrame(head: Uint8Array): VideoCodec {
  const bits = (at: number, count: number) => {
    let value = 0;
    for (let bit = at; bit < at + count; bit++)
      value = value * 2 + (((head[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1);
    return value;
  };
  const profile = bits(2, 1) + 2 * bits(3, 1);
  // Profile 3 has a reserved bit before what every other has; then come three bytes of a mark.
  let at = 4 + (profile === 3 ? 1 : 0) + 4 + 24;
  const depth = profile < 2 ? 8 : bits(at++, 1) ? 12 : 10;
  const matrix = vp9Matrices[bits(at, 3)];
  return vp9(profile, 51, depth, matrix, matrix === "rgb" || bits(at + 3, 1) === 1);
}

function vp9(
  profile: number,
  level: number,
  depth: number,
  matrix: VideoColour["matrix"] | undefined,
  fullRange: boolean,
): VideoCodec {
  return {
    name: "VP9",
    browser: `vp09.${two(profile)}.${two(level)}.${two(depth)}`,
    description: null,
    colour: { ...(matrix ? { matrix } : {}), fullRange },
  };
}
