/** The one selection that every view draws from. Owned by the webview, saved with its state. */
import * as z from "zod";
import { headChoiceSchema } from "./page";
import { queryChoiceSchema } from "./query-choice";

export const selectionSchema = z.object({
  /** Index into `Capture.sites`. */
  site: z.number().int().nonnegative(),
  head: headChoiceSchema,
  batch: z.number().int().nonnegative(),
  /** Pinned query, or the mean of a segment's queries, and key; null when none is. */
  query: queryChoiceSchema.nullable(),
  key: z.number().int().nonnegative().nullable(),
});
export type Selection = z.infer<typeof selectionSchema>;
