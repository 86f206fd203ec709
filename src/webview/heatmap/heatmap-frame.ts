/** From a page and a window to what a renderer is told. */
import type { Page } from "../../shared/page";
import type { ScaleName } from "../../shared/colour-scale";
import type { MapWindow } from "../state";
import type { Theme } from "../theme";
import { cellsOfPixels, type MapLayout, pageIndices } from "./heatmap-layout";
import type { CellGrid, HeatmapFrame } from "./heatmap-renderer";

/** Period of the stripes of masked cells, CSS px. */
const STRIPE_PERIOD = 4;

const grids = new WeakMap<Page, CellGrid>();

/** The cells of a page; the same object for the same page, so that they are uploaded once. */
export function gridOf(page: Page): CellGrid {
  let grid = grids.get(page);
  if (!grid) {
    grid = { rows: page.rows, columns: page.columns, cells: new Float32Array(page.cells) };
    grids.set(page, grid);
  }
  return grid;
}

export function frameOf(options: {
  layout: MapLayout;
  window: MapWindow;
  page: Page;
  /** Probability at the end of the colour map. */
  end: number;
  scale: ScaleName;
  theme: Theme;
  /** Device pixels per CSS px. */
  ratio: number;
}): HeatmapFrame {
  const { layout, window, page, end, scale, theme, ratio } = options;
  const columns = cellsOfPixels(window.keyStart, window.keyEnd, layout.deviceWidth);
  const rows = cellsOfPixels(window.queryStart, window.queryEnd, layout.deviceHeight);
  return {
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
    ground: theme.ground,
    hatch: theme.hatch,
    flag: theme.warning,
    stripePeriod: Math.round(STRIPE_PERIOD * ratio),
    stripeWidth: Math.max(1, Math.round(ratio)),
  };
}
