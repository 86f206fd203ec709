/** The two contracts: what the engine answers, and what the extension host answers to the view. */
import * as z from "zod";
import { arrayChoiceSchema, arrayListRequestSchema, arrayListSchema } from "./array-mapping";
import {
  captureSchema,
  phaseSchema,
  providerNameSchema,
  providerStatusSchema,
  viewStartSchema,
} from "./capture";
import { colourMapNames } from "./colour-maps";
import { documentStateSchema, providerChoiceSchema } from "./document";
import { figureFormats, figureSpecSchema } from "./figure/figure-spec";
import { metricNameSchema } from "./figures";
import {
  frameRequestSchema,
  frameSchema,
  inputChoiceSchema,
  pathSchema,
  runAxisSchema,
  tokenizedSchema,
  tokenizeRequestSchema,
  axisOfRunsSchema,
} from "./input-choice";
import { indexRangesSchema } from "./index-ranges";
import { manifestDraftSchema, manifestReportSchema } from "./manifest-report";
import { modelSummarySchema } from "./model";
import {
  arrayBufferSchema,
  gridRequestSchema,
  gridSchema,
  headChoiceSchema,
  headRequestSchema,
  pageRequestSchema,
  pageSchema,
  rowRequestSchema,
  rowSchema,
  thumbnailRequestSchema,
  thumbnailsSchema,
} from "./page";
import { planSchema } from "./plan";
import { headProfileSchema } from "./profile";
import { queryTextSchema } from "./query-choice";
import { request } from "./rpc";
import { selectionSchema } from "./selection";
import { decodedFrameSchema, encodedFrameSchema } from "./video-frame";
import { weightReportSchema } from "./weight-report";

const nothing = z.null();

export const captureRequestSchema = z.object({
  provider: providerChoiceSchema,
  /** Order in which `auto` tries providers; empty for the platform's own. */
  providerOrder: z.array(providerNameSchema),
  /** What to run it on; null for the manifest's input, else a made-up one. */
  input: inputChoiceSchema.nullable(),
  /**
   * Where the manifest's own input cannot be used, make one up and say so, in place of an error: a view opens with what
   * is right.
   */
  fallback: z.boolean().optional(),
  /** Glob patterns over site names and ids; null for all. */
  sites: z.array(z.string()).nullable(),
  /** Whether the scores before the softmax are captured as well. */
  scores: z.boolean().optional(),
});
export type CaptureRequest = z.infer<typeof captureRequestSchema>;

/** What there is after a step was captured ahead. */
export const capturedAheadSchema = z.object({
  /** False where there is no room for another. */
  kept: z.boolean(),
  /** The places on each axis that are kept, at the place that was asked for on the other. */
  steps: indexRangesSchema,
  passes: indexRangesSchema,
  /** Bytes of all that is kept, and of what may be. */
  bytes: z.number(),
  limitBytes: z.number(),
});
export type CapturedAhead = z.infer<typeof capturedAheadSchema>;

/** The command line that makes an exported file again, for its provenance. */
const commandSchema = z.string().max(32_768);

export const dataFormats = ["npz", "json", "csv"] as const;
export type DataFormat = (typeof dataFormats)[number];

