/** Colours of a figure on a light or a dark ground, and its sizes of type (CSS px; 8 px are 6 pt on paper). */
import type { SegmentRole } from "../capture";
import { segmentColours } from "../segment-colours";

export const figureThemes = ["light", "dark"] as const;
export type FigureThemeName = (typeof figureThemes)[number];

export interface FigureTheme {
  readonly light: boolean;
  readonly ground: string;
  readonly text: string;
  readonly dim: string;
  /** Frames of maps, axes. */
  readonly line: string;
  readonly grid: string;
  readonly bar: string;
  readonly whisker: string;
  readonly outline: string;
  /** Stripes of masked cells, and cells that are no number. */
  readonly hatch: readonly [number, number, number];
  readonly flag: readonly [number, number, number];
  readonly segments: Readonly<Record<SegmentRole, string>>;
}

const themes: Readonly<Record<FigureThemeName, FigureTheme>> = {
  light: {
    light: true,
    ground: "#ffffff",
    text: "#1a1a1a",
    dim: "#555b62",
    line: "#8a8f96",
    grid: "#e3e5e8",
    bar: "#8b929b",
    whisker: "#30343a",
    outline: "#005fb8",
    hatch: [198, 202, 207],
    flag: [0, 190, 210],
    segments: segmentColours.light,
  },
  dark: {
    light: false,
    ground: "#1f1f1f",
    text: "#e6e6e6",
    dim: "#a6abb2",
    line: "#6d737b",
    grid: "#34373b",
    bar: "#8d939b",
    whisker: "#e6e6e6",
    outline: "#4daafc",
    hatch: [74, 78, 84],
    flag: [0, 220, 240],
    segments: segmentColours.dark,
  },
};

export function figureTheme(name: FigureThemeName): FigureTheme {
  return themes[name];
}

export const TITLE = 11;
export const BODY = 9;
export const TICK = 8;
/** The family that Roboto's widths fit; the files that hold their own font use Roboto itself. */
export const FONT_FAMILY = "Roboto, 'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif";
