/** The samples that the tables of an MP4 file list (ISO/IEC 14496-12, 8.6 and 8.7). */
import type { ByteFile } from "../files/byte-file";
import { type Box, BoxReader, brokenBox } from "./boxes";
import type { StoredSample } from "./mp4";

/** @param table the boxes of `stbl` */
export function tableSamples(file: ByteFile, table: readonly Box[]): StoredSample[] {
  const box = (type: string) => table.find((each) => each.type === type);
  const sizes = sampleSizes(file, box("stsz"), box("stz2"));
  if (sizes.length === 0) return [];
  const times = sampleTimes(file, box("stts"), box("ctts"), sizes.length);
  const starts = sampleStarts(file, box("stsc"), box("stco"), box("co64"), sizes);
  const keys = keySamples(file, box("stss"));
  return sizes.map((bytes, sample) => ({
    start: starts[sample] ?? 0,
    bytes,
    key: keys?.has(sample) ?? true,
    time: times[sample] ?? 0,
  }));
}

function sampleSizes(file: ByteFile, stsz: Box | undefined, stz2: Box | undefined): number[] {
  if (stsz) {
    const reader = new BoxReader(file, stsz);
    reader.version();
    const all = reader.uint32();
    if (all === 0) return Array.from({ length: reader.count(4) }, () => reader.uint32());
    const count = reader.uint32();
    if (count * all > file.size) throw brokenBox(file, `It says ${count} frames of ${all} bytes`);
    return new Array<number>(count).fill(all);
  }
  if (!stz2) throw brokenBox(file, "The sizes of its frames are missing (stsz)");
  const reader = new BoxReader(file, stz2);
  reader.version();
  reader.skip(3);
  const bits = reader.uint8();
  const count = reader.count(bits / 8);
  let pair = 0;
  return Array.from({ length: count }, (_, sample) => {
    if (bits === 16) return reader.uint16();
    if (bits === 8) return reader.uint8();
    if (sample % 2 === 0) pair = reader.uint8();
    return sample % 2 === 0 ? pair >> 4 : pair & 15;
  });
}

/** When each sample is shown: when it is decoded, and how much later it is shown. */
function sampleTimes(
  file: ByteFile,
  stts: Box | undefined,
  ctts: Box | undefined,
  count: number,
): Float64Array {
  if (!stts) throw brokenBox(file, "The times of its frames are missing (stts)");
  const times = new Float64Array(count);
  let sample = 0;
  let time = 0;
  runs(file, stts, (length, between) => {
    for (let end = Math.min(count, sample + length); sample < end; sample++) {
      times[sample] = time;
      time += between;
    }
  });
  if (sample < count) throw brokenBox(file, `It says when ${sample} of ${count} frames are shown`);
  if (!ctts) return times;
  sample = 0;
  // Version 0 has no negative offsets, and files hold them all the same.
  runs(file, ctts, (length, offset) => {
    for (let end = Math.min(count, sample + length); sample < end; sample++)
      times[sample] = (times[sample] ?? 0) + (offset | 0);
  });
  return times;
}

/** Entries of a number of samples and a value that these share. */
function runs(file: ByteFile, box: Box, each: (length: number, value: number) => void): void {
  const reader = new BoxReader(file, box);
  reader.version();
  for (let left = reader.count(8); left > 0; left--) each(reader.uint32(), reader.uint32());
}

/** Where each sample is: chunks are places, and hold samples one after the other. */
function sampleStarts(
  file: ByteFile,
  stsc: Box | undefined,
  stco: Box | undefined,
  co64: Box | undefined,
  sizes: readonly number[],
): Float64Array {
  const places = stco ?? co64;
  if (!stsc || !places) throw brokenBox(file, "The places of its frames are missing (stsc, stco)");
  const offsets = new BoxReader(file, places);
  offsets.version();
  const chunks = Array.from({ length: offsets.count(stco ? 4 : 8) }, () =>
    stco ? offsets.uint32() : offsets.uint64(),
  );
  const reader = new BoxReader(file, stsc);
  reader.version();
  const entries = Array.from({ length: reader.count(12) }, () => {
    const entry = { first: reader.uint32() - 1, samples: reader.uint32() };
    reader.skip(4);
    return entry;
  });
  const starts = new Float64Array(sizes.length);
  let sample = 0;
  let entry = 0;
  chunks.forEach((start, chunk) => {
    while ((entries[entry + 1]?.first ?? Infinity) <= chunk) entry += 1;
    let at = start;
    for (let left = entries[entry]?.samples ?? 0; left > 0 && sample < sizes.length; left--) {
      starts[sample] = at;
      at += sizes[sample] ?? 0;
      sample += 1;
    }
  });
  if (sample < sizes.length) throw brokenBox(file, `It says where ${sample} of ${sizes.length} frames are`);
  return starts;
}

/** Numbers of the samples with which decoding can begin; null where it can with each. */
function keySamples(file: ByteFile, stss: Box | undefined): ReadonlySet<number> | null {
  if (!stss) return null;
  const reader = new BoxReader(file, stss);
  reader.version();
  return new Set(Array.from({ length: reader.count(4) }, () => reader.uint32() - 1));
}
