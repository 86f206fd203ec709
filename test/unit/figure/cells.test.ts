import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { colourTable } from "../../../src/shared/colour-maps";
import { cellPicture } from "../../../src/shared/figure/cell-picture";
import { figureTheme } from "../../../src/shared/figure/figure-theme";
import { encodePng, withTexts } from "../../../src/shared/figure/png";
import type { Picture } from "../../../src/shared/figure/scene";
import { seeded } from "./source";

const rows = 5;
const columns = 9;

/** An asymmetric map with a masked cell and one that is no number. */
function cells(): Float32Array {
  const random = seeded(3);
  const map = Float32Array.from({ length: rows * columns }, () => random());
  map[7] = -1;
  map[20] = NaN;
  return map;
}

function pixelAt({ width, rgb }: Picture, x: number, y: number): number[] {
  return [...rgb.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
}

/** The reference: place on the bar by the words of docs/figures.md, then the table's colour. */
const places = {
  linear: (p: number, end: number) => Math.min(1, p / end),
  sqrt: (p: number, end: number) => Math.sqrt(Math.min(1, p / end)),
  log: (p: number, end: number) => Math.max(0, 1 + Math.log10(Math.min(1, p / end)) / 3),
};

describe.each(["light", "dark"] as const)("cells on a %s ground", (name) => {
  const theme = figureTheme(name);

  test.each(["linear", "sqrt", "log"] as const)("every pixel of a cell has its colour, %s", (scale) => {
    const map = cells();
    const end = 0.8;
    const picture = cellPicture({ rows, columns, cells: map }, 90, 40, { map: "viridis", scale, end, theme });
    const table = colourTable("viridis", theme.light);
    const [blockX, blockY] = [picture.width / columns, picture.height / rows];
    expect([blockX % 1, blockY % 1]).toEqual([0, 0]);
    map.forEach((p, cell) => {
      if (p < 0 || Number.isNaN(p)) return;
      const index = Math.floor(places[scale](p, end) * 255 + 0.5);
      const expected = [...table.subarray(index * 4, index * 4 + 3)];
      const [x, y] = [(cell % columns) * blockX, Math.floor(cell / columns) * blockY];
      for (const [dx, dy] of [
        [0, 0],
        [blockX - 1, 0],
        [0, blockY - 1],
        [blockX >> 1, blockY >> 1],
      ] as const)
        expect(pixelAt(picture, x + dx, y + dy), `cell ${cell}`).toEqual(expected);
    });
  });

  test("a masked cell is striped and a cell that is no number has a colour of its own", () => {
    const picture = cellPicture({ rows, columns, cells: cells() }, 90, 40, {
      map: "magma",
      scale: "linear",
      end: 1,
      theme,
    });
    const [blockX, blockY] = [picture.width / columns, picture.height / rows];
    const colours = (cell: number) => {
      const found = new Set<string>();
      for (let y = 0; y < blockY; y++)
        for (let x = 0; x < blockX; x++)
          found.add(
            pixelAt(picture, (cell % columns) * blockX + x, Math.floor(cell / columns) * blockY + y).join(),
          );
      return [...found];
    };
    expect(colours(7).sort()).toEqual(
      [theme.hatch.join(), [1, 3, 5].map((at) => parseInt(theme.ground.slice(at, at + 2), 16)).join()].sort(),
    );
    expect(colours(20)).toEqual([theme.flag.join()]);
  });
});

test("a PNG decodes to the pixels that were given, and carries texts", async () => {
  const random = seeded(9);
  const picture = {
    width: 37,
    height: 11,
    rgb: Uint8Array.from({ length: 37 * 11 * 3 }, () => Math.floor(random() * 256)),
  };
  const file = withTexts(encodePng(picture), { Source: '{"model":"ü"}', Title: "heads" });
  const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, info.channels]).toEqual([37, 11, 3]);
  expect([...data]).toEqual([...picture.rgb]);
  expect(Buffer.from(file).includes('{"model":"ü"}')).toBe(true);
});
