/** Windows on their grid, against a grid that is rolled and cut here as Swin does it, number by number. */
import { describe, expect, it } from "vitest";
import { CaptureStore } from "../../../src/shared/maps/capture-store";
import { cellOfToken, fillsGrids, tokenOfCell, windowCount } from "../../../src/shared/maps/window-grid";
import type { Windows } from "../../../src/shared/model";

/** torch.roll(x, (−shiftHeight, −shiftWidth)) and window_partition: cells of the grid by window and token. */
function partition(windows: Windows): number[][] {
  const { gridHeight, gridWidth, windowHeight, windowWidth, shiftHeight, shiftWidth } = windows;
  const rolled = Array.from({ length: gridHeight }, (_, row) =>
    Array.from(
      { length: gridWidth },
      (_unused, column) =>
        ((row + shiftHeight) % gridHeight) * gridWidth + ((column + shiftWidth) % gridWidth),
    ),
  );
  const cut: number[][] = [];
  if (windows.spreadHeight) {
    // MaxViT's grid_partition: every cell of a coarser raster, begun at each place of its first stretch.
    const [down, across] = [gridHeight / windowHeight, gridWidth / windowWidth];
    for (let top = 0; top < down; top++)
      for (let left = 0; left < across; left++)
        cut.push(
          rolled
            .filter((_, row) => row % down === top)
            .flatMap((row) => row.filter((_cell, column) => column % across === left)),
        );
    return cut;
  }
  for (let top = 0; top < gridHeight; top += windowHeight)
    for (let left = 0; left < gridWidth; left += windowWidth)
      cut.push(rolled.slice(top, top + windowHeight).flatMap((row) => row.slice(left, left + windowWidth)));
  return cut;
}

const shapes: Windows[] = [
  { gridHeight: 8, gridWidth: 8, windowHeight: 4, windowWidth: 4, shiftHeight: 0, shiftWidth: 0 },
  { gridHeight: 8, gridWidth: 12, windowHeight: 4, windowWidth: 3, shiftHeight: 2, shiftWidth: 1 },
  { gridHeight: 1, gridWidth: 24, windowHeight: 1, windowWidth: 8, shiftHeight: 0, shiftWidth: 4 },
  {
    ...{ gridHeight: 6, gridWidth: 12, windowHeight: 3, windowWidth: 4, shiftHeight: 0, shiftWidth: 0 },
    ...{ spreadHeight: true, spreadWidth: true },
  },
];

describe.each(shapes)(
  "windows of $windowHeight × $windowWidth, shifted $shiftHeight, $shiftWidth",
  (windows) => {
    const cut = partition(windows);

    it("lie where they were cut from, and every cell is found again", () => {
      expect(windowCount(windows)).toBe(cut.length);
      cut.forEach((cells, window) =>
        cells.forEach((cell, token) => {
          const { row, column } = cellOfToken(windows, window, token);
          expect(row * windows.gridWidth + column).toBe(cell);
          expect(tokenOfCell(windows, row, column)).toEqual({ window, token });
        }),
      );
    });

    it("give one query's row of every window of its sample, and masked cells as masked", () => {
      const tokens = windows.windowHeight * windows.windowWidth;
      const samples = 2;
      const batch = samples * cut.length;
      // Cell = sample, window, query, key in its digits; one key is masked.
      const cells = Float32Array.from({ length: batch * tokens * tokens }, (_, at) => at);
      const valid = Uint8Array.from(cells, (_, at) => (at % tokens === 1 ? 0 : 1));
      const store = new CaptureStore(7, [
        { handle: "s", batch, heads: 1, queries: tokens, keys: tokens, ownKey: 0, windows, cells, valid },
      ]);
      const query = 2;
      const grid = store.readGrid({
        ...{ handle: "s", generation: 7, batch: cut.length + 1, head: 0, query },
        ...{ maxRows: 64, maxColumns: 64, pooling: "max" },
      });
      expect([grid.rows, grid.columns]).toEqual([windows.gridHeight, windows.gridWidth]);
      const seen = new Float32Array(grid.cells);
      cut.forEach((places, window) =>
        places.forEach((cell, key) => {
          const own = ((cut.length + window) * tokens + query) * tokens + key;
          expect(seen[cell]).toBe(key === 1 ? -1 : own);
        }),
      );
    });
  },
);

describe("a batch that is no whole grid", () => {
  const windows = shapes[0]!;
  it("is not put on one", () => {
    expect(fillsGrids(windows, { batch: 4, queries: 16, keys: 16 })).toBe(true);
    expect(fillsGrids(windows, { batch: 3, queries: 16, keys: 16 })).toBe(false);
    expect(fillsGrids(windows, { batch: 4, queries: 16, keys: 17 })).toBe(false);
    expect(fillsGrids(null, { batch: 4, queries: 16, keys: 16 })).toBe(false);
  });
});
