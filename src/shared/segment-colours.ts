/**
 * The colours of segments. In each table any two differ by 18 in CIELAB, the first five by 24, in normal vision and in
 * three simulated deficiencies; contrast to the ground is 3 : 1 at least.
 */
import type { SegmentRole } from "./capture";

export const segmentColours: Readonly<
  Record<"dark" | "light" | "highContrast", Readonly<Record<SegmentRole | "seventh", string>>>
> = {
  dark: {
    image: "#1a98e0",
    text: "#fcab6e",
    state: "#a9ecc2",
    action: "#f0bdf0",
    return: "#a08218",
    other: "#8b96a3",
    seventh: "#c65b56",
  },
  light: {
    image: "#1c99d2",
    text: "#813b02",
    state: "#00573e",
    action: "#6a2470",
    return: "#ae8c18",
    other: "#6a727f",
    seventh: "#d97264",
  },
  highContrast: {
    image: "#3aaaf2",
    text: "#d98a10",
    state: "#a1febf",
    action: "#ffafe0",
    return: "#fff685",
    other: "#9aa0a6",
    seventh: "#fa6a66",
  },
};
