/** Windows put back on the grid that they were cut from: where each token lies, and one query's row of every window. */
import type { Windows } from "../model";
import type { HeadMap, MapRow } from "./head-map";

/** How many windows a sample has. */
export function windowCount({ gridHeight, gridWidth, windowHeight, windowWidth }: Windows): number {
  return Math.floor(gridHeight / windowHeight) * Math.floor(gridWidth / windowWidth);
}

/** Whether maps of these sizes, window by window along the batch axis, fill whole grids. */
export function fillsGrids(
  windows: Windows | null,
  { batch, queries, keys }: { readonly batch: number; readonly queries: number; readonly keys: number },
): windows is Windows {
  if (windows === null) return false;
  const tokens = windows.windowHeight * windows.windowWidth;
  const count = windowCount(windows);
  return count > 0 && queries === tokens && keys === tokens && batch % count === 0;
}

/** One axis of the grid, cut into `count` windows of `size` cells. */
interface Side {
  readonly count: number;
  readonly size: number;
  readonly spread: boolean | undefined;
}

function placeOf(window: number, cell: number, { count, size, spread }: Side): number {
  return spread ? cell * count + window : window * size + cell;
}

function atPlace(place: number, { count, size, spread }: Side): { window: number; cell: number } {
  return spread
    ? { window: place % count, cell: Math.floor(place / count) }
    : { window: Math.floor(place / size), cell: place % size };
}

/** Row and column of a token on the grid, as the docstring of `windowsSchema` defines them: shifted ones rolled back. */
export function cellOfToken(
  windows: Windows,
  window: number,
  token: number,
): { row: number; column: number } {
  const { gridHeight, gridWidth, windowHeight, windowWidth, shiftHeight, shiftWidth } = windows;
  const across = Math.floor(gridWidth / windowWidth);
  const down = Math.floor(gridHeight / windowHeight);
  const row = placeOf(Math.floor(window / across), Math.floor(token / windowWidth), {
    count: down,
    size: windowHeight,
    spread: windows.spreadHeight,
  });
  const column = placeOf(window % across, token % windowWidth, {
    count: across,
    size: windowWidth,
    spread: windows.spreadWidth,
  });
  return { row: (row + shiftHeight) % gridHeight, column: (column + shiftWidth) % gridWidth };
}

/** The window and the token in it that lie at a place of the grid. */
export function tokenOfCell(
  windows: Windows,
  row: number,
  column: number,
): { window: number; token: number } {
  const { gridHeight, gridWidth, windowHeight, windowWidth, shiftHeight, shiftWidth } = windows;
  const across = Math.floor(gridWidth / windowWidth);
  const down = Math.floor(gridHeight / windowHeight);
  const vertical = atPlace((row - shiftHeight + gridHeight) % gridHeight, {
    count: down,
    size: windowHeight,
    spread: windows.spreadHeight,
  });
  const horizontal = atPlace((column - shiftWidth + gridWidth) % gridWidth, {
    count: across,
    size: windowWidth,
    spread: windows.spreadWidth,
  });
  return {
    window: vertical.window * across + horizontal.window,
    token: vertical.cell * windowWidth + horizontal.cell,
  };
}

/**
 * One row of every window, each cell at its key's place of the grid: [gridHeight × gridWidth].
 * @param rowOf the row of a window of the sample
 */
export function gridOfQuery(windows: Windows, rowOf: (window: number) => MapRow): HeadMap {
  const { gridHeight, gridWidth } = windows;
  const cells = new Float32Array(gridHeight * gridWidth);
  const valid = new Uint8Array(gridHeight * gridWidth);
  for (let window = 0; window < windowCount(windows); window++) {
    const { cells: own, valid: seen } = rowOf(window);
    for (let key = 0; key < own.length; key++) {
      const { row, column } = cellOfToken(windows, window, key);
      cells[row * gridWidth + column] = own[key] as number;
      valid[row * gridWidth + column] = seen[key] as number;
    }
  }
  return { queries: gridHeight, keys: gridWidth, cells, valid };
}
