/** The map in Canvas 2D, where WebGL2 is missing or was lost: the same picture, pixel by pixel. */
import type { Rgb } from "../../shared/colour-maps";
import { tableIndex } from "../../shared/colour-scale";
import { type CellGrid, type HeatmapFrame, type HeatmapRenderer, NO_CELL } from "./heatmap-renderer";

/** A colour as one little-endian RGBA word, as `ImageData` holds it on all machines that VS Code runs on. */
function word(red: number, green: number, blue: number): number {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

const wordOf = (colour: Rgb): number => word(colour[0], colour[1], colour[2]);

/** A renderer on this canvas, or null where the canvas has another kind of context already. */
export function createCanvasRenderer(canvas: HTMLCanvasElement): HeatmapRenderer | null {
  const context = canvas.getContext("2d", { alpha: false });
  if (!context) return null;
  let grid: CellGrid = { rows: 0, columns: 0, cells: new Float32Array(0) };
  const words = new Uint32Array(256);
  let image: ImageData | null = null;

  return {
    setGrid: (next) => {
      grid = next;
    },
    setTable: (table) => {
      for (let index = 0; index < 256; index++) {
        words[index] = word(table[index * 4] ?? 0, table[index * 4 + 1] ?? 0, table[index * 4 + 2] ?? 0);
      }
    },
    draw: (frame: HeatmapFrame) => {
      const { width, height, columnOfPixel, rowOfPixel, stripePeriod, stripeWidth } = frame;
      if (canvas.width !== width) canvas.width = width;
      if (canvas.height !== height) canvas.height = height;
      if (image?.width !== width || image.height !== height) image = context.createImageData(width, height);
      const pixels = new Uint32Array(image.data.buffer);
      const ground = wordOf(frame.ground);
      const hatch = wordOf(frame.hatch);
      const flag = wordOf(frame.flag);
      for (let y = 0; y < height; y++) {
        const row = rowOfPixel[y] ?? -1;
        const rowStart = row * grid.columns;
        for (let x = 0; x < width; x++) {
          const column = columnOfPixel[x] ?? -1;
          let pixel = ground;
          if (row >= 0 && column >= 0) {
            const p = grid.cells[rowStart + column] ?? Number.NaN;
            if (!Number.isFinite(p)) {
              const phase = (((x - y) % stripePeriod) + stripePeriod) % stripePeriod;
              if (phase < stripeWidth) pixel = flag;
            } else if (p <= NO_CELL) {
              pixel = ground;
            } else if (p < 0) {
              if ((x + y) % stripePeriod < stripeWidth) pixel = hatch;
            } else {
              pixel = words[tableIndex(p, frame.end, frame.scale)] ?? ground;
            }
          }
          pixels[y * width + x] = pixel;
        }
      }
      context.putImageData(image, 0, 0);
    },
    dispose: () => {
      image = null;
    },
  };
}
