/** The two contracts: what the engine answers, and what the extension host answers to the view. */
import * as z from "zod";
import { captureSchema, phaseSchema, providerNameSchema, providerStatusSchema } from "./capture";
import { documentStateSchema, providerChoiceSchema } from "./document";
import { modelSummarySchema } from "./model";
import { headRequestSchema, pageRequestSchema, pageSchema, rowRequestSchema, rowSchema } from "./page";
import { headProfileSchema } from "./profile";
import { request } from "./rpc";
import { selectionSchema } from "./selection";

const pathSchema = z.string().min(1).max(32_768);
const nothing = z.null();

export const captureRequestSchema = z.object({
  provider: providerChoiceSchema,
  /** Order in which `auto` tries providers; empty for the platform's own. */
  providerOrder: z.array(providerNameSchema),
  /** Path of an npz; null for the manifest's input, else synthetic ones. */
  inputs: pathSchema.nullable(),
  /** Glob patterns over site names and ids; null for all. */
  sites: z.array(z.string()).nullable(),
});
export type CaptureRequest = z.infer<typeof captureRequestSchema>;

/** Requests that the engine answers. */
export const engineContract = {
  open: request(z.object({ path: pathSchema, mode: z.enum(["full", "scan"]) }), modelSummarySchema),
  capture: request(captureRequestSchema, captureSchema),
  readPage: request(pageRequestSchema, pageSchema),
  readRow: request(rowRequestSchema, rowSchema),
  readHead: request(headRequestSchema, headProfileSchema),
  providers: request(z.object({ order: z.array(providerNameSchema) }), z.array(providerStatusSchema)),
  /** Write the last capture: maps as npz, sites and figures as JSON. */
  writeCapture: request(
    z.object({ npz: pathSchema.nullable(), json: pathSchema.nullable() }),
    z.object({ bytes: z.number() }),
  ),
  /** The document that `writeCapture` writes as JSON, as text. */
  captureJson: request(z.object({}), z.string()),
  /** Write a plain page with the figures of all heads and every head's map; and the same as a picture. */
  writeReport: request(
    z.object({ html: pathSchema.nullable(), png: pathSchema.nullable() }),
    z.object({ bytes: z.number() }),
  ),
} as const;
export type EngineContract = typeof engineContract;

/** Notifications of the engine. */
export const engineNotifications = {
  progress: z.object({ phases: z.array(phaseSchema) }),
} as const;

/** Requests that the extension host answers to the view. */
export const viewContract = {
  /** The view is ready: what is there to draw? */
  connect: request(z.object({}), documentStateSchema),
  readPage: engineContract.readPage,
  readRow: engineContract.readRow,
  readHead: engineContract.readHead,
  /** Stop what runs: the engine is ended and started again. */
  cancel: request(z.object({}), nothing),
  /** Open (and capture) again after an error, a cancel or a change on disk. */
  retry: request(z.object({}), nothing),
  selectProvider: request(z.object({}), nothing),
  manageTrust: request(z.object({}), nothing),
  showLog: request(z.object({}), nothing),
} as const;
export type ViewContract = typeof viewContract;

/** Acts that the host asks of the view: palette commands and keybindings. */
export const viewCommandSchema = z.enum([
  "nextHead",
  "previousHead",
  "nextLayer",
  "previousLayer",
  "toggleMean",
]);
export type ViewCommand = z.infer<typeof viewCommandSchema>;

/** Notifications of the host to the view. */
export const hostNotifications = {
  state: documentStateSchema,
  command: z.object({ command: viewCommandSchema }),
} as const;

/** Notifications of the view to the host. */
export const viewNotifications = {
  selected: selectionSchema,
  failed: z.object({ message: z.string().max(10_000) }),
} as const;
