/** The manifest's JSON Schema, for completion and validation in the editor. */
import * as z from "zod";
import { manifestSchema } from "./schema";

export interface JsonSchema {
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly required?: readonly string[];
  readonly items?: JsonSchema | readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
  readonly $ref?: string;
}

export function manifestJsonSchema(): JsonSchema {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Attention Lens manifest",
    // Comments and trailing commas are read: VS Code is told so.
    allowComments: true,
    allowTrailingCommas: true,
    ...z.toJSONSchema(manifestSchema, { target: "draft-7", io: "input" }),
  } as JsonSchema;
}
