/** The one table of colour maps: WebGL, Canvas, legend and tokens all look colours up here. */
import {
  interpolateCividis,
  interpolateGreys,
  interpolateInferno,
  interpolateMagma,
  interpolatePlasma,
  interpolateRdBu,
  interpolateViridis,
} from "d3-scale-chromatic";

export const colourMapNames = [
  "magma",
  "viridis",
  "inferno",
  "plasma",
  "hot",
  "cividis",
  "greys",
  "RdBu",
] as const;
export type ColourMapName = (typeof colourMapNames)[number];

/** Red, green, blue as bytes. */
export type Rgb = readonly [number, number, number];

const SIZE = 256;
/** Share of the table that fades into white on a light ground, so that zero recedes. */
const FADE = 1 / 8;

const hot = (t: number): Rgb => [
  Math.round(255 * Math.min(1, t / 0.375)),
  Math.round(255 * Math.min(1, Math.max(0, (t - 0.375) / 0.375))),
  Math.round(255 * Math.max(0, (t - 0.75) / 0.25)),
];

function parse(colour: string): Rgb {
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  if (hex) return [parseInt(hex[1] ?? "0", 16), parseInt(hex[2] ?? "0", 16), parseInt(hex[3] ?? "0", 16)];
  const parts = colour.match(/[\d.]+/g) ?? [];
  return [Number(parts[0] ?? 0), Number(parts[1] ?? 0), Number(parts[2] ?? 0)];
}

/** Each map from its dark end (0) to its bright end (1). */
const maps: Record<Exclude<ColourMapName, "RdBu">, (t: number) => Rgb> = {
  magma: (t) => parse(interpolateMagma(t)),
  viridis: (t) => parse(interpolateViridis(t)),
  inferno: (t) => parse(interpolateInferno(t)),
  plasma: (t) => parse(interpolatePlasma(t)),
  cividis: (t) => parse(interpolateCividis(t)),
  hot,
  greys: (t) => parse(interpolateGreys(1 - t)),
};

/**
 * Blue through the ground to red, low end first: through white on a light ground; on a dark one the same hues through
 * black, so that the middle recedes there too.
 */
function redBlue(place: number, light: boolean): Rgb {
  const colour = parse(interpolateRdBu(1 - place));
  if (light) return colour;
  const strong = parse(interpolateRdBu(place < 0.5 ? 0.85 : 0.15));
  const share = Math.min(1, Math.abs(place - 0.5) * 2);
  return [Math.round(strong[0] * share), Math.round(strong[1] * share), Math.round(strong[2] * share)];
}

const tables = new Map<string, Uint8Array<ArrayBuffer>>();

/**
 * 256 colours as RGBA bytes, low end first. On a dark ground the low end is dark; on a light ground the map is
 * reversed and its first eighth fades into white. A diverging map keeps its ends, its middle is the ground.
 */
export function colourTable(name: ColourMapName, light: boolean): Uint8Array<ArrayBuffer> {
  const key = `${name} ${light}`;
  const known = tables.get(key);
  if (known) return known;
  const table = new Uint8Array(SIZE * 4);
  for (let index = 0; index < SIZE; index++) {
    const place = index / (SIZE - 1);
    const colour = name === "RdBu" ? redBlue(place, light) : maps[name](light ? 1 - place : place);
    const white = light && name !== "RdBu" ? Math.max(0, 1 - place / FADE) : 0;
    for (let channel = 0; channel < 3; channel++) {
      const value = colour[channel] ?? 0;
      table[index * 4 + channel] = Math.round(value + (255 - value) * white);
    }
    table[index * 4 + 3] = 255;
  }
  tables.set(key, table);
  return table;
}

export function tableColour(table: Uint8Array, index: number): Rgb {
  return [table[index * 4] ?? 0, table[index * 4 + 1] ?? 0, table[index * 4 + 2] ?? 0];
}

export function cssColour(colour: Rgb): string {
  return `rgb(${colour[0]}, ${colour[1]}, ${colour[2]})`;
}

/** Relative luminance (WCAG 2), 0 to 1. */
export function luminance(colour: Rgb): number {
  const linear = colour.map((byte) => {
    const value = byte / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (linear[0] ?? 0) + 0.7152 * (linear[1] ?? 0) + 0.0722 * (linear[2] ?? 0);
}

/** Dark ink above a relative luminance of 0.18, where black has the higher contrast. */
export function inkOn(colour: Rgb): Rgb {
  return luminance(colour) > 0.18 ? [0, 0, 0] : [255, 255, 255];
}
