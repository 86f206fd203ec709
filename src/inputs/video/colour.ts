/** The colours of a decoded picture: bytes of red, green and blue out of brightness and colour differences. */
import { AttentionError } from "../../shared/errors";
import type { Matrix, Pixels } from "../../shared/video-frame";
import type { Picture } from "../pictures";

/** What the numbers of a video's pictures mean, as far as its file says. */
export interface VideoColour {
  readonly matrix: Matrix;
  readonly fullRange: boolean;
}

/** What a video is that says nothing: ffmpeg and what is built on it take it so, whatever its size. */
export const unsaidColour: VideoColour = { matrix: "smpte170m", fullRange: false };

/** The matrix by its number (ITU-T H.273, table 4); undefined for one that is not said, or not known here. */
export function matrixOfNumber(number: number): Matrix | undefined {
  const known: Readonly<Record<number, Matrix>> = {
    ...{ 0: "rgb", 1: "bt709", 5: "bt470bg", 6: "smpte170m", 9: "bt2020-ncl" },
  };
  return known[number];
}

/** Shares of red and of blue in the brightness (ITU-T H.273, 8.3). */
const shares: Readonly<Record<Exclude<Matrix, "rgb">, readonly [number, number]>> = {
  bt709: [0.2126, 0.0722],
  bt470bg: [0.299, 0.114],
  smpte170m: [0.299, 0.114],
  "bt2020-ncl": [0.2627, 0.0593],
};

/**
 * Each pixel has the colour differences that are stored for it, as ffmpeg gives them; none are made up between two.
 * @param where the file's name, for messages; @throws badMessage for planes that do not hold the picture
 */
export function pictureOfPixels(pixels: Pixels, said: VideoColour, where: string): Picture {
  const { format, width, height } = pixels;
  const out = new Uint8Array(width * height * 3);
  if (/^(RGB|BGR)/.test(format)) copyColours(pixels, out, where);
  else mix(pixels, said, out, where);
  return { width, height, channels: 3, data: out };
}

/** A plane of numbers; throws where the data end before it. */
function plane(
  { planes, data, format }: Pixels,
  index: number,
  rowBytes: number,
  rows: number,
  where: string,
): { values: Uint8Array | Uint16Array; stride: number; start: number } {
  const { offset = 0, stride = 0 } = planes[index] ?? {};
  const deep = /P1[02]$/.test(format) ? 2 : 1;
  const end = offset + stride * (rows - 1) + rowBytes;
  if (
    !planes[index] ||
    end > data.byteLength ||
    stride < rowBytes ||
    stride % deep !== 0 ||
    offset % deep !== 0
  )
    throw new AttentionError("badMessage", `Plane ${index} of a decoded picture does not hold it.`, {
      where,
    });
  const values = deep === 2 ? new Uint16Array(data, 0, data.byteLength >> 1) : new Uint8Array(data);
  return { values, stride: stride / deep, start: offset / deep };
}

function copyColours(pixels: Pixels, out: Uint8Array, where: string): void {
  const { width, height, format } = pixels;
  const { values, stride, start } = plane(pixels, 0, width * 4, height, where);
  const [red, blue] = format.startsWith("RGB") ? [0, 2] : [2, 0];
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0, at = start + y * stride; x < width; x++, at += 4, to += 3) {
      out[to] = values[at + red] ?? 0;
      out[to + 1] = values[at + 1] ?? 0;
      out[to + 2] = values[at + blue] ?? 0;
    }
}

function mix(pixels: Pixels, said: VideoColour, out: Uint8Array, where: string): void {
  const { format, width, height } = pixels;
  const bits = format.endsWith("P10") ? 10 : format.endsWith("P12") ? 12 : 8;
  const bytes = bits > 8 ? 2 : 1;
  // How many pixels share a colour difference, across and down, as a shift.
  const across = format.startsWith("I444") ? 0 : 1;
  const down = format.startsWith("I420") || format === "NV12" ? 1 : 0;
  const [halfWidth, halfHeight] = [(width + across) >> across, (height + down) >> down];
  const luma = plane(pixels, 0, width * bytes, height, where);
  const both = format === "NV12";
  const first = plane(pixels, 1, halfWidth * bytes * (both ? 2 : 1), halfHeight, where);
  const second = both
    ? { ...first, start: first.start + 1 }
    : plane(pixels, 2, halfWidth * bytes, halfHeight, where);
  const step = both ? 2 : 1;

  const matrix = pixels.matrix ?? said.matrix;
  const table = shareTables(matrix, pixels.fullRange ?? said.fullRange, bits);
  // Rounds, and keeps within a byte.
  const bytesOut = new Uint8ClampedArray(out.buffer, out.byteOffset, out.length);
  const [lights, us, vs] = [luma.values, first.values, second.values];
  for (let y = 0, to = 0; y < height; y++) {
    const row = luma.start + y * luma.stride;
    const rowU = first.start + (y >> down) * first.stride;
    const rowV = second.start + (y >> down) * second.stride;
    for (let x = 0; x < width; x++, to += 3) {
      const light = table.light[lights[row + x] ?? 0] ?? 0;
      const at = (x >> across) * step;
      const [u, v] = [us[rowU + at] ?? 0, vs[rowV + at] ?? 0];
      if (matrix === "rgb") {
        // Green, blue, red in place of brightness and differences.
        bytesOut[to] = table.light[v] ?? 0;
        bytesOut[to + 1] = light;
        bytesOut[to + 2] = table.light[u] ?? 0;
      } else {
        bytesOut[to] = light + (table.redOfV[v] ?? 0);
        bytesOut[to + 1] = light - (table.greenOfU[u] ?? 0) - (table.greenOfV[v] ?? 0);
        bytesOut[to + 2] = light + (table.blueOfU[u] ?? 0);
      }
    }
  }
}

/** What every number adds to red, green and blue, from 0 to 255. */
function shareTables(
  matrix: Matrix,
  full: boolean,
  bits: number,
): Readonly<Record<"light" | "redOfV" | "greenOfU" | "greenOfV" | "blueOfU", Float32Array>> {
  const most = 2 ** bits - 1;
  const unit = 2 ** (bits - 8);
  const [black, lightScale] = full ? [0, 255 / most] : [16 * unit, 255 / (219 * unit)];
  const [middle, colourScale] = [128 * unit, full ? 255 / most : 255 / (224 * unit)];
  const [kr, kb] = matrix === "rgb" ? [0, 0] : shares[matrix];
  const kg = 1 - kr - kb;
  const redOf = 2 * (1 - kr) * colourScale;
  const blueOf = 2 * (1 - kb) * colourScale;
  const table = (offset: number, scale: number) =>
    Float32Array.from({ length: most + 1 }, (_, value) => (value - offset) * scale);
  return {
    light: table(black, lightScale),
    redOfV: table(middle, redOf),
    greenOfU: table(middle, (blueOf * kb) / kg),
    greenOfV: table(middle, (redOf * kr) / kg),
    blueOfU: table(middle, blueOf),
  };
}
