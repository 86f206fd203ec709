/** Groups of sites, and what the graph does not tell of a site. */
import * as z from "zod";
import { axisReferenceSchema } from "./segments-schema";
import { arraySchema, pathSchema, patternSchema } from "./values";

export const componentSchema = z
  .strictObject({
    name: z.string().describe("What the group is called."),
    match: patternSchema,
    source: z
      .string()
      .optional()
      .describe(
        "Where its attention is written: a file (model.py), or a file and a class (model.py:Attention).",
      ),
  })
  .meta({ id: "component", description: "A name for a group of sites." });

/** Words for the axes of a map, outermost first. */
export const layoutAxes = [
  "batch",
  "heads",
  "queries",
  "keys",
  "kvHeads",
  "groups",
  "batchHeads",
  "layers",
  "one",
] as const;

const batchAxisSchema = z
  .union([
    z.string().min(1).describe("What it means, in a word: history step, window."),
    z.strictObject({
      name: z.string().min(1).describe("What it means, in a word: history step, window."),
      labels: z
        .union([z.array(z.string()), arraySchema])
        .optional()
        .describe("A label for each entry: a list, or a recorded array."),
      default: z
        .union([z.int(), z.literal("lastValid")])
        .optional()
        .describe(
          "The entry that is shown first: its number from 0, from the end if negative (-1 is the last), or the last that valid does not mark 0.",
        ),
      valid: arraySchema.optional().describe("Recorded array, one value for each entry: 0 marks padding."),
    }),
  ])
  .meta({
    id: "batchAxis",
    description:
      "What the batch axis means where it is not samples. Its entries are never mixed with samples in a mean.",
  });
export type ManifestBatchAxis = z.infer<typeof batchAxisSchema>;

export const siteSchema = z
  .strictObject({
    match: patternSchema
      .optional()
      .describe("The sites it is about, by pattern over module paths, names or ids: decoder.*, site_003."),
    tensor: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Declares a site that was not found: the output, tensor or node that holds its probabilities. Wants a layout.",
      ),
    name: z
      .string()
      .min(1)
      .optional()
      .describe("What a declared site is called; its tensor's name if left out."),
    layout: z
      .array(z.enum(layoutAxes))
      .min(2)
      .max(8)
      .optional()
      .describe(
        "Meaning of the map's axes, outermost first: batch, heads, queries, keys; kvHeads and groups of grouped heads; batchHeads for both in one axis; layers for the maps of several layers, each of which becomes a site; one for an axis of size 1.",
      ),
    heads: z.int().positive().optional().describe("Number of heads, where the graph does not tell."),
    layer: z
      .int()
      .nonnegative()
      .optional()
      .describe("Layer within its component, from 0; of several layers the first."),
    averaged: z
      .boolean()
      .optional()
      .describe("Whether a declared map is the mean over the heads; its layout then has no heads."),
    kind: z.enum(["self", "cross"]).optional().describe("Whether queries and keys are the same tokens."),
    queries: axisReferenceSchema.optional().describe("Segments of its queries."),
    keys: axisReferenceSchema.optional().describe("Segments of its keys."),
    batchAxis: batchAxisSchema.optional(),
    sink: z
      .int()
      .nonnegative()
      .optional()
      .describe("The key that takes unused attention; key 0 if left out."),
  })
  .meta({ id: "site", description: "What differs for some sites, or a site that was not found." });
export type ManifestSite = z.infer<typeof siteSchema>;

export const outputSchema = z
  .strictObject({
    kind: z
      .enum(["logits", "probabilities", "values", "embedding", "other"])
      .optional()
      .describe("What its numbers are: logits, probabilities, action values, an embedding."),
    labels: z
      .union([z.array(z.string()), z.strictObject({ file: pathSchema })])
      .optional()
      .describe("Names along its last axis: actions, classes; a list, or a file with one a line."),
  })
  .meta({ id: "output", description: "What an output of the model means." });
