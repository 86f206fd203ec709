/**
 * Where the map lies in its pane and which cell a place shows. Pure arithmetic; lengths in CSS px unless named
 * "device". Query 0 is on top, key 0 on the left. The same functions serve drawing, rulers and hit-testing.
 */
import type { PageWindow } from "../cell-reader";
import type { MapWindow } from "../state";

export interface LayoutInput {
  readonly width: number;
  readonly height: number;
  readonly queries: number;
  readonly keys: number;
  /** Both axes are one sequence: cells are square. */
  readonly square: boolean;
  /** Device pixels per CSS px. */
  readonly ratio: number;
  /** Room for the left ruler and for the top ruler. */
  readonly rulerWidth: number;
  readonly rulerHeight: number;
  /** Room for row entropies on the right and for received attention above the top ruler; none where not given. */
  readonly marginRight?: number;
  readonly marginTop?: number;
}

export interface MapLayout {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly deviceWidth: number;
  readonly deviceHeight: number;
}

/** Margin at the right and bottom of the map. */
const MARGIN = 8;
/** No cell is drawn larger than this at fit. */
const LARGEST_CELL = 72;
/** From this size on a cell prints its value. */
export const VALUE_CELL = 22;
/** A cell is never magnified beyond this. */
const LARGEST_ZOOMED_CELL = 96;

/** Place the map, aligned to device pixels and centred across the pane. null when there is no room for it. */
export function layoutMap(input: LayoutInput): MapLayout | null {
  const { queries, keys, ratio } = input;
  const { marginRight = 0, marginTop = 0 } = input;
  const roomX = input.width - input.rulerWidth - marginRight - MARGIN;
  const roomY = input.height - input.rulerHeight - marginTop - MARGIN;
  if (roomX < 16 || roomY < 16 || queries < 1 || keys < 1) return null;
  let cellX = Math.min(LARGEST_CELL, roomX / keys);
  let cellY = Math.min(LARGEST_CELL, roomY / queries);
  if (input.square) cellX = cellY = Math.min(cellX, cellY);
  const deviceWidth = Math.max(1, Math.floor(cellX * keys * ratio));
  const deviceHeight = Math.max(1, Math.floor(cellY * queries * ratio));
  const spare = Math.max(0, roomX - deviceWidth / ratio);
  const align = (length: number): number => Math.round(length * ratio) / ratio;
  return {
    left: align(input.rulerWidth + spare / 2),
    top: align(marginTop + input.rulerHeight),
    width: deviceWidth / ratio,
    height: deviceHeight / ratio,
    deviceWidth,
    deviceHeight,
  };
}

export function fullWindow(queries: number, keys: number): MapWindow {
  return { queryStart: 0, queryEnd: queries, keyStart: 0, keyEnd: keys };
}

/** Cell of every device pixel along one side: the cell under the pixel's centre. */
export function cellsOfPixels(start: number, end: number, pixels: number): Int32Array {
  const cells = new Int32Array(pixels);
  const step = (end - start) / pixels;
  const last = Math.ceil(end) - 1;
  for (let pixel = 0; pixel < pixels; pixel++) {
    cells[pixel] = Math.min(last, Math.floor(start + (pixel + 0.5) * step));
  }
  return cells;
}

/** The same as rows or columns of a page; −1 where the page has no such cell. */
export function pageIndices(
  cells: Int32Array,
  page: { start: number; end: number; factor: number },
): Int32Array {
  return cells.map((cell) =>
    cell < page.start || cell >= page.end ? -1 : Math.floor((cell - page.start) / page.factor),
  );
}

/** Size of one cell across and down. */
export function cellSize(layout: MapLayout, window: MapWindow): { x: number; y: number } {
  return {
    x: layout.width / (window.keyEnd - window.keyStart),
    y: layout.height / (window.queryEnd - window.queryStart),
  };
}

/** The place of a cell's edge along one side, from the map's own corner. */
export function edge(index: number, start: number, end: number, length: number): number {
  return ((index - start) / (end - start)) * length;
}

/** The cell at a place relative to the map's corner; null outside. */
export function hitTest(
  layout: MapLayout,
  window: MapWindow,
  x: number,
  y: number,
): { query: number; key: number } | null {
  if (x < 0 || y < 0 || x >= layout.width || y >= layout.height) return null;
  return {
    query: Math.floor(window.queryStart + (y / layout.height) * (window.queryEnd - window.queryStart)),
    key: Math.floor(window.keyStart + (x / layout.width) * (window.keyEnd - window.keyStart)),
  };
}

