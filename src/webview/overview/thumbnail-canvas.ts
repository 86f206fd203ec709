/** Thumbnails in Canvas 2D, where WebGL2 is missing or was lost: the same picture, pixel by pixel. */
import { tableColour } from "../../shared/colour-maps";
import { THUMBNAIL_NAN } from "../../shared/page";
import type { Renderer } from "../drawing-surface";
import { onFlag, onHatch, pixelWord } from "../frame-paint";
import { bytePlaces, covered, type ThumbnailFrame } from "./thumbnail-renderer";

/** A renderer on this canvas, or null where the canvas has another kind of context already. */
export function createThumbnailCanvas(canvas: HTMLCanvasElement): Renderer<ThumbnailFrame> | null {
  const context = canvas.getContext("2d", { alpha: false });
  if (!context) return null;
  return {
    draw: (frame) => {
      const { width, height } = frame;
      if (canvas.width !== width) canvas.width = width;
      if (canvas.height !== height) canvas.height = height;
      const image = context.createImageData(width, height);
      const pixels = new Uint32Array(image.data.buffer);
      const ground = pixelWord(frame.ground);
      pixels.fill(ground);
      const places = bytePlaces(frame.scale);
      const colours = Uint32Array.from(places, (place) => pixelWord(tableColour(frame.table, place)));
      const hatch = pixelWord(frame.hatch);
      const flag = pixelWord(frame.flag);
      for (const box of frame.boxes) {
        const { rows, columns } = box.thumbnails;
        const cells = new Uint8Array(box.thumbnails.cells, box.head * rows * columns, rows * columns);
        for (let y = Math.max(0, -box.y); y < box.height && box.y + y < height; y++) {
          const [firstRow, lastRow] = covered(y, box.height, rows);
          for (let x = 0; x < box.width && box.x + x < width; x++) {
            const [firstColumn, lastColumn] = covered(x, box.width, columns);
            let most = 0;
            for (let row = firstRow; row < lastRow; row++) {
              for (let column = firstColumn; column < lastColumn; column++) {
                most = Math.max(most, cells[row * columns + column] ?? 0);
              }
            }
            const pixelX = box.x + x;
            const pixelY = box.y + y;
            let colour = colours[most] ?? ground;
            if (most === 0) colour = onHatch(pixelX, pixelY, frame) ? hatch : ground;
            if (most === THUMBNAIL_NAN) colour = onFlag(pixelX, pixelY, frame) ? flag : ground;
            pixels[pixelY * width + pixelX] = colour;
          }
        }
      }
      context.putImageData(image, 0, 0);
    },
    dispose: () => undefined,
  };
}
