/** The map in Canvas 2D, where WebGL2 is missing or was lost: the same picture, pixel by pixel. */
import { tableColour } from "../../shared/colour-maps";
import { signedTableIndex, tableIndex } from "../../shared/colour-scale";
import type { Renderer } from "../drawing-surface";
import { onFlag, onHatch, pixelWord } from "../frame-paint";
import { type HeatmapFrame, NO_CELL, NO_SCORE } from "./heatmap-renderer";

/** A renderer on this canvas, or null where the canvas has another kind of context already. */
export function createHeatmapCanvas(canvas: HTMLCanvasElement): Renderer<HeatmapFrame> | null {
  const context = canvas.getContext("2d", { alpha: false });
  if (!context) return null;
  let image: ImageData | null = null;

  return {
    draw: (frame) => {
      const { grid, width, height, columnOfPixel, rowOfPixel } = frame;
      if (canvas.width !== width) canvas.width = width;
      if (canvas.height !== height) canvas.height = height;
      if (image?.width !== width || image.height !== height) image = context.createImageData(width, height);
      const pixels = new Uint32Array(image.data.buffer);
      const words = Uint32Array.from({ length: 256 }, (_, index) =>
        pixelWord(tableColour(frame.table, index)),
      );
      const ground = pixelWord(frame.ground);
      const hatch = pixelWord(frame.hatch);
      const flag = pixelWord(frame.flag);
      const nothing = grid.signed ? NO_SCORE : NO_CELL;
      const indexOf = grid.signed ? signedTableIndex : tableIndex;
      for (let y = 0; y < height; y++) {
        const row = rowOfPixel[y] ?? -1;
        const rowStart = row * grid.columns;
        for (let x = 0; x < width; x++) {
          const column = columnOfPixel[x] ?? -1;
          let pixel = ground;
          if (row >= 0 && column >= 0) {
            const value = grid.cells[rowStart + column] ?? Number.NaN;
            const masked = grid.signed ? value === -Infinity : value < 0 && value > nothing;
            if (masked) {
              if (onHatch(x, y, frame)) pixel = hatch;
            } else if (!Number.isFinite(value)) {
              if (onFlag(x, y, frame)) pixel = flag;
            } else if (value > nothing) {
              pixel = words[indexOf(value, frame.end, frame.scale)] ?? ground;
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
