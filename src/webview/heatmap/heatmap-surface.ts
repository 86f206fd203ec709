/**
 * Owns the canvas of a map and its renderer: WebGL2 first, Canvas 2D where that is missing or was lost.
 * At most one drawing per animation frame; none while the page is hidden (frames do not come then).
 */
import { createCanvasRenderer } from "./heatmap-canvas";
import { createGlRenderer } from "./heatmap-gl";
import type { CellGrid, HeatmapFrame, HeatmapRenderer } from "./heatmap-renderer";

type SurfaceKind = "webgl" | "canvas";

export class HeatmapSurface {
  canvas: HTMLCanvasElement;
  kind: SurfaceKind = "canvas";
  /** Pictures drawn so far. */
  drawn = 0;
  #renderer: HeatmapRenderer | null = null;
  #grid: CellGrid | null = null;
  #table: Uint8Array | null = null;
  #frame: HeatmapFrame | null = null;
  #scheduled = 0;

  /** `replaced` is called when another canvas takes the place of a lost one. */
  constructor(private readonly replaced: () => void) {
    this.canvas = this.#make("webgl");
  }

  /** The cells to draw from. The same object again costs nothing. */
  setGrid(grid: CellGrid): void {
    if (grid.cells === this.#grid?.cells) return;
    this.#grid = grid;
    this.#renderer?.setGrid(grid);
  }

  setTable(table: Uint8Array): void {
    if (table === this.#table) return;
    this.#table = table;
    this.#renderer?.setTable(table);
  }

  /** Draw this in the next animation frame; a later call in the same frame takes its place. */
  request(frame: HeatmapFrame): void {
    this.#frame = frame;
    if (this.#scheduled) return;
    this.#scheduled = requestAnimationFrame(() => this.drawNow());
  }

  /** Draw what was asked for at once. */
  drawNow(): void {
    cancelAnimationFrame(this.#scheduled);
    this.#scheduled = 0;
    if (!this.#frame || !this.#grid || !this.#table) return;
    this.#renderer?.draw(this.#frame);
    this.drawn++;
  }

  dispose(): void {
    cancelAnimationFrame(this.#scheduled);
    this.#scheduled = 0;
    this.#renderer?.dispose();
    this.#renderer = null;
  }

  #make(kind: SurfaceKind): HTMLCanvasElement {
    const canvas = document.createElement("canvas");
    if (kind === "webgl") {
      let renderer: HeatmapRenderer | null = null;
      try {
        renderer = createGlRenderer(canvas, () => this.#fallBack());
      } catch {
        // A driver that refuses the shader is no reason to show nothing.
      }
      if (!renderer) return this.#make("canvas");
      this.#renderer = renderer;
    } else {
      this.#renderer = createCanvasRenderer(canvas);
    }
    this.kind = kind;
    return canvas;
  }

  #fallBack(): void {
    this.#renderer?.dispose();
    this.canvas = this.#make("canvas");
    if (this.#grid) this.#renderer?.setGrid(this.#grid);
    if (this.#table) this.#renderer?.setTable(this.#table);
    this.drawNow();
    this.replaced();
  }
}