function bounded(start: number, span: number, count: number): [number, number] {
  const from = Math.min(Math.max(0, start), count - span);
  return [from, from + span];
}

/**
 * Zoom by `factor` (above 1 magnifies) so that the cell under `at` stays where it is.
 * null when the whole map is visible again.
 */
export function zoomAt(
  layout: MapLayout,
  window: MapWindow,
  size: { queries: number; keys: number },
  factor: number,
  at: { x: number; y: number },
): MapWindow | null {
  const spanX = window.keyEnd - window.keyStart;
  const spanY = window.queryEnd - window.queryStart;
  // One factor for both axes, so that square cells stay square.
  const least = Math.max(
    Math.min(size.keys, layout.width / LARGEST_ZOOMED_CELL) / spanX,
    Math.min(size.queries, layout.height / LARGEST_ZOOMED_CELL) / spanY,
  );
  const shrink = Math.max(1 / factor, least);
  const newX = Math.min(size.keys, spanX * shrink);
  const newY = Math.min(size.queries, spanY * shrink);
  if (newX >= size.keys && newY >= size.queries) return null;
  const shareX = at.x / layout.width;
  const shareY = at.y / layout.height;
  const [keyStart, keyEnd] = bounded(window.keyStart + shareX * (spanX - newX), newX, size.keys);
  const [queryStart, queryEnd] = bounded(window.queryStart + shareY * (spanY - newY), newY, size.queries);
  return { queryStart, queryEnd, keyStart, keyEnd };
}

/** Move the window by a distance of the pointer: dragging to the right shows earlier keys. */
export function panned(
  layout: MapLayout,
  window: MapWindow,
  size: { queries: number; keys: number },
  dx: number,
  dy: number,
): MapWindow {
  const cell = cellSize(layout, window);
  const [keyStart, keyEnd] = bounded(
    window.keyStart - dx / cell.x,
    window.keyEnd - window.keyStart,
    size.keys,
  );
  const [queryStart, queryEnd] = bounded(
    window.queryStart - dy / cell.y,
    window.queryEnd - window.queryStart,
    size.queries,
  );
  return { queryStart, queryEnd, keyStart, keyEnd };
}

/** The window of a box drawn in the map; its longer side decides, so that the map keeps its proportions. */
export function boxed(
  layout: MapLayout,
  window: MapWindow,
  size: { queries: number; keys: number },
  box: { x: number; y: number; width: number; height: number },
): MapWindow | null {
  const share = Math.max(box.width / layout.width, box.height / layout.height, 1e-3);
  const centre = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  const zoomed = zoomAt(layout, window, size, 1 / share, centre);
  if (!zoomed) return null;
  // `zoomAt` keeps the place under the pointer; a box is shown centred.
  const moved = { x: layout.width / 2 - centre.x, y: layout.height / 2 - centre.y };
  return panned(layout, zoomed, size, moved.x, moved.y);
}

function snapped(start: number, end: number, count: number, most: number): [number, number] {
  for (let factor = Math.max(1, Math.ceil((end - start) / most)); ; factor++) {
    const from = Math.floor(Math.floor(start) / factor) * factor;
    const to = Math.min(count, Math.ceil(Math.ceil(end) / factor) * factor);
    if (Math.ceil((to - from) / factor) <= most) return [from, to];
  }
}

/**
 * The page to ask for: the whole map when the pane has a device pixel for every cell, else the visible window in
 * whole cells. Its start is a multiple of the pooling factor, so that blocks stay where they are while panning.
 */
export function pageWindow(
  layout: MapLayout,
  window: MapWindow,
  size: { queries: number; keys: number },
  pooling: PageWindow["pooling"] = "max",
): PageWindow {
  const most = 8192;
  const maxRows = Math.min(most, layout.deviceHeight);
  const maxColumns = Math.min(most, layout.deviceWidth);
  const whole = size.queries <= maxRows && size.keys <= maxColumns;
  const [queryStart, queryEnd] = whole
    ? [0, size.queries]
    : snapped(window.queryStart, window.queryEnd, size.queries, maxRows);
  const [keyStart, keyEnd] = whole
    ? [0, size.keys]
    : snapped(window.keyStart, window.keyEnd, size.keys, maxColumns);
  return { queryStart, queryEnd, keyStart, keyEnd, maxRows, maxColumns, pooling };
}
