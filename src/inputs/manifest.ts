/**
 * The manifest, version 1: an optional `<model>.attention.json` beside a model that names what the graph cannot.
 * Unknown keys are errors, so that later versions can add keys without old files changing their meaning.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { segmentRoleSchema } from "../shared/capture";

const labelSchema = z
  .string()
  .describe(
    "Template of a token's label: {i} is its number within the segment, {value} the array's value, {name} its name.",
  );

const labelsSchema = z
  .union([
    z.array(z.string()).describe("One label for each token."),
    z.strictObject({
      array: z.string().describe("Array of the input file, one value for each token."),
      names: z.array(z.string()).optional().describe("Names of the values 0, 1, 2 …"),
      template: labelSchema.optional(),
    }),
  ])
  .describe("Labels of the tokens: a list, or the values of a recorded array.");

const tokensSchema = z.strictObject({
  name: z.string(),
  role: segmentRoleSchema.default("other"),
  count: z
    .int()
    .positive()
    .optional()
    .describe("Number of tokens; one segment of an axis may leave it out and takes the rest."),
  label: labelSchema.optional(),
  labels: labelsSchema.optional(),
});

const interleavedSchema = z.strictObject({
  name: z.string(),
  interleave: z
    .array(tokensSchema.omit({ count: true }))
    .min(1)
    .describe("Segments whose tokens take turns: (return, state, action), (return, state, action), …"),
  count: z.int().positive().optional(),
});

const segmentSchema = z.union([tokensSchema, interleavedSchema]);
export type ManifestSegment = z.infer<typeof segmentSchema>;
export type ManifestTokens = Omit<z.infer<typeof tokensSchema>, "count">;

export const manifestSchema = z
  .strictObject({
    $schema: z.string().optional(),
    version: z.literal(1),
    title: z.string().optional().describe("What the view calls the model."),
    inputs: z
      .strictObject({
        file: z.string().describe("npz archive, relative to the manifest."),
        arrays: z
          .record(z.string(), z.string())
          .optional()
          .describe("Array for each input of the model, where their names differ."),
      })
      .optional()
      .describe("The recorded input that is shown first."),
    segments: z
      .array(segmentSchema)
      .optional()
      .describe("Runs of tokens with one role, in order, along queries and keys."),
    components: z
      .array(
        z.strictObject({ name: z.string(), match: z.string().describe("Glob over module paths: blocks.*") }),
      )
      .optional()
      .describe("Names for groups of sites."),
    steps: z
      .strictObject({
        axis: z.string().describe("What a step is."),
        arrays: z.record(z.string(), z.string()),
      })
      .optional()
      .describe("Arrays along a time axis."),
    sites: z
      .array(
        z.strictObject({
          match: z.string().describe("Glob over module paths or ids: decoder.*, site_003."),
          queries: z.array(segmentSchema).optional(),
          keys: z.array(segmentSchema).optional(),
          batchAxis: z
            .string()
            .optional()
            .describe("What the batch axis means where it is not samples: history step, window."),
        }),
      )
      .optional()
      .describe("What differs for some sites."),
    source: z.string().optional().describe("The model's source file, relative to the manifest."),
  })
  .describe(
    "Names tokens, groups and inputs of an ONNX model for Attention Lens. Everything but the version may be left out.",
  );
export type Manifest = z.infer<typeof manifestSchema>;

export interface LoadedManifest {
  readonly path: string;
  readonly manifest: Manifest;
  readonly problems: readonly string[];
}

/** Paths at which a model's manifest may lie: `model.attention.json` for `model.onnx`. */
export function manifestPath(modelPath: string): string {
  return path.join(
    path.dirname(modelPath),
    `${path.basename(modelPath, path.extname(modelPath))}.attention.json`,
  );
}

/**
 * The manifest beside a model, or null. What is wrong in it is listed; the parts that are right are used: a bad part
 * never keeps a model from opening.
 */
export function loadManifest(modelPath: string): LoadedManifest | null {
  const file = manifestPath(modelPath);
  if (!existsSync(file)) return null;
  const name = path.basename(file);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    return {
      path: file,
      manifest: { version: 1 },
      problems: [`${name}: ${error instanceof Error ? error.message : String(error)}`],
    };
  }
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return { path: file, manifest: parsed.data, problems: [] };
  const problems = parsed.error.issues.map(
    (issue) => `${name}: ${issue.path.join(".") || "(top)"}: ${issue.message}`,
  );
  const wrong = new Set(
    parsed.error.issues.flatMap((issue) =>
      issue.code === "unrecognized_keys" && issue.path.length === 0 ? issue.keys : [String(issue.path[0])],
    ),
  );
  const rest =
    typeof value === "object" && value !== null
      ? Object.fromEntries(Object.entries(value).filter(([key]) => !wrong.has(key)))
      : {};
  const again = manifestSchema.safeParse({ ...rest, version: 1 });
  return { path: file, manifest: again.success ? again.data : { version: 1 }, problems };
}

/** The manifest's JSON Schema, for completion and validation in the editor. */
export function manifestJsonSchema(): unknown {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Attention Lens manifest",
    ...z.toJSONSchema(manifestSchema, { target: "draft-7", io: "input" }),
  };
}
