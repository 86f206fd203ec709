/** Heads side by side on one scale: where each tile lies, and all their cells as one grid. Pure; device px named so. */
import type { Page } from "../../shared/page";
import type { MapLayout } from "./heatmap-layout";
import { cellsOfPixels, pageIndices } from "./heatmap-layout";
import { isScore } from "../cell-kinds";
import { type CellGrid, NO_CELL, NO_SCORE } from "./heatmap-renderer";

export interface TilesLayout {
  readonly across: number;
  readonly down: number;
  /** Size of one tile's map and the distance from one to the next, device px. */
  readonly tileWidth: number;
  readonly tileHeight: number;
  readonly pitchX: number;
  readonly pitchY: number;
  /** Corner of the first tile's map, CSS px. */
  readonly left: number;
  readonly top: number;
  readonly ratio: number;
}

const GAP = 12;
/** Room of a tile's title above its map, px. */
export const TILE_TITLE = 16;
const MARGIN = 8;

/** As many across as make the tiles largest. null when there is no room. */
export function layoutTiles(input: {
  width: number;
  height: number;
  ratio: number;
  heads: number;
  queries: number;
  keys: number;
  square: boolean;
  rulerWidth: number;
  rulerHeight: number;
}): TilesLayout | null {
  const { ratio, heads, queries, keys } = input;
  const roomX = input.width - input.rulerWidth - MARGIN;
  const roomY = input.height - input.rulerHeight - MARGIN;
  let best: TilesLayout | null = null;
  let largest = 0;
  for (let across = 1; across <= heads; across++) {
    const down = Math.ceil(heads / across);
    let width = (roomX - GAP * (across - 1)) / across;
    let height = (roomY - GAP * (down - 1)) / down - TILE_TITLE;
    if (input.square) {
      const cell = Math.min(width / keys, height / queries);
      width = cell * keys;
      height = cell * queries;
    }
    const tileWidth = Math.floor(width * ratio);
    const tileHeight = Math.floor(height * ratio);
    if (tileWidth < 8 || tileHeight < 8 || Math.min(tileWidth, tileHeight) <= largest) continue;
    largest = Math.min(tileWidth, tileHeight);
    const pitchX = tileWidth + Math.round(GAP * ratio);
    const pitchY = tileHeight + Math.round((GAP + TILE_TITLE) * ratio);
    const spare = Math.max(0, roomX - (pitchX * across) / ratio + GAP);
    best = {
      ...{ across, down, tileWidth, tileHeight, pitchX, pitchY, ratio },
      left: Math.round((input.rulerWidth + spare / 2) * ratio) / ratio,
      top: Math.round((input.rulerHeight + TILE_TITLE) * ratio) / ratio,
    };
  }
  return best;
}

/** Where the map of the tile at a place lies, CSS px from the stage's corner. */
export function tileLayout(layout: TilesLayout, index: number): MapLayout {
  const { ratio } = layout;
  return {
    left: layout.left + ((index % layout.across) * layout.pitchX) / ratio,
    top: layout.top + (Math.floor(index / layout.across) * layout.pitchY) / ratio,
    width: layout.tileWidth / ratio,
    height: layout.tileHeight / ratio,
    deviceWidth: layout.tileWidth,
    deviceHeight: layout.tileHeight,
  };
}

/** Size of the picture that holds all tiles, device px. */
export function tilesSize(layout: TilesLayout): { width: number; height: number } {
  return {
    width: layout.pitchX * (layout.across - 1) + layout.tileWidth,
    height: layout.pitchY * (layout.down - 1) + layout.tileHeight,
  };
}

/** Row or column of the common grid for every device pixel of one side; −1 between tiles. */
function indicesOf(tiles: number, tile: number, pitch: number, page: Int32Array, cells: number): Int32Array {
  const indices = new Int32Array(pitch * (tiles - 1) + tile).fill(-1);
  for (let number = 0; number < tiles; number++) {
    page.forEach((cell, pixel) => {
      if (cell >= 0) indices[number * pitch + pixel] = number * cells + cell;
    });
  }
  return indices;
}

/** All pages as one grid with the pixels that show it; heads without a page yet show the ground. */
export function tilesGrid(
  layout: TilesLayout,
  pages: readonly (Page | undefined)[],
  size: { queries: number; keys: number },
): { grid: CellGrid; columnOfPixel: Int32Array; rowOfPixel: Int32Array } | null {
  const first = pages.find((page) => page !== undefined);
  if (!first) return null;
  const { rows, columns } = first;
  const { across, down } = layout;
  const signed = isScore(first.what);
  const cells = new Float32Array(across * columns * down * rows).fill(signed ? NO_SCORE : NO_CELL);
  pages.forEach((page, index) => {
    if (!page || page.rows !== rows || page.columns !== columns) return;
    const own = new Float32Array(page.cells);
    const corner = Math.floor(index / across) * rows * across * columns + (index % across) * columns;
    for (let row = 0; row < rows; row++) {
      cells.set(own.subarray(row * columns, (row + 1) * columns), corner + row * across * columns);
    }
  });
  const along = (end: number, pixels: number, factor: number): Int32Array =>
    pageIndices(cellsOfPixels(0, end, pixels), { start: 0, end, factor });
  return {
    grid: { rows: rows * down, columns: columns * across, cells, signed },
    columnOfPixel: indicesOf(
      ...([across, layout.tileWidth, layout.pitchX] as const),
      along(size.keys, layout.tileWidth, first.columnFactor),
      columns,
    ),
    rowOfPixel: indicesOf(
      ...([down, layout.tileHeight, layout.pitchY] as const),
      along(size.queries, layout.tileHeight, first.rowFactor),
      rows,
    ),
  };
}
