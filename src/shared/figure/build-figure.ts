/**
 * From what a person asks to a scene: the one way in which the view, the command line and the report draw a figure.
 * On paper a figure is as wide as its column and as high as it needs; a picture of given pixels is laid out at half
 * of them (2 device pixels per CSS px), so that its type is read from a slide.
 */
import { entropyFigure } from "./entropy-figure";
import type { DrawnFigure, FigureSource, Room } from "./figure-source";
import { type FigureSpec, type FigureView, paperWidths } from "./figure-spec";
import { figureTheme } from "./figure-theme";
import { headsFigure } from "./heads-figure";
import { heatmapFigure } from "./heatmap-figure";
import { type Scene, transformed } from "./scene";
import { summaryFigure } from "./summary-figure";
import { tokensFigure } from "./tokens-figure";

const views: Readonly<
  Record<FigureView, (source: FigureSource, spec: FigureSpec, room: Room) => DrawnFigure>
> = {
  heads: headsFigure,
  heatmap: heatmapFigure,
  entropy: entropyFigure,
  tokens: tokensFigure,
  summary: summaryFigure,
};

const PX_PER_MM = 96 / 25.4;
const PIXELS_PER_PX = 2;
export const PRINT_DPI = 600;
/** White around a picture and a paper figure, px. */
const PICTURE_MARGIN = 16;
const PAPER_MARGIN = 3;
/** A figure that is higher than its picture is laid out wider and drawn smaller, step by step, down to this. */
const SMALLEST_FACTOR = 0.3;

export interface BuiltFigure {
  readonly scene: Scene;
  /** As an SVG says it: "85mm" and its height, or px. */
  readonly width: string;
  readonly height: string;
  /** Pixels of the PNG. */
  readonly pixels: { readonly width: number; readonly height: number };
  /** Dots per inch of the PNG; null for a picture of given pixels. */
  readonly dpi: number | null;
}

export function buildFigure(source: FigureSource, spec: FigureSpec): BuiltFigure {
  return typeof spec.size === "string"
    ? onPaper(source, spec, paperWidths[spec.size])
    : inPixels(source, spec, spec.size);
}

function onPaper(source: FigureSource, spec: FigureSpec, mm: number): BuiltFigure {
  const width = mm * PX_PER_MM;
  const drawn = views[spec.view](source, spec, { width: width - 2 * PAPER_MARGIN, height: null });
  const height = drawn.height + 2 * PAPER_MARGIN;
  const dots = (px: number) => Math.round((px / 96) * PRINT_DPI);
  return {
    scene: sceneOf(drawn, spec, { width, height, factor: 1, x: PAPER_MARGIN, y: PAPER_MARGIN }),
    width: `${mm}mm`,
    height: `${(height / PX_PER_MM).toFixed(2)}mm`,
    pixels: { width: dots(width), height: dots(height) },
    dpi: PRINT_DPI,
  };
}

function inPixels(
  source: FigureSource,
  spec: FigureSpec,
  pixels: { width: number; height: number },
): BuiltFigure {
  const width = pixels.width / PIXELS_PER_PX;
  const height = pixels.height / PIXELS_PER_PX;
  const room = { width: width - 2 * PICTURE_MARGIN, height: height - 2 * PICTURE_MARGIN };
  let factor = 1;
  let drawn = views[spec.view](source, spec, room);
  if (drawn.height > room.height)
    factor = Math.max(SMALLEST_FACTOR, Math.sqrt(room.height / drawn.height) * 1.1);
  while (drawn.height * factor > room.height && factor > SMALLEST_FACTOR) {
    factor *= 0.92;
    drawn = views[spec.view](source, spec, { width: room.width / factor, height: room.height / factor });
  }
  // What still does not fit is drawn smaller as a whole.
  const fit = Math.min(factor, room.height / drawn.height);
  const x = PICTURE_MARGIN + (room.width - (room.width / factor) * fit) / 2;
  return {
    scene: sceneOf(drawn, spec, { width, height, factor: fit, x, y: PICTURE_MARGIN }),
    width: `${pixels.width}px`,
    height: `${pixels.height}px`,
    pixels,
    dpi: null,
  };
}

function sceneOf(
  drawn: DrawnFigure,
  spec: FigureSpec,
  at: { width: number; height: number; factor: number; x: number; y: number },
): Scene {
  return {
    width: at.width,
    height: at.height,
    background: figureTheme(spec.theme).ground,
    marks: transformed(drawn.drawing.marks, at.factor, at.x, at.y),
    title: spec.title === null || spec.title === "" ? drawn.title : spec.title,
    description: drawn.description,
  };
}
