/** What a renderer of maps is told. WebGL2 and Canvas draw the same picture from it, pixel for pixel. */
import type { ScaleName } from "../../shared/colour-scale";
import type { FramePaint } from "../frame-paint";

/** A place of a grid that holds no cell: the ground is shown. Among scores it is the least finite float32. */
export const NO_CELL = -2;
export const NO_SCORE = -3.4028234663852886e38;

/**
 * Cells as they came: float32, rows × columns, row-major, query 0 first; NaN kept. Probabilities are masked where −1;
 * scores (`signed`) where −∞.
 */
export interface CellGrid {
  readonly rows: number;
  readonly columns: number;
  readonly cells: Float32Array<ArrayBuffer>;
  readonly signed: boolean;
}

export interface HeatmapFrame extends FramePaint {
  /** A renderer uploads the same cells once. */
  readonly grid: CellGrid;
  /** 256 colours as RGBA bytes. */
  readonly table: Uint8Array;
  /** Size of the picture in device pixels. */
  readonly width: number;
  readonly height: number;
  /** Column of the grid for every pixel from the left, row for every pixel from the top; −1 shows the ground. */
  readonly columnOfPixel: Int32Array;
  readonly rowOfPixel: Int32Array;
  /** Value at the end of the colour map. It starts at 0; of a signed grid at −`end`. */
  readonly end: number;
  readonly scale: ScaleName;
}
