/** What a person asks of a figure. */
import * as z from "zod";
import type { ViewStart } from "../capture";
import { colourMapNames } from "../colour-maps";
import { scaleNames } from "../colour-scale";
import { queryTextSchema } from "../query-choice";
import { figureThemes } from "./figure-theme";

export const figureViews = ["heads", "heatmap", "entropy", "tokens", "summary"] as const;
export type FigureView = (typeof figureViews)[number];
export const figureFormats = ["png", "svg", "pdf"] as const;
export type FigureFormat = (typeof figureFormats)[number];

/** Widths of a paper's one and two columns, mm. */
export const paperWidths = { column: 85, "two-column": 178 } as const;
export type PaperSize = keyof typeof paperWidths;
export const paperSizes = Object.keys(paperWidths) as [PaperSize, ...PaperSize[]];

const index = z.number().int().nonnegative();
const side = z.number().int().min(200).max(16_000);

export const figureHeadSchema = z.union([index, z.literal("mean")]);
export type FigureHead = z.infer<typeof figureHeadSchema>;

export const figureSpecSchema = z.object({
  view: z.enum(figureViews),
  /** Indices into `Capture.sites`; null for all. */
  sites: z.array(index).min(1).nullable(),
  /** `heatmap` and `tokens` draw one. */
  heads: z.union([z.literal("all"), z.array(figureHeadSchema).min(1)]),
  /** Element of the batch. */
  sample: index,
  /**
   * For `tokens`: whose attention is shown. `last` is the last query that can choose among keys; null the one that the
   * manifest's defaults ask for, else the last.
   */
  query: queryTextSchema.nullable(),
  colourMap: z.enum(colourMapNames),
  scale: z.enum(scaleNames),
  /** Where the colours end: `auto` as on the screen, the largest cell, the 99th percentile, or a probability. */
  range: z.union([z.enum(["auto", "maximum", "p99"]), z.number().positive().max(1)]),
  theme: z.enum(figureThemes),
  /** A paper's column, as high as the figure needs, or the pixels of a picture. */
  size: z.union([z.enum(paperSizes), z.object({ width: side, height: side })]),
  /** null for the figure's own; "" for none. */
  title: z.string().max(1000).nullable(),
});
export type FigureSpec = z.infer<typeof figureSpecSchema>;

export const defaultSpec: FigureSpec = {
  view: "heads",
  sites: null,
  heads: "all",
  sample: 0,
  query: "last",
  colourMap: "magma",
  scale: "linear",
  range: "auto",
  theme: "light",
  size: "two-column",
  title: null,
};

/** The figure that nobody asks anything else of: query and colours as the manifest's defaults have them. */
export function startingSpec(start: ViewStart | undefined): FigureSpec {
  const { colourMap, scale, range } = start ?? {};
  return {
    ...{ ...defaultSpec, query: null },
    ...(colourMap === undefined ? {} : { colourMap }),
    ...(scale === undefined ? {} : { scale }),
    ...(range === undefined ? {} : { range: figureRange(range) }),
  };
}

/** A figure has one scale for all that it draws, so the site's maximum is that of its largest cell. */
export function figureRange(range: NonNullable<ViewStart["range"]>): FigureSpec["range"] {
  return range === "site" ? "maximum" : range === "unit" ? 1 : range;
}
