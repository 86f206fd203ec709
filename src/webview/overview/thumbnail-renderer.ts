/** What a renderer of thumbnails is told: all of one picture at once. WebGL2 and Canvas draw the same from it. */
import { position, type ScaleName } from "../../shared/colour-scale";
import type { FramePaint } from "../frame-paint";
import { THUMBNAIL_MAX, THUMBNAIL_NAN, type Thumbnails } from "../../shared/page";

/** One head's picture, device px from the canvas's corner. */
export interface ThumbnailBox {
  readonly thumbnails: Thumbnails;
  readonly head: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface ThumbnailFrame extends FramePaint {
  /** Size of the picture in device px. */
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly ThumbnailBox[];
  /** 256 colours as RGBA bytes. */
  readonly table: Uint8Array;
  readonly scale: ScaleName;
}

/**
 * Index into the table of colours for every byte. The same table serves the shader, as its scale is worked out here.
 */
export function bytePlaces(scale: ScaleName): Uint8Array {
  const places = new Uint8Array(256);
  for (let byte = 1; byte <= THUMBNAIL_MAX; byte++) {
    places[byte] = Math.floor(position((byte - 1) / (THUMBNAIL_MAX - 1), 1, scale) * 255 + 0.5);
  }
  places[THUMBNAIL_NAN] = 255;
  return places;
}

/** Cells that a pixel covers along one side: half-open, at least one. */
export function covered(pixel: number, pixels: number, cells: number): [number, number] {
  const first = Math.floor((pixel * cells) / pixels);
  const last = Math.floor(((pixel + 1) * cells + pixels - 1) / pixels);
  return [first, Math.max(first + 1, Math.min(cells, last))];
}
