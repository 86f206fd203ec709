/** Weights by name, for circuits and the similarity of embeddings. */
import * as z from "zod";
import { pathSchema, patternSchema } from "./values";

const tensor = (what: string) =>
  z
    .string()
    .min(1)
    .optional()
    .describe(
      `${what}: the name of an initializer. {layer} stands for the site's layer, {head} for the head.`,
    );

export const embeddingSchema = z
  .strictObject({
    name: z.string().min(1).describe("What the embedding is called."),
    tensor: z.string().min(1).describe("Name of the initializer, one row for each entry."),
    rows: z
      .tuple([z.int().nonnegative(), z.int().positive()])
      .optional()
      .describe("The rows that belong to it, from and up to, where several share a matrix."),
    labels: z
      .union([z.array(z.string()), z.strictObject({ file: pathSchema })])
      .optional()
      .describe("Names of the rows: a list, or a file with one a line."),
    transposed: z.boolean().optional().describe("Whether its columns are the entries."),
    role: z
      .enum(["input", "position", "output"])
      .default("input")
      .describe("What it embeds: what the model is given, positions; output unembeds to what it answers."),
  })
  .meta({ id: "embedding", description: "An embedding matrix." });

export const weightsSchema = z
  .strictObject({
    match: patternSchema.optional().describe("The sites whose weights they are; all if left out."),
    query: tensor("W_Q"),
    key: tensor("W_K"),
    value: tensor("W_V"),
    output: tensor("W_O"),
    packed: tensor("W_Q, W_K and W_V in one"),
    keyValue: tensor("W_K and W_V in one"),
    orientation: z
      .enum(["in-out", "out-in"])
      .default("in-out")
      .describe("Order of their axes: x·W is in-out, a PyTorch Linear's weight out-in."),
    normalisation: tensor("Scale of the layer's normalisation"),
  })
  .meta({ id: "weights", description: "The projections of some sites." });
