/** Time: steps of an episode or a generation, passes within a step, and what goes round from pass to pass. */
import * as z from "zod";
import { arraySchema, fieldSchema, pathSchema, pictureSchema } from "./values";

export const stepsSchema = z
  .strictObject({
    axis: z.string().describe("What a step is, in a word: time step, frame, token."),
    inputs: z
      .array(z.string())
      .optional()
      .describe(
        "Inputs of the model that differ from step to step: their recorded arrays have the steps as first axis, and each step is a run of its own. Left out, all steps lie in one run.",
      ),
    windows: z
      .record(
        z.string(),
        z.strictObject({
          length: z.int().positive().describe("Number of steps that a run is given."),
          pad: z
            .boolean()
            .default(true)
            .describe("Whether zeros stand for steps before the first; else early runs are given fewer."),
        }),
      )
      .optional()
      .describe(
        "Inputs that hold the last steps up to the one shown, by name: their recorded arrays have the steps as first axis.",
      ),
    arrays: z
      .record(z.string(), arraySchema)
      .optional()
      .describe("Arrays along the steps that are shown as lanes, by the name that is shown."),
    frames: z.record(z.string(), pictureSchema).optional().describe("Pictures of the steps, by camera."),
    actions: z
      .strictObject({
        array: arraySchema.describe("The action taken at each step: a number, or a vector."),
        names: z
          .array(z.string())
          .optional()
          .describe("Names of the actions 0, 1, 2 …, or of the vector's parts."),
        values: arraySchema.optional().describe("The value of each action at each step: [steps, actions]."),
      })
      .optional()
      .describe("What was done at each step."),
    rewards: arraySchema.optional().describe("The reward of each step."),
    notes: arraySchema.optional().describe("A text for each step; an empty one is no note."),
    first: z.int().nonnegative().optional().describe("The step that is shown first; 0 if left out."),
    seconds: z.number().positive().optional().describe("Seconds from step to step, for playing."),
  })
  .describe("Arrays along a time axis: an episode, or a generation.");
export type ManifestSteps = z.infer<typeof stepsSchema>;

export const passesSchema = z
  .strictObject({
    axis: z.string().min(1).describe("What a pass is, in words: denoising pass."),
    count: z
      .int()
      .positive()
      .optional()
      .describe("Number of passes; from the recording or the loop if left out."),
    labels: z
      .union([z.array(z.string()), arraySchema])
      .optional()
      .describe("A label for each pass: a list, or a recorded array."),
    inputs: z
      .array(z.string())
      .optional()
      .describe(
        "Inputs that were recorded pass by pass: their arrays have the passes as first axis, after the steps. Where a loop makes them, leave this out.",
      ),
  })
  .describe("A second time axis: runs of the model within one step.");
export type ManifestPasses = z.infer<typeof passesSchema>;

export const loopSchema = z
  .strictObject({
    over: z
      .enum(["passes", "steps"])
      .default("passes")
      .describe("What the loop's runs are: passes within a step, or steps."),
    count: z
      .int()
      .positive()
      .optional()
      .describe("Number of runs; the count of passes, or the steps of the recording, if left out."),
    feed: z
      .record(
        z.string(),
        z.union([
          z.string().describe("The output whose value it takes."),
          z
            .strictObject({
              output: z.string().describe("The output that is added, times scale."),
              scale: z.number().default(1),
            })
            .describe("It grows by an output times a number: x ← x + scale · output."),
        ]),
      )
      .optional()
      .describe("For each input that is fed: the output of the run before."),
    set: z
      .record(
        z.string(),
        z.union([
          z.array(z.number()).min(1).describe("Its value in each run."),
          z
            .strictObject({ start: z.number(), step: z.number() })
            .describe("Its value in the first run, and what is added from run to run."),
        ]),
      )
      .optional()
      .describe("For each input that follows a plan, such as the time of denoising: its values."),
  })
  .meta({
    id: "loop",
    description: "Runs that feed each other: which outputs become which inputs of the next.",
  });
export type ManifestLoop = z.infer<typeof loopSchema>;

export const samplesSchema = z
  .strictObject({
    arrays: z
      .string()
      .includes("{sample}")
      .includes("{array}")
      .optional()
      .describe("Samples of one file, by the names of its arrays: {sample}/{array}."),
    axis: z
      .int()
      .nonnegative()
      .optional()
      .describe(
        "Samples of one file, along this axis of its arrays. Set one of arrays, axis, files, lerobot.",
      ),
    files: pathSchema
      .optional()
      .describe("A file or folder for each sample: episodes/{group}/{episode}.npz, episodes/{episode}/."),
    lerobot: pathSchema
      .optional()
      .describe(
        "Folder of a LeRobot data set of version 2 or 3: Parquet and video. Inputs take its features by name and shape unless inputs.arrays says otherwise.",
      ),
    label: fieldSchema.optional().describe("What each sample is called, in words."),
    fields: z
      .record(z.string(), fieldSchema)
      .optional()
      .describe(
        "An array with one value in each sample (or for each, along the axis), by the name that filters use: return > 5 and length < 20. In a LeRobot data set also a field of its episodes, such as length or tasks.",
      ),
    first: z
      .union([z.string(), z.int().nonnegative()])
      .optional()
      .describe("The sample that is shown first."),
    count: z
      .int()
      .positive()
      .optional()
      .describe("How many samples figures are taken over, and a batch is offered of; 10 if left out."),
  })
  .describe("Recorded samples or episodes to choose from.");
export type ManifestSamples = z.infer<typeof samplesSchema>;

export const groupSchema = z
  .strictObject({
    name: z.string().min(1).describe("What the group is called."),
    where: z.string().optional().describe("The samples of the group, by their fields: success == 1."),
    samples: z
      .array(z.union([z.string(), z.int().nonnegative()]))
      .optional()
      .describe("The samples, one by one."),
    texts: z.array(z.string()).optional().describe("Texts that are samples of the group."),
  })
  .meta({ id: "group", description: "Samples that belong together: success, failure." });
export type ManifestGroup = z.infer<typeof groupSchema>;
