/** The product's renderers of maps in a page, and ECharts beside them: what is drawn, and how long it takes. */
import * as echarts from "echarts/core";
import { HeatmapChart } from "echarts/charts";
import { GridComponent, VisualMapComponent } from "echarts/components";
import { CanvasRenderer } from "echarts/renderers";
import { colourTable } from "../../src/shared/colour-maps";
import { CaptureStore } from "../../src/shared/maps/capture-store";
import { MASKED, type Page } from "../../src/shared/page";
import type { Renderer } from "../../src/webview/drawing-surface";
import { createHeatmapCanvas } from "../../src/webview/heatmap/heatmap-canvas";
import { frameOf, gridOf } from "../../src/webview/heatmap/heatmap-frame";
import { createHeatmapGl } from "../../src/webview/heatmap/heatmap-gl";
import type { HeatmapFrame } from "../../src/webview/heatmap/heatmap-renderer";
import type { MapWindow } from "../../src/webview/state";
import { readTheme } from "../../src/webview/theme";

/** Size of every picture, device pixels. */
const PICTURE = 1000;
const FRAMES = 24;
let theme: ReturnType<typeof readTheme> | null = null;
const END = 0.05;

/** Milliseconds. */
export interface FirstDraw {
  /** From an empty page: context and shader included. */
  readonly whole: number;
  /** By a renderer that is there. */
  readonly draw: number;
}

/** What the bench asks of this page; every answer is in milliseconds. */
export interface Drawing {
  /** The first picture of a map as a report makes it: its page from all cells of the map, then the page drawn. */
  firstMap(side: number, everyCell: boolean): FirstDraw;
  /** The first picture where the renderer is handed every cell. */
  firstGl(side: number): FirstDraw;
  firstEcharts(side: number): Promise<number>;
  /** Mean of the frames of one way through the map; `upload` sends the cells anew in each. */
  panAndZoom(side: number, upload: boolean): number;
  canvasRedraw(side: number, everyCell: boolean): number;
}
declare global {
  interface Window {
    drawing: Drawing;
  }
}

echarts.use([HeatmapChart, GridComponent, VisualMapComponent, CanvasRenderer]);

const pages = new Map<number, Page>();

/** A causal map of this side with a diagonal and noise; made once. */
function pageOf(side: number): Page {
  const known = pages.get(side);
  if (known) return known;
  const cells = new Float32Array(side * side);
  let state = 1;
  for (let query = 0; query < side; query++) {
    for (let key = 0; key < side; key++) {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      const noise = (state >>> 8) / 2 ** 24;
      cells[query * side + key] = key > query ? -1 : (noise * END) / (1 + (64 * (query - key)) / side);
    }
  }
  const page: Page = {
    ...{ handle: "map", generation: 1, batch: 0, head: 0, pooling: "none", rowFactor: 1, columnFactor: 1 },
    ...{ queryStart: 0, queryEnd: side, keyStart: 0, keyEnd: side, rows: side, columns: side },
    cells: cells.buffer,
  };
  pages.set(side, page);
  return page;
}

const stores = new Map<number, CaptureStore>();

/** The map as a report holds it, no picture of it asked for yet; made once. */
function storeOf(side: number): CaptureStore {
  const known = stores.get(side);
  if (known) return known;
  const { cells } = gridOf(pageOf(side));
  const site = {
    ...{ handle: "map", batch: 1, heads: 1, queries: side, keys: side, ownKey: null },
    cells: cells.map((cell) => Math.max(0, cell)),
    valid: Uint8Array.from(cells, (cell) => Number(cell !== MASKED)),
  };
  const store = new CaptureStore(1, [site]);
  stores.set(side, store);
  return store;
}

/** The page that a pane of the picture's size asks for: every cell of the map is read, the largest of each block shown. */
function pooledPage(side: number): Page {
  return storeOf(side).readPage({
    ...{ handle: "map", generation: 1, batch: 0, head: 0, pooling: "max" },
    ...{ queryStart: 0, queryEnd: side, keyStart: 0, keyEnd: side, maxRows: PICTURE, maxColumns: PICTURE },
  });
}

function frame(page: Page, window: MapWindow): HeatmapFrame {
  const layout = {
    ...{ left: 0, top: 0, width: PICTURE, height: PICTURE },
    ...{ deviceWidth: PICTURE, deviceHeight: PICTURE },
  };
  return frameOf({
    ...{ layout, window, page, end: END, scale: "linear", theme: (theme ??= readTheme()), ratio: 1 },
    table: colourTable("magma", false),
  });
}

const whole = (side: number): MapWindow => ({ queryStart: 0, queryEnd: side, keyStart: 0, keyEnd: side });

/** A way through the map that is the same share of maps of every size: in, across and out again. */
function way(side: number): MapWindow[] {
  return Array.from({ length: FRAMES }, (_, index) => {
    const time = index / (FRAMES - 1);
    const extent = side * (1 - 0.85 * Math.sin(Math.PI * time));
    const queryStart = (side - extent) * time;
    const keyStart = ((side - extent) * time) / 2;
    return { queryStart, queryEnd: queryStart + extent, keyStart, keyEnd: keyStart + extent };
  });
}

/** A pixel that is read cannot be answered before the picture is there. */
function finish(canvas: HTMLCanvasElement): void {
  const gl = canvas.getContext("webgl2");
  if (gl) gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
  else canvas.getContext("2d")?.getImageData(0, 0, 1, 1);
}

