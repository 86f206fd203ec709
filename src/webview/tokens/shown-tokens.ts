/** Which tokens are written out: all up to 60, above that the neighbourhoods of the strongest keys. */

import { strongestKeys } from "../../shared/strongest-keys";

/** Tokens up to which all are written. */
export const ALL_UP_TO = 60;
const STRONGEST = 9;
const REACH = 2;

export interface TokenRange {
  /** Half-open. */
  readonly start: number;
  readonly end: number;
  /** false for a stretch that is left out and counted. */
  readonly shown: boolean;
}

/** Stretches of `count` tokens in order, shown and left out. `around` are the middles of what must be shown. */
export function tokenRanges(count: number, around: readonly number[]): TokenRange[] {
  if (count <= ALL_UP_TO) return count > 0 ? [{ start: 0, end: count, shown: true }] : [];
  const keep = new Set<number>();
  for (const middle of around) {
    for (let index = Math.max(0, middle - REACH); index <= Math.min(count - 1, middle + REACH); index++)
      keep.add(index);
  }
  const ranges: { start: number; end: number; shown: boolean }[] = [];
  for (let index = 0; index < count; index++) {
    const shown = keep.has(index);
    const last = ranges.at(-1);
    if (last && last.shown === shown) last.end = index + 1;
    else ranges.push({ start: index, end: index + 1, shown });
  }
  // A gap of one token is as long as the token itself.
  return ranges.map((range) => (range.end - range.start === 1 ? { ...range, shown: true } : range));
}

/** Middles of the neighbourhoods: the strongest keys of a row, and the query where it is one of them. */
export function middlesOf(cells: Float32Array | null, also: number | null): number[] {
  const keys = cells ? strongestKeys(cells, STRONGEST) : [];
  return also === null ? keys : [...keys, also];
}
