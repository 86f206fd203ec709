/** The one selection that every view draws from. Owned by the webview, saved with its state. */
import * as z from "zod";
import { headChoiceSchema } from "./page";

export const selectionSchema = z.object({
  /** Index into `Capture.sites`. */
  site: z.number().int().nonnegative(),
  head: headChoiceSchema,
  batch: z.number().int().nonnegative(),
  /** Pinned query and key; null when none is. */
  query: z.number().int().nonnegative().nullable(),
  key: z.number().int().nonnegative().nullable(),
});
export type Selection = z.infer<typeof selectionSchema>;
