/** The samples that the fragments of an MP4 file list (ISO/IEC 14496-12, 8.8): recorders write these. */
import type { ByteFile } from "../files/byte-file";
import { type Box, BoxReader, boxesIn, brokenBox } from "./boxes";
import type { StoredSample } from "./mp4";

interface Defaults {
  readonly duration: number;
  readonly bytes: number;
  readonly flags: number;
}

/** Flag of a sample that refers to others. */
const NOT_A_KEY = 0x10000;

/**
 * @param top boxes of the file; @param extends_ boxes of `mvex`
 * @param id number of the track
 */
export function fragmentSamples(
  file: ByteFile,
  top: readonly Box[],
  extends_: readonly Box[],
  id: number,
): StoredSample[] {
  const defaults = trackDefaults(file, extends_, id);
  const samples: StoredSample[] = [];
  let time = 0;
  for (const moof of top) {
    // The last may be cut off where a recording was.
    if (moof.type !== "moof") continue;
    for (const traf of boxesIn(file, moof.start, moof.end)) {
      if (traf.type !== "traf") continue;
      const boxes = boxesIn(file, traf.start, traf.end);
      const header = boxes.find(({ type }) => type === "tfhd");
      if (!header) continue;
      const own = fragmentHeader(file, header, moof.start - 8, defaults);
      if (own.id !== id) continue;
      const base = boxes.find(({ type }) => type === "tfdt");
      if (base) time = baseTime(file, base);
      let place = own.base;
      for (const run of boxes.filter(({ type }) => type === "trun")) {
        const read = runSamples(file, run, { ...own, place, time });
        for (const sample of read.samples) samples.push(sample);
        // Runs may lie over each other, so that few bytes could declare any number.
        if (samples.length > file.size)
          throw brokenBox(file, `Its fragments say ${samples.length} frames in ${file.size} bytes`);
        ({ time, place } = read);
      }
    }
  }
  return samples;
}

function trackDefaults(file: ByteFile, extends_: readonly Box[], id: number): Defaults {
  for (const box of extends_.filter(({ type }) => type === "trex")) {
    const reader = new BoxReader(file, box);
    reader.version();
    if (reader.uint32() !== id) continue;
    reader.skip(4);
    return { duration: reader.uint32(), bytes: reader.uint32(), flags: reader.uint32() };
  }
  return { duration: 0, bytes: 0, flags: 0 };
}

interface FragmentHeader extends Defaults {
  readonly id: number;
  /** What the places of its samples are counted from. */
  readonly base: number;
}

function fragmentHeader(file: ByteFile, box: Box, moof: number, defaults: Defaults): FragmentHeader {
  const reader = new BoxReader(file, box);
  const { flags } = reader.version();
  const id = reader.uint32();
  const base = flags & 0x1 ? reader.uint64() : moof;
  if (flags & 0x2) reader.skip(4);
  return {
    id,
    base,
    duration: flags & 0x8 ? reader.uint32() : defaults.duration,
    bytes: flags & 0x10 ? reader.uint32() : defaults.bytes,
    flags: flags & 0x20 ? reader.uint32() : defaults.flags,
  };
}

function baseTime(file: ByteFile, box: Box): number {
  const reader = new BoxReader(file, box);
  return reader.version().version === 1 ? reader.uint64() : reader.uint32();
}

/** @param from where the run before ended, in the file and in time */
function runSamples(
  file: ByteFile,
  box: Box,
  from: FragmentHeader & { readonly place: number; readonly time: number },
): { samples: StoredSample[]; time: number; place: number } {
  const reader = new BoxReader(file, box);
  const { flags } = reader.version();
  const has = (flag: number) => (flags & flag) !== 0;
  const each = [0x100, 0x200, 0x400, 0x800].filter(has).length * 4;
  const count = reader.count(0);
  let place = has(0x1) ? from.base + reader.int32() : from.place;
  const first = has(0x4) ? reader.uint32() : null;
  // What a sample does not say itself takes no bytes here; the samples themselves do.
  const most = each > 0 ? reader.left / each : file.size;
  let { time } = from;
  const samples: StoredSample[] = [];
  for (let sample = 0; sample < Math.min(count, most); sample++) {
    const duration = has(0x100) ? reader.uint32() : from.duration;
    const bytes = has(0x200) ? reader.uint32() : from.bytes;
    const own = has(0x400) ? reader.uint32() : sample === 0 && first !== null ? first : from.flags;
    const later = has(0x800) ? reader.int32() : 0;
    // One without bytes of its own, or behind the end, ends a run that declares no sizes.
    if (each === 0 && (bytes === 0 || place + bytes > file.size)) break;
    samples.push({ start: place, bytes, key: (own & NOT_A_KEY) === 0, time: time + later });
    place += bytes;
    time += duration;
  }
  return { samples, time, place };
}
