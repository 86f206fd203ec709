/** What a report carries in its page beside the arrays. */
import * as z from "zod";
import { documentStateSchema } from "./document";
import { reportSiteSchema } from "./maps/report-store";

export const reportDataSchema = z.object({
  document: documentStateSchema,
  sites: z.array(reportSiteSchema),
  /** The command line that makes the report again. */
  command: z.string(),
  /** JSON text of selection and view, as the view saves it. */
  viewState: z.string().nullable(),
});
export type ReportData = z.infer<typeof reportDataSchema>;

/** Ids of the page's elements. */
export const reportElements = {
  data: "attention-data",
  view: "attention-view",
  theme: "attention-theme",
  facts: "attention-facts",
  array: (handle: string, name: string) => `array-${name}-${handle}`,
} as const;
