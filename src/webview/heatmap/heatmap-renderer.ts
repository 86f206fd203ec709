/** What a renderer of maps is told. WebGL2 and Canvas draw the same picture from it, pixel for pixel. */
import type { Rgb } from "../../shared/colour-maps";
import type { ScaleName } from "../../shared/colour-scale";

/** A place of a grid that holds no cell: the ground is shown. */
export const NO_CELL = -2;

/** Cells as they came: float32, rows × columns, row-major, query 0 first; −1 masked, NaN kept. */
export interface CellGrid {
  readonly rows: number;
  readonly columns: number;
  readonly cells: Float32Array<ArrayBuffer>;
}

export interface HeatmapFrame {
  /** Size of the picture in device pixels. */
  readonly width: number;
  readonly height: number;
  /** Column of the grid for every pixel from the left, row for every pixel from the top; −1 shows the ground. */
  readonly columnOfPixel: Int32Array;
  readonly rowOfPixel: Int32Array;
  /** Probability at the end of the colour map; it starts at 0. */
  readonly end: number;
  readonly scale: ScaleName;
  readonly ground: Rgb;
  /** Stripes rising to the right: masked. */
  readonly hatch: Rgb;
  /** Stripes falling to the right: NaN or infinite. */
  readonly flag: Rgb;
  /** Period and width of the stripes in device pixels. */
  readonly stripePeriod: number;
  readonly stripeWidth: number;
}

export interface HeatmapRenderer {
  setGrid(grid: CellGrid): void;
  /** 256 colours as RGBA bytes. */
  setTable(table: Uint8Array): void;
  draw(frame: HeatmapFrame): void;
  dispose(): void;
}
