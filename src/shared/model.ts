/** What a scan of the graph tells about a model, before anything is run. */
import * as z from "zod";

/** A dimension is a size, a symbol of the exporter (`batch`), or unknown. */
export const dimSchema = z.union([z.number().int(), z.string(), z.null()]);
export type Dim = z.infer<typeof dimSchema>;

export const tensorSignatureSchema = z.object({
  name: z.string(),
  /** ONNX element type in lower case: `float32`, `int64`, `bool`, `string` … */
  dtype: z.string(),
  dims: z.array(dimSchema).nullable(),
});
export type TensorSignature = z.infer<typeof tensorSignatureSchema>;

export const siteKindSchema = z.enum(["self", "cross", "unknown"]);
export type SiteKind = z.infer<typeof siteKindSchema>;

/** How a map is obtained (`decisions.md` 18). */
export const captureMethodSchema = z.enum(["output", "exposed", "operator", "rebuilt", "replayed"]);
export type CaptureMethod = z.infer<typeof captureMethodSchema>;

export const sourceLocationSchema = z.object({ file: z.string(), line: z.number().int() });
export type SourceLocation = z.infer<typeof sourceLocationSchema>;

/**
 * Windows of a grid (an image, or one row of tokens), one to each place of the batch axis: sample by sample, then row
 * by row. Token i of window w is the cell at row (⌊w / across⌋ · windowHeight + ⌊i / windowWidth⌋ + shiftHeight) mod
 * gridHeight and column ((w mod across) · windowWidth + i mod windowWidth + shiftWidth) mod gridWidth, where
 * across = gridWidth / windowWidth. Where a window is spread over the whole height (MaxViT's grid), its row is
 * ⌊i / windowWidth⌋ · (gridHeight / windowHeight) + ⌊w / across⌋ before the shift, and so for the width. Padding of the
 * grid counts as cells.
 */
export const windowsSchema = z.object({
  gridHeight: z.number().int().positive(),
  gridWidth: z.number().int().positive(),
  windowHeight: z.number().int().positive(),
  windowWidth: z.number().int().positive(),
  /** Cells by which the grid was rolled up and to the left before it was cut. */
  shiftHeight: z.number().int().nonnegative(),
  shiftWidth: z.number().int().nonnegative(),
  /** Whether the rows of a window are spread over the grid, one from each stretch of it; not set where they are not. */
  spreadHeight: z.boolean().optional(),
  /** The same for columns. */
  spreadWidth: z.boolean().optional(),
});
export type Windows = z.infer<typeof windowsSchema>;

export const siteSchema = z.object({
  /** `site_000`: the npz key and the index among all capturable sites, in graph order. */
  id: z.string(),
  index: z.number().int(),
  /** Module path, or the node's name where the export kept no path. */
  name: z.string(),
  component: z.string().nullable(),
  /** Layer within the component, from 0. */
  layer: z.number().int().nullable(),
  kind: siteKindSchema,
  heads: dimSchema,
  kvHeads: z.number().int().nullable(),
  groups: z.number().int().nullable(),
  queries: dimSchema,
  keys: dimSchema,
  method: captureMethodSchema,
  /** The tensor that holds the probabilities which meet the values. */
  tensor: z.string(),
  /** The partition into windows, where the batch axis holds them and the graph tells how they were cut; else null. */
  windows: windowsSchema.nullable(),
  /** What could not be read from the graph and is assumed, in words. */
  assumed: z.array(z.string()),
  /** What the map is when it is not one head's probabilities: an average of the heads, say. */
  note: z.string().nullable(),
  /** Its one head is the mean of all heads; not set where it is not. */
  averaged: z.boolean().optional(),
  /** Other outputs that hold the map, in words: `attentions[2]`, `weights (mean over heads)`. */
  heldBy: z.array(z.string()).optional(),
  source: sourceLocationSchema.nullable(),
});
export type Site = z.infer<typeof siteSchema>;

export const notSupportedSchema = z.object({ name: z.string(), reason: z.string() });
export type NotSupported = z.infer<typeof notSupportedSchema>;

export const modelSummarySchema = z.object({
  path: z.string(),
  /** File name. */
  name: z.string(),
  /** Title from the manifest, else the file's name. */
  title: z.string(),
  fileBytes: z.number(),
  /** Bytes read to know the graph; weights are never read. */
  bytesRead: z.number(),
  nodes: z.number().int(),
  opset: z.number().int(),
  producer: z.string(),
  parameters: z.number(),
  inputs: z.array(tensorSignatureSchema),
  outputs: z.array(tensorSignatureSchema),
  sites: z.array(siteSchema),
  /** Looks like attention and cannot be captured yet, each with its reason. */
  notSupported: z.array(notSupportedSchema),
  /** Softmaxes that are not attention, each with its reason. */
  otherSoftmaxes: z.array(notSupportedSchema),
  /** Path of the manifest that was read, if there is one. */
  manifest: z.string().nullable(),
  /** Problems of the manifest: what is right in it is used all the same. */
  manifestProblems: z.array(z.string()),
});
export type ModelSummary = z.infer<typeof modelSummarySchema>;
