import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Atom, type Line, placed, regroup } from "../../../src/attention/axis-atoms";
import { discover } from "../../../src/attention/discover";
import { windowsOf } from "../../../src/attention/windows";
import { readModel } from "../../../src/onnx/read";
import { bytesSource } from "../../../src/onnx/source";
import type { Windows } from "../../../src/shared/model";

function windowsIn(file: string): (Windows | null)[] {
  const path = new URL(`../../corpus/${file}`, import.meta.url);
  const source = bytesSource(new Uint8Array(readFileSync(path)));
  return discover(readModel(source), source).sites.map(({ windows }) => windows);
}

const grid = (height: number, width: number, window: readonly [number, number], shift = 0): Windows => ({
  gridHeight: height,
  gridWidth: width,
  windowHeight: window[0],
  windowWidth: window[1],
  shiftHeight: height === 1 ? 0 : shift,
  shiftWidth: shift,
});

describe("windows of exported models", () => {
  it.each(["swin-dynamo18-eager.onnx", "swin-saved-extended.onnx"])(
    "are read from reshapes and rolls (%s)",
    (file) => {
      // The second stage's grid is one window.
      expect(windowsIn(file)).toEqual([grid(8, 8, [4, 4]), grid(8, 8, [4, 4], 2), null, null]);
    },
  );

  it.each(["shifted-windows-dynamo18.onnx", "shifted-windows-torchscript17.onnx"])(
    "of a sequence are a grid of one row (%s)",
    (file) => {
      expect(windowsIn(file)).toEqual([grid(1, 10, [1, 5], 2)]);
    },
  );

  it.each(["blind-axial.onnx", "vit-dynamo18-sdpa.onnx", "blind-alphafold.onnx"])(
    "are none where nothing says that the batch is one (%s)",
    (file) => {
      expect(windowsIn(file).every((windows) => windows === null)).toBe(true);
    },
  );
});

describe("a partition", () => {
  const position = (size: number): Atom => ({ size, origin: "position" });
  /** Tokens and batch of a tensor [batch, height, width] that is cut into windows. */
  function cut(rows: readonly [number, number], columns: readonly [number, number]): [Atom[], Atom[]] {
    const image = placed(
      [[position(3)], [position(rows[0] * rows[1])], [position(columns[0] * columns[1])]],
      "x",
    );
    const split = regroup(image, [3, rows[0], rows[1], columns[0], columns[1]]) ?? [];
    const [samples, windowRows, inRow, windowColumns, inColumn] = split.map((atoms) => [...atoms]);
    return [
      [...(inRow ?? []), ...(inColumn ?? [])],
      [...(samples ?? []), ...(windowRows ?? []), ...(windowColumns ?? [])],
    ];
  }

  it("is read whatever its sides are, one cell or one window long included", () => {
    expect(windowsOf(...cut([2, 3], [4, 5]))).toEqual(grid(6, 20, [3, 5]));
    expect(windowsOf(...cut([1, 3], [4, 5]))).toEqual(grid(3, 20, [3, 5]));
    expect(windowsOf(...cut([2, 3], [4, 1]))).toEqual(grid(6, 4, [3, 1]));
  });

  it("may be spread over the grid, each window with one cell from every stretch", () => {
    const [tokens, batch] = cut([2, 3], [4, 5]);
    const [samples, ...stretches] = batch;
    expect(windowsOf(stretches, [samples!, ...tokens])).toEqual({
      ...grid(6, 20, [2, 4]),
      ...{ spreadHeight: true, spreadWidth: true },
    });
  });

  it("is none where columns of windows come before rows, or cells of a window are not neighbours", () => {
    const [tokens, batch] = cut([2, 3], [4, 5]);
    expect(windowsOf(tokens, [batch[0]!, batch[2]!, batch[1]!])).toBeNull();
    expect(windowsOf([...tokens].reverse(), batch)).toBeNull();
    expect(windowsOf([...batch.slice(1)].reverse(), [batch[0]!, ...tokens])).toBeNull();
  });

  it("of an image's rows is known where a convolution made the image", () => {
    const line = (axis: number, spatial: boolean): Line => ({ tensor: "x", axis, length: 4, spatial });
    const along = (of: Line): Atom => ({ ...position(4), place: { line: of, stride: 1, shift: 0 } });
    expect(windowsOf([along(line(3, true))], [along(line(2, true))])).toEqual(grid(4, 4, [1, 4]));
    expect(windowsOf([along(line(2, true))], [along(line(3, true))])).toEqual(grid(4, 4, [4, 1]));
    expect(windowsOf([along(line(3, false))], [along(line(2, false))])).toBeNull();
  });
});
