/** What one run of a model on one input gives: sites with figures, labels of the axes, and handles to the maps. */
import * as z from "zod";
import { colourMapNames } from "./colour-maps";
import { scaleNames } from "./colour-scale";
import { headFiguresSchema, metricNameSchema } from "./figures";
import { recordingSchema, runProgressSchema } from "./input-choice";
import { siteSchema } from "./model";
import { headChoiceSchema } from "./page";
import { bothScoreExtremesSchema } from "./profile";
import { queryChoiceSchema, queryTextSchema } from "./query-choice";
import { roleSchema } from "./roles";

export const providerNameSchema = z.enum(["tensorrt", "cuda", "dml", "coreml", "webgpu", "cpu"]);
export type ProviderName = z.infer<typeof providerNameSchema>;

/** Names of providers as people write them. */
export const providerLabels: Record<ProviderName, string> = {
  tensorrt: "TensorRT",
  cuda: "CUDA",
  dml: "DirectML",
  coreml: "CoreML",
  webgpu: "WebGPU",
  cpu: "CPU",
};

export const providerStatusSchema = z.object({
  name: providerNameSchema,
  available: z.boolean(),
  /** Why not, or what was measured in the tiny run. */
  detail: z.string(),
  /** What to install or switch on, where that would help. */
  advice: z.string().nullable(),
});
export type ProviderStatus = z.infer<typeof providerStatusSchema>;

export const providerReportSchema = z.object({
  /** The provider that ran. */
  used: providerNameSchema,
  /** What was asked for: a provider, or `auto`. */
  asked: z.union([providerNameSchema, z.literal("auto")]),
  /** Providers that were tried before and refused, in order. */
  refused: z.array(z.object({ name: providerNameSchema, reason: z.string() })),
  /** Set when a GPU is present and not used: what to do. */
  advice: z.string().nullable(),
});
export type ProviderReport = z.infer<typeof providerReportSchema>;

export const segmentRoleSchema = z.enum(["image", "text", "state", "action", "return", "other"]);
export type SegmentRole = z.infer<typeof segmentRoleSchema>;

/** How tokens of a segment lie over a picture, row by row from the top left. */
export const tokenGridSchema = z.object({
  rows: z.number().int().positive(),
  columns: z.number().int().positive(),
  /** Height and width of a patch in px of the model's picture; null where nothing tells. */
  patch: z.tuple([z.number(), z.number()]).nullable(),
  /** The part of the recorded frame that the model sees, in px of the frame; null for the whole. */
  crop: z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() }).nullable(),
  /** Borders of the model's picture that are no part of the frame, in px of the model's picture. */
  padding: z.object({ left: z.number(), top: z.number(), right: z.number(), bottom: z.number() }).nullable(),
  /** Name of the frames, or of the model's input, that the grid lies over; null where nothing tells. */
  camera: z.string().nullable(),
});
export type TokenGrid = z.infer<typeof tokenGridSchema>;

export const tokenSegmentSchema = z.object({
  name: z.string(),
  role: segmentRoleSchema,
  grid: tokenGridSchema.optional(),
  /** Groups of words by name, whose shares are shown. */
  words: z.record(z.string(), z.array(z.string())).optional(),
});
export type TokenSegment = z.infer<typeof tokenSegmentSchema>;

/** Labels of one axis of tokens. `segmentOf[i]` is the index into `segments` of token i. */
export const tokenAxisSchema = z.object({
  id: z.string(),
  labels: z.array(z.string()),
  segments: z.array(tokenSegmentSchema),
  segmentOf: z.array(z.number().int()),
  /**
   * What names the tokens: the manifest, the tokenizer that made them, the graph (the patches of an image), or nothing,
   * and they are numbered.
   */
  from: z.enum(["manifest", "tokenizer", "graph", "index"]),
  /** Why the names are only assumed, as a sentence; left out where the manifest says them. */
  assumed: z.string().optional(),
  /** Tokens as the vocabulary writes them, where that differs from the text they stand for. */
  raw: z.array(z.string()).optional(),
  /** Tokens that are padding. */
  padding: z.array(z.number().int()).optional(),
  /** For each sample of the batch, where they differ: `labels`, `raw` and `padding` above are the first's. */
  samples: z
    .array(
      z.object({
        labels: z.array(z.string()),
        raw: z.array(z.string()).optional(),
        padding: z.array(z.number().int()).optional(),
      }),
    )
    .optional(),
});
export type TokenAxis = z.infer<typeof tokenAxisSchema>;

/** Scores of a site, of all its heads and samples. */
export const capturedScoresSchema = bothScoreExtremesSchema.extend({
  /** Why there are none, or only one of the two; else null. */
  reason: z.string().nullable(),
});
export type CapturedScores = z.infer<typeof capturedScoresSchema>;