/** Requests that the engine answers. */
export const engineContract = {
  open: request(z.object({ path: pathSchema, mode: z.enum(["full", "scan"]) }), modelSummarySchema),
  /** What a capture would take; nothing is run. Null where it cannot be told so. */
  plan: request(captureRequestSchema, planSchema.nullable()),
  capture: request(captureRequestSchema, captureSchema),
  /** Capture a step or a pass and keep it, while what is shown stays; without a run where there is no room to keep it. */
  captureAhead: request(captureRequestSchema, capturedAheadSchema),
  readPage: request(pageRequestSchema, pageSchema),
  readRow: request(rowRequestSchema, rowSchema),
  readGrid: request(gridRequestSchema, gridSchema),
  readHead: request(headRequestSchema, headProfileSchema),
  readThumbnails: request(thumbnailRequestSchema, thumbnailsSchema),
  /** A frame of the input of the last capture, at any of its steps. */
  readFrame: request(frameRequestSchema, frameSchema),
  /** Tokens of a text, by the tokenizer of the open model. */
  tokenize: request(tokenizeRequestSchema, tokenizedSchema),
  /** Arrays of a recording, and how they fit the inputs of the open model. Only headers are read. */
  listArrays: request(arrayListRequestSchema, arrayListSchema),
  /** End a generation or a loop after the run that it is at; what was made is kept. */
  stop: request(z.object({}), nothing),
  /** How a site was found and is captured, as text. */
  explain: request(z.object({ site: z.string().max(10_000) }), z.string()),
  /** Weights and modules of a model or of a safetensors file, whether or not it is open. Nothing is run. */
  weights: request(z.object({ file: pathSchema }), weightReportSchema),
  /** What is wrong with the manifest beside a model, whether or not that model is open. */
  checkManifest: request(z.object({ model: pathSchema }), manifestReportSchema),
  /** A manifest to begin with, from what graph and data show. Nothing is written. */
  draftManifest: request(z.object({ model: pathSchema }), manifestDraftSchema),
  /** The manifest with the grid of an assumed axis of the last capture in it. Nothing is written. */
  confirmGrid: request(z.object({ axis: z.number().int().nonnegative() }), manifestDraftSchema),
  providers: request(z.object({ order: z.array(providerNameSchema) }), z.array(providerStatusSchema)),
  /** Write the last capture: maps as npz; sites and figures as JSON, figures alone as CSV. */
  writeData: request(
    z.object({ format: z.enum(dataFormats), file: pathSchema, command: commandSchema }),
    z.object({ bytes: z.number() }),
  ),
  /** Whether a file of maps is whole and made as this request would make it, and the steps and passes, as far as known. */
  isWritten: request(
    z.object({ request: captureRequestSchema, file: pathSchema }),
    z.object({
      same: z.boolean(),
      steps: axisOfRunsSchema.pick({ name: true, count: true }).nullable(),
      passes: axisOfRunsSchema.pick({ name: true, count: true }).nullable(),
    }),
  ),
  /** What `writeData` writes as JSON or CSV, as text. */
  dataText: request(z.object({ format: z.enum(["json", "csv"]), command: commandSchema }), z.string()),
  /** Write a figure of the last capture. */
  writeFigure: request(
    z.object({
      spec: figureSpecSchema,
      format: z.enum(figureFormats),
      file: pathSchema,
      command: commandSchema,
    }),
    z.object({ bytes: z.number() }),
  ),
  /** Write one offline page with the views of the last capture and, in it, the maps that they draw. */
  writeReport: request(
    z.object({
      file: pathSchema,
      command: commandSchema,
      /** Bytes of maps that the page may hold; what is over it is left out, and the page says what. */
      limitBytes: z.number().positive(),
      /** How the view begins: JSON text of selection and view, as the view saves it; null for its own. */
      viewState: z.string().max(100_000).nullable(),
      /** The query that the view follows first, where `viewState` is null; left out for the manifest's. */
      query: queryTextSchema.optional(),
    }),
    z.object({ bytes: z.number(), leftOut: z.array(z.string()) }),
  ),
} as const;
export type EngineContract = typeof engineContract;

/** Notifications of the engine. */
export const engineNotifications = {
  progress: z.object({ phases: z.array(phaseSchema) }),
} as const;

/** What is asked the other way: by the engine of its client, and by the extension host of a view. */
export const decoderContract = {
  /** Decode a frame of a video. Where nobody can, that is an answer, and no error. */
  decodeFrame: request(encodedFrameSchema, decodedFrameSchema),
} as const;
export type DecoderContract = typeof decoderContract;

/** Commands of the extension that the view can ask for. */
export const hostCommandSchema = z.enum([
  "goToSource",
  "goToHead",
  "changeMetric",
  "changeColourMap",
  "exportFigure",
  "exportData",
  "exportReport",
  "copyCommandLine",
  "createManifest",
]);
export type HostCommand = z.infer<typeof hostCommandSchema>;

/** Most bytes of a video in one message. */
export const MOST_VIDEO_PART = 8_000_000;

