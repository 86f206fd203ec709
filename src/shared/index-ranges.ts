/** Which of many places are there, as half-open ranges in order: [[0, 3], [7, 8]] is 0, 1, 2 and 7. */
import * as z from "zod";

const place = z.number().int().nonnegative();
export const indexRangesSchema = z.array(z.tuple([place, place]));
export type IndexRanges = readonly (readonly [from: number, to: number])[];

export function hasIndex(ranges: IndexRanges, index: number): boolean {
  return ranges.some(([from, to]) => index >= from && index < to);
}

/** The ranges with one more place. */
export function withIndex(ranges: IndexRanges, index: number): IndexRanges {
  if (hasIndex(ranges, index)) return ranges;
  const before = ranges.filter(([, to]) => to <= index);
  const after = ranges.filter(([from]) => from > index);
  const left = before.at(-1);
  const right = after[0];
  const joinsLeft = left?.[1] === index;
  const joinsRight = right?.[0] === index + 1;
  return [
    ...(joinsLeft ? before.slice(0, -1) : before),
    [joinsLeft ? left[0] : index, joinsRight ? right[1] : index + 1],
    ...(joinsRight ? after.slice(1) : after),
  ];
}

/** The ranges without a place. */
export function withoutIndex(ranges: IndexRanges, index: number): IndexRanges {
  return ranges.flatMap(([from, to]): IndexRanges => {
    if (index < from || index >= to) return [[from, to]];
    const parts: IndexRanges = [
      [from, index],
      [index + 1, to],
    ];
    return parts.filter(([start, end]) => end > start);
  });
}

/** The first place from `start` on, and then from 0, below `count`, that is not there; null where all are. */
export function firstMissing(ranges: IndexRanges, count: number, start: number): number | null {
  const from = (begin: number): number => {
    let at = begin;
    for (const [first, end] of ranges) if (at >= first && at < end) at = end;
    return at;
  };
  const later = from(start);
  if (later < count) return later;
  const earlier = from(0);
  return earlier < Math.min(start, count) ? earlier : null;
}

/** How many there are. */
export function countIndices(ranges: IndexRanges): number {
  return ranges.reduce((all, [from, to]) => all + to - from, 0);
}
