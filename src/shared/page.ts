/**
 * Pages: the only way in which cells of a map leave the engine (`decisions.md` 4).
 * Row-major, query 0 on top, key 0 on the left.
 */
import * as z from "zod";
import { rowCountsSchema } from "./query-choice";

/** `ArrayBuffer` by its tag: it may come from another realm. */
export const arrayBufferSchema = z.custom<ArrayBuffer>(
  (value) => Object.prototype.toString.call(value) === "[object ArrayBuffer]",
  "expected an ArrayBuffer",
);

const index = z.number().int().nonnegative();
const handleSchema = z.string().min(1).max(200);

/** One head, or the mean of all heads or of the named ones. */
export const headChoiceSchema = z.union([index, z.literal("mean"), z.array(index).min(1).max(4096)]);
export type HeadChoice = z.infer<typeof headChoiceSchema>;

/**
 * What the cells of a map are: probabilities, or the scores that the softmax made them of, before masks and biases are
 * added and after. Left out in a request it means probabilities.
 */
export const cellKinds = ["probability", "scoreBeforeMask", "scoreAfterMask"] as const;
export const cellKindSchema = z.enum(cellKinds);
export type CellKind = z.infer<typeof cellKindSchema>;

const headRef = { handle: handleSchema, generation: z.number().int(), batch: index, head: headChoiceSchema };

export const pageRequestSchema = z.object({
  ...headRef,
  what: cellKindSchema.optional(),
  /** Half-open ranges of queries and keys. */
  queryStart: index,
  queryEnd: index,
  keyStart: index,
  keyEnd: index,
  /** Most rows and columns that the pane can show; a larger window is pooled by a whole factor. */
  maxRows: z.number().int().min(1).max(8192),
  maxColumns: z.number().int().min(1).max(8192),
  pooling: z.enum(["max", "mean"]),
});
export type PageRequest = z.infer<typeof pageRequestSchema>;

/**
 * Cells are float32. A probability of −1 is masked: its key is not visible to its query (a pooled cell is masked when
 * all its cells are). A score of −∞ is masked: it is −∞ or not above `MASK_SCORE`. NaN stays NaN.
 */
export const MASKED = -1;
export const MASKED_SCORE = -Infinity;

/** A score that is not above this is a mask's (`decisions.md` 8): masks are −1e4, −65504, −1e9, −3e38 or −∞. */
export const MASK_SCORE = -5000;

export const pageSchema = z.object({
  ...headRef,
  what: cellKindSchema.optional(),
  queryStart: index,
  queryEnd: index,
  keyStart: index,
  keyEnd: index,
  rows: index,
  columns: index,
  pooling: z.enum(["none", "max", "mean"]),
  /** Queries per row and keys per column; 1 and 1 when nothing is pooled. */
  rowFactor: z.number().int().positive(),
  columnFactor: z.number().int().positive(),
  /** float32, rows × columns. */
  cells: arrayBufferSchema,
});
export type Page = z.infer<typeof pageSchema>;

/** One query, or several whose mean is asked for. */
export const rowQuerySchema = z.union([index, z.array(index).min(1).readonly()]);
export type RowQuery = z.infer<typeof rowQuerySchema>;

export const rowRequestSchema = z.object({
  ...headRef,
  what: cellKindSchema.optional(),
  query: rowQuerySchema,
});
export type RowRequest = z.infer<typeof rowRequestSchema>;
/**
 * One query's cells, exact: float32[keys], masked ones as in a page. Of several queries their mean, see `meanOfRows`;
 * `of` tells how many rows it is of.
 */
export const rowSchema = rowRequestSchema.extend({
  cells: arrayBufferSchema,
  of: rowCountsSchema.optional(),
});
export type Row = z.infer<typeof rowSchema>;

/** One query, or the mean of several, of all windows of a sample, on their grid: `batch` is any window of the sample. */
export const gridRequestSchema = pageRequestSchema
  .pick({ what: true, maxRows: true, maxColumns: true, pooling: true })
  .extend({ ...headRef, query: rowQuerySchema });
export type GridRequest = z.infer<typeof gridRequestSchema>;
/** A page whose "queries" are the rows of the grid and whose "keys" are its columns. */
export const gridSchema = pageSchema.extend({ query: rowQuerySchema });
export type Grid = z.infer<typeof gridSchema>;

export const headRequestSchema = z.object(headRef);
export type HeadRequest = z.infer<typeof headRequestSchema>;

export const thumbnailRequestSchema = z.object({
  handle: handleSchema,
  generation: z.number().int(),
  batch: index,
  /** Longest side in cells; a smaller map is sent as it is. */
  side: z.number().int().min(4).max(128),
});
export type ThumbnailRequest = z.infer<typeof thumbnailRequestSchema>;

/** What a byte of a thumbnail means: 0 masked, 1 … 254 from 0 to the head's maximum (linear), 255 NaN. */
export const THUMBNAIL_NAN = 255;
export const THUMBNAIL_MAX = 254;

/** All heads of a site, max-pooled: one byte a cell, [heads, rows, columns], query 0 on top. */
export const thumbnailsSchema = thumbnailRequestSchema.extend({
  heads: index,
  rows: index,
  columns: index,
  cells: arrayBufferSchema,
  /** float32[heads]: the probability that 254 stands for. */
  maxima: arrayBufferSchema,
});
export type Thumbnails = z.infer<typeof thumbnailsSchema>;
