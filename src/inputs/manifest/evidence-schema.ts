/** What is known about a recording beside its inputs: objects, boxes, vectors of tokens. */
import * as z from "zod";
import { arraySchema, pictureSchema } from "./values";

export const objectSchema = z
  .strictObject({
    name: z.string().min(1).describe("What the object is called."),
    words: z.array(z.string()).optional().describe("Words of the text that name it: red, block."),
    mask: pictureSchema
      .optional()
      .describe("Where it is in the frame, above 0: an array [steps, height, width], or pictures."),
    camera: z.string().optional().describe("The camera whose frame the mask lies over."),
    target: z.boolean().optional().describe("Whether it is what the task is about."),
  })
  .meta({ id: "object", description: "A thing in the pictures, and the words for it." });

export const boxesSchema = z
  .strictObject({
    segment: z.string().min(1).describe("The segment whose tokens are the entities."),
    array: arraySchema.describe(
      "A box for each token: [steps, tokens, 4], or corners [steps, tokens, n, 2].",
    ),
    format: z
      .enum(["xyxy", "xywh", "cxcywh", "corners"])
      .default("xyxy")
      .describe("Two corners; corner and size; middle and size; or all corners. In px of the frame."),
    camera: z.string().optional().describe("The camera whose frame they lie in."),
  })
  .meta({ id: "boxes", description: "Where the entities of a segment are in the frame." });

export const vectorsSchema = z
  .strictObject({
    name: z.string().min(1).describe("What the numbers are called."),
    segment: z.string().min(1).describe("The segment whose tokens they belong to."),
    array: arraySchema.describe("[tokens], [tokens, features], or with the steps as first axis."),
    features: z.array(z.string()).optional().describe("Names of the features."),
    kind: z
      .enum(["features", "scores", "activations"])
      .optional()
      .describe("Features of an autoencoder, scores of a probe, activations."),
  })
  .meta({
    id: "vectors",
    description:
      "Numbers for each token or patch that attention is compared with: an autoencoder's features, a probe's scores.",
  });
