/** From a probability to a place on the colour map, and back for the legend. The shader repeats `position`. */

export const scaleNames = ["linear", "sqrt", "log"] as const;
export type ScaleName = (typeof scaleNames)[number];
export const scaleLabels: Record<ScaleName, string> = { linear: "linear", sqrt: "√", log: "log" };

/** Decades that the logarithmic scale shows below the range's end. */
export const LOG_DECADES = 3;

/** Cells below which the range ends at the head's maximum; from here on it ends at the 99th percentile. */
const MAXIMUM_BELOW_CELLS = 400;

/** The range starts at 0. `clipped` is set when cells above `end` exist and are drawn in its colour. */
export interface ColourRange {
  readonly end: number;
  readonly maximum: number;
  readonly clipped: boolean;
}

/** Default range of a head (`decisions.md` 12): its maximum below 400 cells, p99 above. */
export function colourRange(profile: { maximum: number; p99: number }, cells: number): ColourRange {
  const end = cells < MAXIMUM_BELOW_CELLS ? profile.maximum : profile.p99;
  // A head whose 99th percentile is 0 still has its few cells shown.
  const usable = end > 0 ? end : profile.maximum > 0 ? profile.maximum : 1;
  return { end: usable, maximum: profile.maximum, clipped: profile.maximum > usable };
}

/** Place of a probability on the map, 0 to 1. */
export function position(p: number, end: number, scale: ScaleName): number {
  const linear = Math.min(1, Math.max(0, p / end));
  if (scale === "sqrt") return Math.sqrt(linear);
  if (scale === "log") {
    return linear <= 0 ? 0 : Math.max(0, 1 + Math.log10(linear) / LOG_DECADES);
  }
  return linear;
}

/** The probability at a place of the legend's bar, 0 to 1. */
export function valueAt(place: number, end: number, scale: ScaleName): number {
  if (scale === "sqrt") return end * place * place;
  if (scale === "log") return end * 10 ** ((place - 1) * LOG_DECADES);
  return end * place;
}

/** Place of a score on a diverging map: 0 at −`end`, ½ at 0, 1 at `end`; the scale acts on its magnitude. */
export function signedPosition(value: number, end: number, scale: ScaleName): number {
  const share = position(Math.abs(value), end, scale) / 2;
  return value < 0 ? 0.5 - share : 0.5 + share;
}

/** Index of a score into a table of 256 colours. */
export function signedTableIndex(value: number, end: number, scale: ScaleName): number {
  return Math.floor(signedPosition(value, end, scale) * 255 + 0.5);
}

/** Index into a table of 256 colours. */
export function tableIndex(p: number, end: number, scale: ScaleName): number {
  return Math.floor(position(p, end, scale) * 255 + 0.5);
}
