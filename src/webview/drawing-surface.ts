/**
 * Owns one canvas and what draws on it: WebGL2 first, Canvas 2D where that is missing or was lost. At most one drawing
 * per animation frame; none while the page is hidden (frames do not come then).
 */

export interface Renderer<Frame> {
  draw(frame: Frame): void;
  dispose(): void;
}

/** Makes a renderer on a canvas; null where the canvas does not give the context. */
export interface RendererKinds<Frame> {
  /** `lost` is called when the context goes away. */
  webgl(canvas: HTMLCanvasElement, lost: () => void): Renderer<Frame> | null;
  canvas(canvas: HTMLCanvasElement): Renderer<Frame> | null;
}

export class DrawingSurface<Frame> {
  canvas: HTMLCanvasElement;
  kind: keyof RendererKinds<Frame> = "canvas";
  /** Pictures drawn so far: one for each change, at most one a frame. */
  drawn = 0;
  readonly #kinds: RendererKinds<Frame>;
  readonly #replaced: () => void;
  #renderer: Renderer<Frame> | null = null;
  #frame: Frame | null = null;
  #scheduled = 0;

  /** @param replaced is called when another canvas takes the place of a lost one */
  constructor(kinds: RendererKinds<Frame>, replaced: () => void) {
    this.#kinds = kinds;
    this.#replaced = replaced;
    this.canvas = this.#make("webgl");
  }

  /** Draw this in the next animation frame; a later call in the same frame takes its place. */
  request(frame: Frame): void {
    this.#frame = frame;
    if (this.#scheduled) return;
    this.#scheduled = requestAnimationFrame(() => this.drawNow());
  }

  /** Draw what was asked for at once. */
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

  #make(kind: keyof RendererKinds<Frame>): HTMLCanvasElement {
    const canvas = document.createElement("canvas");
    if (kind === "webgl") {
      let renderer: Renderer<Frame> | null = null;
      try {
        renderer = this.#kinds.webgl(canvas, () => this.#fallBack());
      } catch {
        // A driver that refuses the shader is no reason to show nothing.
      }
      if (!renderer) return this.#make("canvas");
      this.#renderer = renderer;
    } else {
      this.#renderer = this.#kinds.canvas(canvas);
    }
    this.kind = kind;
    return canvas;
  }

  #fallBack(): void {
    this.#renderer?.dispose();
    this.canvas = this.#make("canvas");
    this.drawNow();
    this.#replaced();
  }
}