/** Requests that the extension host answers to the view. */
export const viewContract = {
  /** The view is ready: what is there to draw? One that is not `restored` starts from the settings by `apply`. */
  connect: request(z.object({ restored: z.boolean().optional() }), documentStateSchema),
  readPage: engineContract.readPage,
  readRow: engineContract.readRow,
  readGrid: engineContract.readGrid,
  readHead: engineContract.readHead,
  readThumbnails: engineContract.readThumbnails,
  readFrame: engineContract.readFrame,
  tokenize: engineContract.tokenize,
  /** Arrays of a file that was chosen here, how they fit, and how such a file was mapped before. */
  listArrays: request(arrayListRequestSchema, arrayChoiceSchema),
  /** End runs that follow each other after the one that they are at; what was made is kept. */
  stop: engineContract.stop,
  /** Capture on another input; null for the model's own. What is shown stays until it is there. */
  chooseInput: request(z.object({ choice: inputChoiceSchema.nullable() }), nothing),
  /** Capture all steps or passes of the input that is shown, one after the other; what is shown stays. */
  captureAll: request(z.object({ axis: runAxisSchema }), nothing),
  /** Ask for a file of that kind; null when none was chosen. */
  browse: request(z.object({ kind: z.enum(["arrays", "image", "video"]) }), pathSchema.nullable()),
  /** Bytes of a video that was chosen here, which the view decodes; fewer at its end. */
  readVideo: request(
    z.object({
      file: pathSchema,
      start: z.number().int().nonnegative(),
      bytes: z.number().int().positive().max(MOST_VIDEO_PART),
    }),
    z.object({ size: z.number().int().nonnegative(), bytes: arrayBufferSchema }),
  ),
  /** Keep what was dropped or pasted as a file, whose path an input can name. */
  keepFile: request(z.object({ name: z.string().min(1).max(255), bytes: arrayBufferSchema }), pathSchema),
  /** Stop what runs: the engine is ended and started again. */
  cancel: request(z.object({}), nothing),
  /** Run what was planned, as one of the plan's choices says. */
  runPlanned: request(z.object({ choice: z.number().int().nonnegative() }), nothing),
  /** Open (and capture) again after an error, a cancel or a change on disk. */
  retry: request(z.object({}), nothing),
  /** Capture again with the scores before the softmax. Answered when they are there; what is shown stays until then. */
  captureScores: request(z.object({}), nothing),
  selectProvider: request(z.object({}), nothing),
  manageTrust: request(z.object({}), nothing),
  showLog: request(z.object({}), nothing),
  /** Run a command of the extension on this view: what a button or a key of the view asks for. */
  run: request(z.object({ command: hostCommandSchema }), nothing),
  /** Write the assumed grid of an axis of the capture to the manifest. */
  confirmGrid: request(z.object({ axis: z.number().int().nonnegative() }), nothing),
  /** Put text on the clipboard. */
  copyText: request(z.object({ text: z.string().max(1_000_000) }), nothing),
} as const;
export type ViewContract = typeof viewContract;

/** Acts that the host asks of the view: palette commands and keybindings. */
export const viewCommandSchema = z.enum([
  "nextHead",
  "previousHead",
  "nextLayer",
  "previousLayer",
  "toggleMean",
  /** One head, or all heads of the site side by side. */
  "toggleAllHeads",
  /** The place that was looked at before, and forth again. */
  "back",
  "forward",
  "nextMetric",
  "nextColourMap",
  "nextScale",
  "zoomIn",
  "zoomOut",
  "zoomToFit",
  "nextPane",
  "previousPane",
  /** The numbers behind the pane that has the focus. */
  "showTable",
  /** The map of the keyboard. */
  "showKeys",
  /** Find a head or a token. */
  "find",
  /** Copy the value under the cursor, pinned or pointed at, by `copyText`. */
  "copyValue",
  /** Copy selection and view as JSON by `copyText`, as `apply.viewState` takes it. */
  "copyViewState",
  /** What the model runs on. */
  "showInput",
  "nextStep",
  "previousStep",
  /** Go from step to step by itself, and stop. */
  "play",
]);
export type ViewCommand = z.infer<typeof viewCommandSchema>;

/** Notifications of the host to the view. */
export const hostNotifications = {
  state: documentStateSchema,
  command: z.object({ command: viewCommandSchema }),
  /** Choose something in the view; what is left out stays as it is. */
  apply: z.object({
    site: z.number().int().nonnegative().optional(),
    head: headChoiceSchema.optional(),
    metric: metricNameSchema.optional(),
    colourMap: z.enum(colourMapNames).optional(),
    /** What `copyViewState` gave: JSON text of selection and view. */
    viewState: z.string().max(100_000).optional(),
  }),
} as const;

/** Notifications of the view to the host. */
export const viewNotifications = {
  /** The selection, and what of the view an export or a command must know. */
  selected: selectionSchema.extend(
    viewStartSchema.pick({ metric: true, colourMap: true, scale: true, range: true }).shape,
  ),
  failed: z.object({ message: z.string().max(10_000) }),
} as const;
