/** What the model is given: recorded files, pictures, texts, constants. */
import * as z from "zod";
import {
  arrayNameSchema,
  arrayPicture,
  framesPicture,
  imagePicture,
  pathSchema,
  preparationShape,
  videoPicture,
} from "./values";

const frameShape = {
  frame: z.int().nonnegative().optional().describe("Which one, from 0; the step's if left out."),
} as const;

/** Where one input of the model comes from. */
export const inputSourceSchema = z
  .union([
    arrayNameSchema,
    arrayPicture
      .extend(preparationShape)
      .describe("A recorded array, prepared as a picture if that is said."),
    imagePicture.extend(preparationShape).describe("A picture."),
    framesPicture.extend(frameShape).extend(preparationShape).describe("One of several pictures."),
    videoPicture.extend(frameShape).extend(preparationShape).describe("One picture of a video."),
    z
      .strictObject({
        value: z
          .union([z.number(), z.boolean(), z.array(z.unknown())])
          .describe(
            "A number, or nested lists of them as the input's shape wants; a number fills the input.",
          ),
      })
      .describe("A value that is written here."),
    z
      .strictObject({
        fill: z
          .enum(["zeros", "ones", "range", "normal", "uniform"])
          .describe("0, 1, 0 1 2 … along the last axis, or random numbers."),
        shape: z
          .array(z.int().nonnegative())
          .optional()
          .describe("Its shape, where the model leaves dimensions open."),
        seed: z.int().nonnegative().optional().describe("Seed of random numbers; 0 if left out."),
      })
      .describe("An input that is made up."),
  ])
  .meta({
    id: "inputSource",
    description:
      'Where an input comes from: the name of an array, or an object with "array", "image", "frames", "video", "value" or "fill".',
  });
export type ManifestInputSource = z.infer<typeof inputSourceSchema>;

export const textSchema = z
  .strictObject({
    text: z
      .string()
      .max(1_000_000)
      .optional()
      .describe(
        "The text that is shown first; {task} is the recorded task. Left out where its ids are recorded.",
      ),
    pair: z.string().max(1_000_000).optional().describe("A second text, for models of pairs."),
    tokenizer: pathSchema.optional().describe("tokenizer.json; the one beside the model if left out."),
    ids: z.string().optional().describe("The model's input of token ids; input_ids if left out."),
    mask: z
      .string()
      .optional()
      .describe("The model's input that tells tokens from padding; attention_mask if left out."),
    types: z
      .string()
      .optional()
      .describe("The model's input that tells the first text from the second; token_type_ids if left out."),
    length: z.int().positive().optional().describe("Number of tokens that the text is cut or padded to."),
    padding: z.enum(["left", "right"]).optional().describe("Where padding goes; right if left out."),
    special: z.boolean().optional().describe("Whether special tokens are added; true if left out."),
  })
  .meta({ id: "text", description: "A text that becomes token ids through a tokenizer." });
export type ManifestText = z.infer<typeof textSchema>;

export const adjustableSchema = z
  .strictObject({
    input: z.string().min(1).describe("The model's input."),
    name: z.string().min(1).optional().describe("What the view calls it; the input's name if left out."),
    range: z.tuple([z.number(), z.number()]).describe("From and to where its value can be moved."),
    step: z.number().positive().optional().describe("By how much; a hundredth of the range if left out."),
    unit: z.string().optional().describe("A word behind the number."),
    how: z
      .enum(["fill", "shift"])
      .default("fill")
      .describe(
        "fill: every number of the input becomes the value. shift: the first number of each sample does, and the others move along with it.",
      ),
  })
  .meta({
    id: "adjustable",
    description: "An input that the view has a slider for: a return-to-go, a temperature.",
  });
export type ManifestAdjustable = z.infer<typeof adjustableSchema>;

export const inputsSchema = z
  .strictObject({
    file: pathSchema
      .optional()
      .describe("Recorded arrays, relative to the manifest: npz, npy, safetensors, json or csv."),
    arrays: z
      .record(z.string(), inputSourceSchema)
      .optional()
      .describe(
        "Where each input of the model comes from. An input that is not named here is the array of its own name.",
      ),
    adjustable: z
      .array(adjustableSchema)
      .optional()
      .describe("Inputs of one number that can be moved by a slider, or by --set."),
    texts: z
      .array(textSchema)
      .optional()
      .describe("Texts that become inputs through a tokenizer; two for an encoder and a decoder."),
  })
  .describe("The input that is shown first.");
export type ManifestInputs = z.infer<typeof inputsSchema>;
