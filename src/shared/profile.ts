/** Figures along the edges of one head map: per query and per key. Sent for the selected head only. */
import * as z from "zod";
import { headFiguresSchema } from "./figures";
import { arrayBufferSchema, headRequestSchema } from "./page";

/** Largest magnitude of the scores of the keys that are not masked, and the 99th percentile of magnitudes. */
export const scoreExtremesSchema = z.object({ maximum: z.number(), p99: z.number() });
export type ScoreExtremes = z.infer<typeof scoreExtremesSchema>;

/** Null where a site has none. */
export const bothScoreExtremesSchema = z.object({
  before: scoreExtremesSchema.nullable(),
  after: scoreExtremesSchema.nullable(),
});
export type BothScoreExtremes = z.infer<typeof bothScoreExtremesSchema>;

export const headProfileSchema = headRequestSchema.extend({
  figures: headFiguresSchema,
  /** float32[queries], NaN where the row is masked. */
  entropyNats: arrayBufferSchema,
  /** float32[queries], NaN where fewer than two keys are valid. */
  normalisedEntropy: arrayBufferSchema,
  /** float32[queries]. */
  rowSum: arrayBufferSchema,
  /** uint32[queries]. */
  validKeys: arrayBufferSchema,
  /** float32[keys]: mean mass over the queries that may see the key; NaN where none may. */
  received: arrayBufferSchema,
  /** Largest cell and 99th percentile of the valid cells. */
  maximum: z.number(),
  p99: z.number(),
  /** Of the scores of this head, where they were captured. */
  scores: bothScoreExtremesSchema.nullable().default(null),
});
export type HeadProfile = z.infer<typeof headProfileSchema>;
