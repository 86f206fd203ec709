/**
 * The manifest, version 1: an optional `<model>.attention.json` beside a model that names what the graph cannot.
 * Unknown keys are errors, so that later versions can add keys without old files changing their meaning.
 */
import * as z from "zod";
import { checkpointsSchema, commandSchema } from "./commands-schema";
import { boxesSchema, objectSchema, vectorsSchema } from "./evidence-schema";
import { inputsSchema } from "./inputs-schema";
import { segmentListSchema } from "./segments-schema";
import { componentSchema, outputSchema, siteSchema } from "./sites-schema";
import { groupSchema, loopSchema, passesSchema, samplesSchema, stepsSchema } from "./steps-schema";
import { defaultsSchema, thresholdsSchema } from "./view-schema";
import { embeddingSchema, weightsSchema } from "./weights-schema";

export const manifestSchema = z
  .strictObject({
    $schema: z.string().optional().describe("Address of this schema, for editors."),
    version: z.literal(1).describe("1."),
    title: z.string().optional().describe("What the view calls the model."),
    inputs: inputsSchema.optional(),
    segments: segmentListSchema
      .optional()
      .describe("Runs of tokens with one role, in order, along queries and keys of all sites."),
    axes: z
      .record(z.string(), segmentListSchema)
      .optional()
      .describe("Lists of segments by name, for the sites that name them as their queries or keys."),
    components: z.array(componentSchema).optional().describe("Names for groups of sites."),
    sites: z
      .array(siteSchema)
      .optional()
      .describe(
        "What differs for some sites; the first entry that matches a site holds. Sites that were not found are declared here.",
      ),
    outputs: z
      .record(z.string(), outputSchema)
      .optional()
      .describe("What the model's outputs mean, by their names."),
    steps: stepsSchema.optional(),
    passes: passesSchema.optional(),
    loops: z.array(loopSchema).optional().describe("Runs that feed each other."),
    samples: samplesSchema.optional(),
    groups: z.array(groupSchema).optional().describe("Groups of samples, to compare."),
    objects: z.array(objectSchema).optional().describe("Things in the pictures, and the words for them."),
    boxes: z.array(boxesSchema).optional().describe("Where the entities of a segment are in the frame."),
    vectors: z
      .array(vectorsSchema)
      .optional()
      .describe("Numbers for each token that attention is compared with."),
    embeddings: z.array(embeddingSchema).optional().describe("Embedding matrices, by name."),
    weights: z.array(weightsSchema).optional().describe("The projections of the sites, by name."),
    defaults: defaultsSchema.optional(),
    thresholds: thresholdsSchema.optional(),
    source: z.string().optional().describe("The model's source file, relative to the manifest."),
    export: commandSchema.optional().describe("Makes the ONNX file of a checkpoint."),
    train: commandSchema.optional().describe("Trains the model."),
    checkpoints: checkpointsSchema.optional(),
  })
  .describe(
    "Names tokens, groups and inputs of an ONNX model for Attention Lens. Everything but the version may be left out.",
  );
export type Manifest = z.infer<typeof manifestSchema>;
