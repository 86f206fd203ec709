/** What a report carries in its page beside the arrays. */
import * as z from "zod";
import { documentStateSchema } from "./document";
import { frameSchema } from "./input-choice";
import { reportSiteSchema } from "./maps/report-store";

export const reportFrameSchema = frameSchema.omit({ generation: true, bytes: true }).extend({
  camera: z.string(),
  /** Place in the batch; null for a frame that stands for all of it. */
  sample: z.number().int().nonnegative().nullable(),
});
export type ReportFrame = z.infer<typeof reportFrameSchema>;

export const reportDataSchema = z.object({
  document: documentStateSchema,
  sites: z.array(reportSiteSchema),
  /** Frames of the step that is shown; their pictures are elements of their own, by place in this list. */
  frames: z.array(reportFrameSchema),
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
  frame: (index: number) => `frame-${index}`,
  array: (handle: string, name: string) => `array-${name}-${handle}`,
} as const;
