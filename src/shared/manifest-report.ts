/** What is wrong with a manifest, with the places in its text. */
import * as z from "zod";

const place = z.number().int().nonnegative();

export const manifestProblemSchema = z.object({
  /** The field: `sites[0].match`; empty for the whole. */
  path: z.string(),
  message: z.string(),
  severity: z.enum(["error", "warning"]),
  /** Lines and columns (UTF-16) from 0, the end left out. */
  line: place,
  column: place,
  endLine: place,
  endColumn: place,
});
export type ManifestReportProblem = z.infer<typeof manifestProblemSchema>;

export const manifestReportSchema = z.object({
  /** Where the manifest is, or would be. */
  file: z.string(),
  exists: z.boolean(),
  problems: z.array(manifestProblemSchema),
});
export type ManifestReport = z.infer<typeof manifestReportSchema>;

/** A manifest that is not written yet: where it goes, and its text. */
export const manifestDraftSchema = z.object({
  file: z.string(),
  /** Whether a manifest is there already: it is not overwritten without asking. */
  exists: z.boolean(),
  text: z.string(),
});
export type ManifestDraft = z.infer<typeof manifestDraftSchema>;