export const capturedSiteSchema = siteSchema.extend({
  handle: z.string(),
  batch: z.number().int().positive(),
  heads: z.number().int().positive(),
  queries: z.number().int().positive(),
  keys: z.number().int().positive(),
  /** Figures as [batch][head]. */
  figures: z.array(z.array(headFiguresSchema)),
  /** What each head does, as far as its map tells, as [batch][head]. */
  roles: z.array(z.array(z.array(roleSchema))).default([]),
  /** Indices into `Capture.axes`. */
  queryAxis: z.number().int(),
  keyAxis: z.number().int(),
  /** The key whose mass is the sink's, where the manifest says another than the first. */
  sink: z.number().int().nonnegative().optional(),
  /** How valid keys are known: from the score before the softmax, or inferred from p > 0. */
  validity: z.enum(["score", "inferred"]),
  /**
   * Error of a rebuilt map: its probabilities times the values against the operator's own output, largest difference
   * over largest value. Null where nothing was rebuilt, or nothing could be compared.
   */
  error: z.number().nullable(),
  /** The same error with the keys moved by one, which must be large: else the comparison proves nothing. */
  controlError: z.number().nullable(),
  /** Whether error and control prove the map; null where nothing was rebuilt. */
  proven: z.boolean().nullable(),
  /** What the batch axis means, in words ("history step"), or null when it is samples. */
  batchAxis: z.string().nullable(),
  /** A label for each entry of the batch axis, and the entry that is shown first, where the manifest says them. */
  batchLabels: z.array(z.string()).optional(),
  batchDefault: z.number().int().nonnegative().optional(),
  /** The scores before the softmax; null where the capture did not ask for them. */
  scores: capturedScoresSchema.nullable().default(null),
});
export type CapturedSite = z.infer<typeof capturedSiteSchema>;

export const phaseNameSchema = z.enum(["read", "find", "instrument", "load", "run", "reduce"]);
export type PhaseName = z.infer<typeof phaseNameSchema>;
export const phaseSchema = z.object({
  name: phaseNameSchema,
  state: z.enum(["pending", "active", "done"]),
  ms: z.number().nullable(),
  /** Bytes or counts in words: "519 KB read", "8 heads". */
  detail: z.string(),
  /** Where it is one of several runs that follow each other: how many are done. */
  runs: runProgressSchema.optional(),
});
export type Phase = z.infer<typeof phaseSchema>;

/** Words for the phases of opening, in order. */
export const phaseLabels: Record<PhaseName, string> = {
  read: "Read graph",
  find: "Find attention",
  instrument: "Add outputs",
  load: "Load weights",
  run: "Run",
  reduce: "Reduce",
};

export const inputReportSchema = z.object({
  from: z.enum(["manifest", "file", "text", "image", "synthetic"]),
  /** "recorded.npz", "synthetic (seed 0)" … */
  label: z.string(),
  tensors: z.array(z.object({ name: z.string(), dtype: z.string(), dims: z.array(z.number()) })),
});
export type InputReport = z.infer<typeof inputReportSchema>;

/** How the view begins, as the manifest's defaults say it; what they do not say is left out. */
export const viewStartSchema = z.object({
  /** Index into `Capture.sites`. */
  site: z.number().int().nonnegative().optional(),
  head: headChoiceSchema.optional(),
  heads: z.enum(["one", "all"]).optional(),
  query: queryChoiceSchema.optional(),
  /** The query as it was asked for, which figures look up at every site of their own. */
  queryText: queryTextSchema.optional(),
  colourMap: z.enum(colourMapNames).optional(),
  scale: z.enum(scaleNames).optional(),
  range: z.union([z.enum(["auto", "maximum", "p99", "site", "unit"]), z.number()]).optional(),
  metric: metricNameSchema.optional(),
  /** Tokens of an axis above which a drawn figure writes numbers in place of labels. */
  labels: z.number().int().nonnegative().optional(),
});
export type ViewStart = z.infer<typeof viewStartSchema>;

export const captureSchema = z.object({
  /** Grows with every capture of an engine; a page of another generation is stale. */
  generation: z.number().int(),
  provider: providerReportSchema,
  input: inputReportSchema,
  /** Samples, episodes, steps, frames and text of the input. */
  recording: recordingSchema,
  axes: z.array(tokenAxisSchema),
  sites: z.array(capturedSiteSchema),
  phases: z.array(phaseSchema),
  /** Bytes of all maps that the engine holds. */
  mapBytes: z.number(),
  start: viewStartSchema.optional(),
  /** Normalised entropy at which the bars have a line, where the manifest says another than the usual. */
  entropyLine: z.number().nonnegative().optional(),
  /** Sentences about what was cut, assumed or refused in this run. */
  notices: z.array(z.string()),
});
export type Capture = z.infer<typeof captureSchema>;
