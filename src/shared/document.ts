/** The state of one open model as the view sees it: exactly one of the states that the view can draw. */
import * as z from "zod";
import { captureSchema, phaseSchema, providerNameSchema } from "./capture";
import { errorReportSchema } from "./errors";
import { inputStateSchema } from "./input-choice";
import { modelSummarySchema } from "./model";
import { planSchema } from "./plan";

export const documentStateSchema = z.discriminatedUnion("status", [
  z.object({
    status: z.literal("opening"),
    name: z.string(),
    phases: z.array(phaseSchema),
    model: modelSummarySchema.nullable(),
  }),
  z.object({
    /** The run is large: nothing is run before a person says so. */
    status: z.literal("plan"),
    name: z.string(),
    model: modelSummarySchema,
    plan: planSchema,
    /** Memory from which a run is asked for, as the settings have it. */
    askAboveBytes: z.number(),
  }),
  z.object({
    status: z.literal("ready"),
    name: z.string(),
    model: modelSummarySchema,
    capture: captureSchema,
    input: inputStateSchema,
    /** Set while the file on disk differs from what is shown. */
    stale: z.string().nullable(),
  }),
  z.object({
    status: z.literal("error"),
    name: z.string(),
    error: errorReportSchema,
    model: modelSummarySchema.nullable(),
  }),
  z.object({ status: z.literal("empty"), name: z.string(), model: modelSummarySchema }),
  z.object({ status: z.literal("restricted"), name: z.string(), model: modelSummarySchema }),
]);
export type DocumentState = z.infer<typeof documentStateSchema>;

export const providerChoiceSchema = z.union([providerNameSchema, z.literal("auto")]);
export type ProviderChoice = z.infer<typeof providerChoiceSchema>;
