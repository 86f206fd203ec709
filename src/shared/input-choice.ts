/**
 * What a capture is made on, as one value that command line, extension and programs share, and what a capture says of
 * it: which samples, episodes, steps and passes there are, and which are shown.
 */
import * as z from "zod";
import { errorReportSchema } from "./errors";
import { indexRangesSchema } from "./index-ranges";
import { arrayBufferSchema } from "./page";

export const pathSchema = z.string().min(1).max(32_768);
const index = z.number().int().nonnegative();
const nameSchema = z.string().max(1_000);
/** Most characters of one prompt: longer ones are beyond every context that is run here. */
const promptSchema = z.string().max(1_000_000);

export const generateChoiceSchema = z.strictObject({
  /** Tokens to make at most; fewer when the model ends its text. Left out for what its generation_config.json says. */
  tokens: z.number().int().min(1).max(100_000).optional(),
  /** Draw from the probabilities instead of taking the likeliest token; left out for the configuration's `do_sample`. */
  sample: z.boolean().optional(),
  /** Seed of the draws; 0 when left out. */
  seed: z.number().int().nonnegative().optional(),
  /** Divides the logits before they are drawn from; the configuration's, else 1, when left out. */
  temperature: z.number().positive().optional(),
  /** Draw among so many of the likeliest tokens; the configuration's, else all, when left out. */
  topK: z.number().int().positive().optional(),
  /** Draw among the likeliest that hold this much of the probability; the configuration's, else all, when left out. */
  topP: z.number().positive().max(1).optional(),
});
export type GenerateChoice = z.infer<typeof generateChoiceSchema>;

/**
 * What to run the model on. Everything may be left out: what is not chosen comes from the manifest, else from what lies
 * beside the model, else it is made up, and the capture says which. Paths are absolute.
 */
export const inputChoiceSchema = z.strictObject({
  /** Recorded arrays: npz, npy, safetensors, JSON or CSV. */
  file: pathSchema.optional(),
  /** Array of the file for each input of the model, where their names differ. */
  arrays: z.record(nameSchema, nameSchema).optional(),
  /** A prompt, or several as a batch. */
  text: z.union([promptSchema, z.array(promptSchema).min(1).max(1_000)]).optional(),
  /** The second text of a pair, or what the decoder of an encoder and decoder begins with. */
  textPair: z.union([promptSchema, z.array(promptSchema).min(1).max(1_000)]).optional(),
  /** An image file for each input of the model that takes one; "" names the only one. */
  images: z.record(nameSchema, pathSchema).optional(),
  /** One frame of a video, for the input of that name; "" names the only one. */
  video: z.strictObject({ file: pathSchema, frame: index, input: nameSchema.optional() }).optional(),
  /** Elements of the recording's sample axis, by number; left out for the first, or for all where they make a batch. */
  samples: z.array(index).min(1).max(100_000).optional(),
  /** Episode of the recording, by name or number. */
  episode: z.union([index, nameSchema]).optional(),
  /** Step of the episode, or of a generation; left out for the last one of a generation, else the first. */
  step: index.optional(),
  /** Pass of a loop: a denoising pass, say. Left out for the last. */
  pass: index.optional(),
  /** Make the input up, even where there is a recorded one. */
  synthetic: z.strictObject({ seed: z.number().int().nonnegative() }).optional(),
  /** Sizes of symbolic dimensions, for what is made up. */
  dims: z.record(nameSchema, z.number().int().nonnegative().max(2_147_483_647)).optional(),
  /** Values of inputs of one number, by the input's name. */
  set: z.record(nameSchema, z.number()).optional(),
  /** Go on writing after the prompt; every token that is made is a step. */
  generate: generateChoiceSchema.optional(),
});
export type InputChoice = z.infer<typeof inputChoiceSchema>;

/** More steps than this are sent without the words of all of them: a step costs the same in any episode. */
export const MOST_LABELS = 1000;

/** Something that can be gone through one by one, and what is shown of it. */
export const axisOfRunsSchema = z.object({
  /** What one is: "step", "token", "denoising pass". */
  name: z.string(),
  count: z.number().int().positive(),
  index,
  /** A word for each, where there is one: the token that was made, an action's name. Left out above `MOST_LABELS`. */
  labels: z.array(z.string()).optional(),
  /** Seconds from one to the next, for playing, where it is known. */
  seconds: z.number().positive().optional(),
  /** The word of the one that is shown, where `labels` are left out. */
  label: z.string().optional(),
  /** Those whose captures are kept, so that they are shown without a run. */
  captured: indexRangesSchema.optional(),
});
export type AxisOfRuns = z.infer<typeof axisOfRunsSchema>;

export const episodeSchema = z.object({
  name: z.string(),
  /** Group of samples that it belongs to: "success". */
  group: z.string().nullable(),
  /** Steps, where they can be told without reading it. */
  steps: z.number().int().nullable(),
  /** What episodes are chosen by: its return, its length … */
  fields: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])),
});
export type Episode = z.infer<typeof episodeSchema>;

/** What can be chosen of the input that is shown, and what is. */
/** An input of one number that can be moved, and the value that it has. */
export const adjustableInputSchema = z.object({
  input: z.string(),
  name: z.string(),
  from: z.number(),
  to: z.number(),
  step: z.number().positive(),
  unit: z.string(),
  value: z.number(),
});
export type AdjustableInput = z.infer<typeof adjustableInputSchema>;

