/** Cells of a page as pixels: the colour of the one table for each, stripes where masked, nothing smoothed. */
import { colourTable, type ColourMapName } from "../colour-maps";
import { type ScaleName, tableIndex } from "../colour-scale";
import type { FigureTheme } from "./figure-theme";
import type { Picture } from "./scene";

export interface CellColours {
  readonly map: ColourMapName;
  readonly scale: ScaleName;
  /** The probability that has the map's last colour. */
  readonly end: number;
  readonly theme: FigureTheme;
}

/** Pixels per CSS px: 600 dpi on paper. */
const PIXELS_PER_PX = 6.25;
/** Pixels that a side has at most, beyond a whole number for each cell. */
const MOST_PIXELS = 2400;
/** Stripes of masked cells, CSS px. */
const STRIPE_PERIOD = 4;
const STRIPE_WIDTH = 0.8;

export interface Cells {
  readonly rows: number;
  readonly columns: number;
  /** Probabilities, −1 where masked, NaN where they are no numbers; row-major, query 0 on top. */
  readonly cells: Float32Array;
}

/** Pixels of a map drawn at this size: cells that are more than these are pooled. */
export function pixelsOf(width: number, height: number): { rows: number; columns: number } {
  return {
    rows: Math.min(MOST_PIXELS, height * PIXELS_PER_PX),
    columns: Math.min(MOST_PIXELS, width * PIXELS_PER_PX),
  };
}

/**
 * A picture for a place of this size. Each cell is a block of a whole number of pixels, so that a viewer that
 * smooths pictures blurs no more than a cell's edge.
 */
export function cellPicture(
  { rows, columns, cells }: Cells,
  width: number,
  height: number,
  colours: CellColours,
): Picture {
  const pixels = pixelsOf(width, height);
  const blockX = Math.max(1, Math.round(pixels.columns / columns));
  const blockY = Math.max(1, Math.round(pixels.rows / rows));
  const across = columns * blockX;
  const down = rows * blockY;
  const table = colourTable(colours.map, colours.theme.light);
  const ground = channels(colours.theme.ground);
  const rgb = new Uint8Array(across * down * 3);
  const row = new Uint8Array(across * 3);
  for (let query = 0; query < rows; query++) {
    let masked = false;
    for (let key = 0; key < columns; key++) {
      const p = cells[query * columns + key] as number;
      const [red, green, blue] = Number.isNaN(p)
        ? colours.theme.flag
        : p < 0
          ? ground
          : tableAt(table, p, colours);
      masked ||= p < 0;
      for (let x = key * blockX; x < (key + 1) * blockX; x++) row.set([red, green, blue], x * 3);
    }
    for (let y = query * blockY; y < (query + 1) * blockY; y++) rgb.set(row, y * across * 3);
    if (!masked) continue;
    for (let key = 0; key < columns; key++) {
      if ((cells[query * columns + key] as number) >= 0 || Number.isNaN(cells[query * columns + key]))
        continue;
      stripes(rgb, across, [key * blockX, (key + 1) * blockX], [query * blockY, (query + 1) * blockY], {
        x: width / across,
        y: height / down,
        colour: colours.theme.hatch,
      });
    }
  }
  return { width: across, height: down, rgb };
}

function tableAt(
  table: Uint8Array,
  p: number,
  { end, scale }: CellColours,
): readonly [number, number, number] {
  const at = tableIndex(p, end, scale) * 4;
  return [table[at] as number, table[at + 1] as number, table[at + 2] as number];
}

/** `#rrggbb` as bytes. */
export function channels(colour: string): readonly [number, number, number] {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)) as [number, number, number];
}

/** Diagonals at 45° of the drawn figure, going on from cell to cell. */
function stripes(
  rgb: Uint8Array,
  across: number,
  [fromX, toX]: readonly [number, number],
  [fromY, toY]: readonly [number, number],
  pixel: { x: number; y: number; colour: readonly [number, number, number] },
): void {
  for (let y = fromY; y < toY; y++) {
    for (let x = fromX; x < toX; x++) {
      if ((x * pixel.x + y * pixel.y) % STRIPE_PERIOD < STRIPE_WIDTH)
        rgb.set(pixel.colour, (y * across + x) * 3);
    }
  }
}
