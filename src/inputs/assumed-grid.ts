/**
 * Grids that the number of tokens suggests: patches of a picture, and tokens before them that lie in no picture. A
 * guess, which is shown as one until it is confirmed.
 */
import type { TensorSignature } from "../shared/model";

export interface PictureInput {
  readonly name: string;
  readonly height: number;
  readonly width: number;
}

export interface AssumedGrid {
  readonly rows: number;
  readonly columns: number;
  /** Height and width of a patch in px; null where the picture's size does not tell. */
  readonly patch: readonly [number, number] | null;
  /** Tokens before the patches: a class token. */
  readonly before: number;
  /** The input whose picture it is. */
  readonly camera: string;
}

/** Inputs that are pictures: three or four axes, one of 1, 3 or 4 colours, and two of at least 8 px. */
export function pictureInputs(
  inputs: readonly TensorSignature[],
  fed?: ReadonlyMap<string, readonly number[]>,
): PictureInput[] {
  return inputs.flatMap(({ name, dims, dtype }) => {
    const shape = fed?.get(name) ?? dims;
    if (!shape || shape.length < 3 || shape.length > 4 || !/^(float|uint8|bfloat)/.test(dtype)) return [];
    const [a, b, c] = shape.slice(-3);
    const colours = (dim: unknown) => dim === 1 || dim === 3 || dim === 4;
    const [height, width] = colours(a) ? [b, c] : colours(c) ? [a, b] : [undefined, undefined];
    const isSide = (dim: unknown): dim is number => typeof dim === "number" && dim >= 8;
    return isSide(height) && isSide(width) ? [{ name, height, width }] : [];
  });
}

/** Tokens that models put before their patches: none, a class token, one of distillation, registers. */
const tokensBefore = [0, 1, 2, 5];

/** The grid that a number of tokens suggests for a model of pictures; undefined where none fits. */
export function assumedGrid(length: number, pictures: readonly PictureInput[]): AssumedGrid | undefined {
  for (const before of tokensBefore) {
    for (const { name, height, width } of pictures) {
      for (let patch = Math.floor(Math.min(height, width) / 2); patch >= 2; patch--) {
        if (height % patch !== 0 || width % patch !== 0) continue;
        const [rows, columns] = [height / patch, width / patch];
        if (rows * columns + before === length)
          return { rows, columns, patch: [patch, patch], before, camera: name };
      }
    }
  }
  for (const before of [0, 1]) {
    const side = Math.round(Math.sqrt(length - before));
    const picture = pictures.find((each) => suggestsSquare(side, each));
    if (picture && side >= 3 && side * side + before === length)
      return { rows: side, columns: side, patch: null, before, camera: picture.name };
  }
  return undefined;
}

/** Whether as many rows as columns suggest patches of a picture: of a square one, or one that falls into so many. */
export function suggestsSquare(side: number, { height, width }: PictureInput): boolean {
  return height === width || (height % side === 0 && width % side === 0);
}

/** Why a grid is assumed, as a sentence. */
export function gridSentence({ rows, columns, patch, before, camera }: AssumedGrid, length: number): string {
  const tokens = before === 0 ? "" : ` after ${before === 1 ? "a class token" : `${before} other tokens`}`;
  const size = patch ? ` of ${patch[0]} px of ${camera}` : ` of ${camera}`;
  return `${length} tokens are taken for ${rows} × ${columns} patches${size}${tokens}: assumed from their number.`;
}

/** The segments that a manifest says such an axis has. */
export function gridSegments({ rows, columns, patch, before, camera }: AssumedGrid): object[] {
  const first =
    before === 0 ? [] : [{ name: before === 1 ? "class" : "extra", role: "other", count: before }];
  const size = patch === null ? {} : { patch: patch[0] === patch[1] ? patch[0] : patch };
  return [...first, { name: "patch", role: "image", grid: { rows, columns, ...size, camera } }];
}
