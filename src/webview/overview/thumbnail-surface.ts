/** Owns the one canvas of the Overview: WebGL2 first, Canvas 2D where that is missing or was lost. */
import { createThumbnailCanvas } from "./thumbnail-canvas";
import { createThumbnailGl } from "./thumbnail-gl";
import type { ThumbnailFrame, ThumbnailRenderer } from "./thumbnail-renderer";

export class ThumbnailSurface {
  canvas: HTMLCanvasElement;
  kind: "webgl" | "canvas" = "canvas";
  /** Pictures drawn so far: one for each change, at most one a frame. */
  drawn = 0;
  #renderer: ThumbnailRenderer | null = null;
  #frame: ThumbnailFrame | null = null;
  #scheduled = 0;

  /** `replaced` is called when another canvas takes the place of a lost one. */
  constructor(private readonly replaced: () => void) {
    this.canvas = this.#make("webgl");
  }

  /** Draw this in the next animation frame; a later call in the same frame takes its place. */
  request(frame: ThumbnailFrame): void {
    this.#frame = frame;
    if (this.#scheduled) return;
    this.#scheduled = requestAnimationFrame(() => this.drawNow());
  }

  drawNow(): void {
    cancelAnimationFrame(this.#scheduled);
    this.#scheduled = 0;
    if (!this.#frame) return;
    this.#renderer?.draw(this.#frame);
    this.drawn++;
  }

  dispose(): void {
    cancelAnimationFrame(this.#scheduled);
    this.#scheduled = 0;
    this.#renderer?.dispose();
    this.#renderer = null;
  }

  #make(kind: "webgl" | "canvas"): HTMLCanvasElement {
    const canvas = document.createElement("canvas");
    if (kind === "webgl") {
      let renderer: ThumbnailRenderer | null = null;
      try {
        renderer = createThumbnailGl(canvas, () => this.#fallBack());
      } catch {
        // A driver that refuses the shader is no reason to show nothing.
      }
      if (!renderer) return this.#make("canvas");
      this.#renderer = renderer;
    } else {
      this.#renderer = createThumbnailCanvas(canvas);
    }
    this.kind = kind;
    return canvas;
  }

  #fallBack(): void {
    this.#renderer?.dispose();
    this.canvas = this.#make("canvas");
    this.drawNow();
    this.replaced();
  }
}
