/** Runs of tokens with one role: how many, what each is called, where it lies in a picture. */
import * as z from "zod";
import { segmentRoleSchema } from "../../shared/capture";
import { arrayNameSchema, arraySchema, labelSchema, pair, pathSchema } from "./values";

const labelsSchema = z
  .union([
    z.array(z.string()).describe("One label for each token."),
    z
      .strictObject({
        array: arrayNameSchema.describe("Recorded array, one value for each token."),
        names: z.array(z.string()).optional().describe("Names of the values 0, 1, 2 …"),
        template: labelSchema.optional(),
      })
      .describe("The values of a recorded array."),
    z
      .strictObject({ file: pathSchema.describe("Text file, one label a line.") })
      .describe("The lines of a file."),
    z
      .strictObject({
        ids: z
          .string()
          .describe(
            "The model's input of token ids: labels are the tokens that the tokenizer makes of them.",
          ),
        tokenizer: pathSchema.optional().describe("tokenizer.json; the one beside the model if left out."),
      })
      .describe("Tokens of a text."),
  ])
  .meta({
    id: "labels",
    description:
      "Labels of the tokens: a list, the values of a recorded array, the lines of a file, or the tokens of a text.",
  });
export type ManifestLabels = z.infer<typeof labelsSchema>;

const px = z.number().nonnegative();

export const gridSchema = z
  .strictObject({
    rows: z.int().positive().describe("Number of rows of patches."),
    columns: z.int().positive().describe("Number of columns of patches."),
    patch: pair("Size of a patch in px of the model's picture: a side, or [height, width].").optional(),
    crop: z
      .strictObject({ x: px, y: px, width: z.number().positive(), height: z.number().positive() })
      .optional()
      .describe(
        "The part of the recorded frame that the model sees, in px of the frame; the whole if left out.",
      ),
    padding: z
      .strictObject({ left: px.default(0), top: px.default(0), right: px.default(0), bottom: px.default(0) })
      .optional()
      .describe(
        "Borders of the model's picture that are no part of the frame, in px of the model's picture.",
      ),
    camera: z
      .string()
      .optional()
      .describe("Which of the steps' frames it shows, or which input is its picture, by name."),
  })
  .meta({
    id: "grid",
    description:
      "Tokens of the segment lie in rows and columns over a picture, row by row from the top left.",
  });
export type ManifestGrid = z.infer<typeof gridSchema>;

const tokensSchema = z
  .strictObject({
    name: z.string().describe("What the segment is called."),
    role: segmentRoleSchema
      .default("other")
      .describe("What the tokens are: decides colour, views and the shares of modalities."),
    count: z
      .int()
      .positive()
      .optional()
      .describe(
        "Number of tokens. Rows × columns of a grid and the number of listed labels say it too; one segment of an axis may leave it open and takes the rest.",
      ),
    label: labelSchema.optional(),
    labels: labelsSchema.optional(),
    grid: gridSchema.optional(),
    words: z
      .record(z.string(), z.array(z.string()))
      .optional()
      .describe(
        "Groups of words by name, whose shares are shown: action verbs, object nouns, spatial relations.",
      ),
    mask: arraySchema
      .optional()
      .describe("Recorded array or input, one value for each token: 0 marks padding."),
  })
  .meta({ id: "tokens", description: "A run of tokens with one role." });

const interleavedSchema = z
  .strictObject({
    name: z.string().describe("What they are called together."),
    interleave: z
      .array(tokensSchema.omit({ count: true }).meta({ id: "tokensInTurn" }))
      .min(1)
      .describe("Segments whose tokens take turns: (return, state, action), (return, state, action), …"),
    count: z.int().positive().optional().describe("Number of tokens of all of them together."),
  })
  .meta({ id: "interleaved", description: "Several segments whose tokens take turns." });

export const segmentSchema = z.union([tokensSchema, interleavedSchema]).meta({ id: "segment" });
export type ManifestSegment = z.infer<typeof segmentSchema>;
export type ManifestTokens = Omit<z.infer<typeof tokensSchema>, "count">;

export const segmentListSchema = z.array(segmentSchema);

/** Segments of an axis: written out, or named by entries of `axes`. */
export const axisReferenceSchema = z
  .union([
    z.string().min(1).describe("Name of an entry of axes."),
    z.array(z.union([z.string().min(1).describe("Name of an entry of axes."), segmentSchema])),
  ])
  .meta({
    id: "axis",
    description:
      "Segments in order, written out or named: an entry of axes, or a list of names and segments.",
  });
export type ManifestAxisReference = z.infer<typeof axisReferenceSchema>;
