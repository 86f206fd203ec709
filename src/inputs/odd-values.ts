/** Values that make no sense in a run, or reach maps as NaN: said of an input before its map is looked at. */
import { count } from "../shared/format";
import type { NamedArray } from "./arrays";

interface Odd {
  readonly notNumbers: number;
  readonly above: number;
  readonly below: number;
}

/** Bits of an exponent that is all ones, and of the fraction behind it. */
const shortFloats: Readonly<Record<string, readonly [exponent: number, fraction: number]>> = {
  float16: [0x7c00, 0x03ff],
  bfloat16: [0x7f80, 0x007f],
};

function oddOf({ dtype, data }: NamedArray): Odd {
  let [notNumbers, above, below] = [0, 0, 0];
  const bits = shortFloats[dtype];
  if (bits && data instanceof Uint16Array) {
    for (const value of data) {
      if ((value & bits[0]) !== bits[0]) continue;
      if ((value & bits[1]) !== 0) notNumbers += 1;
      else if ((value & 0x8000) === 0) above += 1;
      else below += 1;
    }
  } else if (data instanceof Float32Array || data instanceof Float64Array) {
    for (const value of data) {
      if (value === Infinity) above += 1;
      else if (value === -Infinity) below += 1;
      else if (value !== value) notNumbers += 1;
    }
  }
  return { notNumbers, above, below };
}

/** Sentences on inputs that hold NaN or infinity. −∞ alone is what masks that are added to scores hold. */
export function oddValues(feeds: ReadonlyMap<string, NamedArray>): string[] {
  return [...feeds].flatMap(([name, array]) => {
    const { notNumbers, above, below } = oddOf(array);
    const infinite = above > 0 ? above + below : 0;
    const held = [
      ...(notNumbers > 0 ? [`${count(notNumbers)} × NaN`] : []),
      ...(infinite > 0 ? [`${count(infinite)} × infinity`] : []),
    ];
    return held.length === 0
      ? []
      : [`${name} holds ${held.join(" and ")}: what it reaches in the model may be NaN, maps too.`];
  });
}