export const recordingSchema = z.object({
  /** Samples of the recording and the ones that make up the batch that is shown. */
  samples: z
    .object({
      count: z.number().int().positive(),
      shown: z.array(index),
      /** How many samples figures are taken over, where the manifest says it. */
      usual: z.number().int().positive().optional(),
    })
    .nullable(),
  episodes: z.array(episodeSchema),
  /** Index into `episodes`; null where there are none. */
  episode: index.nullable(),
  steps: axisOfRunsSchema.nullable(),
  passes: axisOfRunsSchema.nullable(),
  /** Cameras of the frames that `readFrame` gives, in the order in which they are shown. */
  cameras: z.array(z.string()),
  /** Texts that were tokenized, a batch of them. */
  prompt: z.object({ text: z.array(z.string()), textPair: z.array(z.string()).nullable() }).nullable(),
  /** Recorded numbers of the step that is shown: action, reward … */
  values: z.array(z.object({ name: z.string(), value: z.union([z.number(), z.string()]) })),
  /** The model can go on writing after a prompt. */
  generates: z.boolean(),
  /** Its tokens are drawn by chance where nobody says, as the configuration beside it does. */
  draws: z.boolean().optional(),
  /** A tokenizer was found, so that `text` can be given. */
  tokenizer: z.string().nullable(),
  /** What a second text is to the model: of a pair, or what a decoder begins with. Left out where it has no place. */
  secondText: z.enum(["pair", "decoder"]).optional(),
  /** Inputs that take an image, by name. */
  imageInputs: z.array(z.string()),
  /** Inputs that the manifest says can be moved. */
  adjustable: z.array(adjustableInputSchema).optional(),
  /** Sizes that the model leaves open and nobody said, by symbol, as this run assumed them. */
  assumedSizes: z.record(z.string(), z.number().int()).optional(),
});
export type Recording = z.infer<typeof recordingSchema>;

/** An input in which there is nothing to choose. */
export const plainRecording: Recording = {
  samples: null,
  episodes: [],
  episode: null,
  steps: null,
  passes: null,
  cameras: [],
  prompt: null,
  values: [],
  generates: false,
  tokenizer: null,
  imageInputs: [],
};

/** An input that was chosen before, and what it is called. */
export const recentInputSchema = z.object({ choice: inputChoiceSchema, label: z.string().max(1_000) });
export type RecentInput = z.infer<typeof recentInputSchema>;

/** How far runs that follow each other came: "token 3 of 32", "denoising pass 4 of 10". */
export const runProgressSchema = z.object({
  /** What one is. */
  name: z.string(),
  done: z.number().int().nonnegative(),
  total: z.number().int().positive(),
});
export type RunProgress = z.infer<typeof runProgressSchema>;

export const runAxisSchema = z.enum(["step", "pass"]);
/** What can be gone through one by one: the steps of an episode or a generation, the passes of a loop. */
export type RunAxis = z.infer<typeof runAxisSchema>;

/** All steps, or all passes, being captured one after the other. */
export const captureAllSchema = z.object({
  axis: runAxisSchema,
  running: z.boolean(),
  captured: indexRangesSchema,
  /** Why it ended before all were captured, in words. */
  told: z.string().nullable(),
});
export type CaptureAll = z.infer<typeof captureAllSchema>;

/** What is chosen for a model that is open, and what comes in its place. */
export const inputStateSchema = z.object({
  /** What the capture that is shown was made on; null for what the manifest says, else for a made-up input. */
  choice: inputChoiceSchema.nullable(),
  /** Another input is being captured; what is shown stays until it is there. */
  running: z.boolean(),
  /** How far that came, where it is several runs; left out where it is one. */
  progress: runProgressSchema.nullable().optional(),
  /** Why the input that was chosen last cannot be shown. */
  problem: errorReportSchema.nullable(),
  /** Inputs that were shown before, the latest first. */
  recent: z.array(recentInputSchema),
  /** All steps of this input being captured, or that it ended; left out where nobody asked for it. */
  all: captureAllSchema.nullable().optional(),
});
export type InputState = z.infer<typeof inputStateSchema>;

/** Nothing was chosen yet. */
export const noInputChosen: InputState = { choice: null, running: false, problem: null, recent: [] };

/** A frame of the recording, or the image that was given, as a small encoded picture. */
export const frameRequestSchema = z.object({
  generation: z.number().int(),
  camera: z.string().max(1_000),
  /** Step whose frame it is; null for the step that is shown. */
  step: index.nullable(),
  /** Sample of the batch. */
  sample: index,
  /** Longest side in pixels; a larger frame is made smaller. */
  side: z.number().int().min(1).max(8_192),
});
export type FrameRequest = z.infer<typeof frameRequestSchema>;

export const frameSchema = z.object({
  generation: z.number().int(),
  /** Pixels of the picture, and of the frame as it was recorded. */
  width: z.number().int().positive(),
  height: z.number().int().positive(),
  recordedWidth: z.number().int().positive(),
  recordedHeight: z.number().int().positive(),
  mime: z.enum(["image/png", "image/jpeg", "image/webp"]),
  bytes: arrayBufferSchema,
});
export type Frame = z.infer<typeof frameSchema>;

/** The tokens of a text while it is typed, without a run. */
export const tokenizeRequestSchema = z.object({ text: promptSchema, textPair: promptSchema.nullable() });
/** The text that a token stands for, the token as the vocabulary writes it, and whether it is a special one. */
const tokenSchema = z.object({ text: z.string(), raw: z.string(), id: index, special: z.boolean() });

export const tokenizedSchema = z.object({
  /** Of both texts, where they are a pair. */
  tokens: z.array(tokenSchema),
  /** Of the second text, where a decoder begins with it. */
  second: z.array(tokenSchema).optional(),
  /** The tokenizer's file. */
  from: z.string(),
  /** What the model does not take of it, or the vocabulary does not have, in words. */
  notices: z.array(z.string()),
});
export type Tokenized = z.infer<typeof tokenizedSchema>;
