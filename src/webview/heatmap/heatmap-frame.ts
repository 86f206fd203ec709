/** From a page and a window to what a renderer is told. */
import type { Page } from "../../shared/page";
import type { ScaleName } from "../../shared/colour-scale";
import type { MapWindow } from "../state";
import { isScore } from "../cell-kinds";
import { framePaint } from "../frame-paint";
import type { Theme } from "../theme";
import { cellsOfPixels, type MapLayout, pageIndices } from "./heatmap-layout";
import { DrawingSurface } from "../drawing-surface";
import { createHeatmapCanvas } from "./heatmap-canvas";
import { createHeatmapGl } from "./heatmap-gl";
import type { CellGrid, HeatmapFrame } from "./heatmap-renderer";

/** A canvas for maps. `replaced` is called when another takes the place of a lost one. */
export function heatmapSurface(replaced: () => void): DrawingSurface<HeatmapFrame> {
  return new DrawingSurface({ webgl: createHeatmapGl, canvas: createHeatmapCanvas }, replaced);
}

const grids = new WeakMap<Page, CellGrid>();

/** The cells of a page; the same object for the same page, so that they are uploaded once. */
export function gridOf(page: Page): CellGrid {
  let grid = grids.get(page);
  if (!grid) {
    grid = {
      rows: page.rows,
      columns: page.columns,
      cells: new Float32Array(page.cells),
      signed: isScore(page.what),
    };
    grids.set(page, grid);
  }
  return grid;
}

export function frameOf(options: {
  layout: MapLayout;
  window: MapWindow;
  page: Page;
  /** 256 colours as RGBA bytes. */
  table: Uint8Array;
  /** Value at the end of the colour map. */
  end: number;
  scale: ScaleName;
  theme: Theme;
  /** Device pixels per CSS px. */
  ratio: number;
}): HeatmapFrame {
  const { layout, window, page, table, end, scale, theme, ratio } = options;
  const columns = cellsOfPixels(window.keyStart, window.keyEnd, layout.deviceWidth);
  const rows = cellsOfPixels(window.queryStart, window.queryEnd, layout.deviceHeight);
  return {
    ...framePaint(theme, ratio),
    grid: gridOf(page),
    table,
    width: layout.deviceWidth,
    height: layout.deviceHeight,
    columnOfPixel: pageIndices(columns, {
      start: page.keyStart,
      end: page.keyEnd,
      factor: page.columnFactor,
    }),
    rowOfPixel: pageIndices(rows, { start: page.queryStart, end: page.queryEnd, factor: page.rowFactor }),
    end,
    scale,
  };
}