function withCanvas<T>(
  create: (canvas: HTMLCanvasElement) => Renderer<HeatmapFrame> | null,
  work: (renderer: Renderer<HeatmapFrame>, canvas: HTMLCanvasElement) => T,
): T {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = PICTURE;
  document.body.append(canvas);
  const renderer = create(canvas);
  if (!renderer) throw new Error("This browser gave no renderer.");
  try {
    return work(renderer, canvas);
  } finally {
    renderer.dispose();
    canvas.remove();
  }
}

const glRenderer = (canvas: HTMLCanvasElement): Renderer<HeatmapFrame> | null => {
  const renderer = createHeatmapGl(canvas, () => undefined);
  if (renderer && canvas.getContext("webgl2")!.getParameter(WebGL2RenderingContext.MAX_TEXTURE_SIZE) < 4096)
    throw new Error("Textures here are smaller than 4096².");
  return renderer;
};

function draw(
  renderer: Renderer<HeatmapFrame>,
  canvas: HTMLCanvasElement,
  side: number,
  page = pageOf(side),
): void {
  renderer.draw(frame(page, whole(side)));
  finish(canvas);
}

/** A picture of a small map: after it the renderer is there. */
const SMALL = 64;

/** The slowed variant draws every second row and column: all of them would take minutes. */
const STRIDE = 2;

/** Slowed on purpose: a rectangle for each of a quarter of the cells, as charts draw one. */
function drawEveryCell(canvas: HTMLCanvasElement, side: number): void {
  const context = canvas.getContext("2d", { alpha: false })!;
  const { cells } = gridOf(pageOf(side));
  const size = PICTURE / side;
  for (let query = 0; query < side; query += STRIDE) {
    for (let key = 0; key < side; key += STRIDE) {
      const p = Math.max(0, cells[query * side + key]!);
      const grey = Math.round((255 * p) / END);
      context.fillStyle = `rgb(${grey} ${grey} ${grey})`;
      context.fillRect(key * size, query * size, STRIDE * size, STRIDE * size);
    }
  }
  context.getImageData(0, 0, 1, 1);
}

function timed(work: () => void): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}

/** What the first picture of a page takes: by a new renderer, and by another that has drawn a small map before. */
function firstDraw(side: number, page: () => Page): FirstDraw {
  const started = performance.now();
  const whole = withCanvas(glRenderer, (renderer, canvas) => {
    draw(renderer, canvas, side, page());
    return performance.now() - started;
  });
  const drawn = withCanvas(glRenderer, (renderer, canvas) => {
    draw(renderer, canvas, SMALL);
    return timed(() => draw(renderer, canvas, side, page()));
  });
  return { whole, draw: drawn };
}

window.drawing = {
  firstMap: (side, everyCell) => {
    storeOf(side);
    if (everyCell) {
      const canvas = document.createElement("canvas");
      canvas.width = canvas.height = PICTURE;
      const ms = timed(() => drawEveryCell(canvas, side));
      return { whole: ms, draw: ms };
    }
    return firstDraw(side, () => pooledPage(side));
  },
  firstGl: (side) => {
    gridOf(pageOf(side));
    return firstDraw(side, () => pageOf(side));
  },
  firstEcharts: async (side) => {
    const { cells } = gridOf(pageOf(side));
    const data = Array.from({ length: side * side }, (_, at) => [
      at % side,
      Math.floor(at / side),
      cells[at] ?? 0,
    ]);
    const names = Array.from({ length: side }, (_, index) => String(index));
    const element = document.createElement("div");
    element.style.cssText = `width:${PICTURE}px;height:${PICTURE}px`;
    document.body.append(element);
    const chart = echarts.init(element, null, { renderer: "canvas" });
    const started = performance.now();
    const finished = new Promise<void>((resolve) => chart.on("finished", () => resolve()));
    chart.setOption({
      animation: false,
      xAxis: { type: "category", data: names },
      yAxis: { type: "category", data: names, inverse: true },
      visualMap: { min: 0, max: END, inRange: { color: ["#000004", "#b73779", "#fcfdbf"] } },
      // All at once, which is faster than its own portions of 400 cells a frame.
      series: [{ type: "heatmap", data, progressive: 0 }],
    });
    await finished;
    element.querySelectorAll("canvas").forEach(finish);
    const ms = performance.now() - started;
    chart.dispose();
    element.remove();
    return ms;
  },
  panAndZoom: (side, upload) =>
    withCanvas(glRenderer, (renderer, canvas) => {
      draw(renderer, canvas, side);
      const ms = timed(() => {
        for (const window of way(side)) {
          const own = frame(pageOf(side), window);
          // Another view of the same bytes is other cells to the renderer.
          const grid = upload ? { ...own.grid, cells: new Float32Array(own.grid.cells.buffer) } : own.grid;
          renderer.draw({ ...own, grid });
        }
        // Waited for once: on a busy machine the way to the GPU's process and back is longer than a frame.
        finish(canvas);
      });
      return ms / FRAMES;
    }),
  canvasRedraw: (side, everyCell) =>
    withCanvas(createHeatmapCanvas, (renderer, canvas) => {
      draw(renderer, canvas, side);
      return timed(() => {
        if (everyCell) drawEveryCell(canvas, side);
        else {
          renderer.draw(frame(pageOf(side), whole(side)));
          finish(canvas);
        }
      });
    }),
};
