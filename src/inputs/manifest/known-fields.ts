/** The fields that the schema knows at a place of a manifest, to name the one that was probably meant. */
import type { ManifestPath } from "./document";
import { type JsonSchema, manifestJsonSchema } from "./json-schema";

let schema: JsonSchema | undefined;

/** @param root the manifest's value: of several forms of a part, those are meant that share a field with what is written */
export function fieldsAt(path: ManifestPath, root: unknown): string[] {
  schema ??= manifestJsonSchema();
  let forms = resolve(schema, schema);
  let value: unknown = root;
  for (const part of path) {
    forms = forms.flatMap((form) => inner(form, part)).flatMap((form) => resolve(form, schema as JsonSchema));
    value =
      typeof value === "object" && value !== null
        ? (value as Record<string | number, unknown>)[part]
        : undefined;
  }
  const written = typeof value === "object" && value !== null ? Object.keys(value) : [];
  const objects = forms.filter((form) => form.properties);
  const shared = objects.filter((form) => written.some((key) => form.properties && key in form.properties));
  return (shared.length > 0 ? shared : objects).flatMap((form) => Object.keys(form.properties ?? {}));
}

function inner(form: JsonSchema, part: string | number): JsonSchema[] {
  if (typeof part === "number") {
    if (!form.items) return [];
    return Array.isArray(form.items)
      ? (form.items as JsonSchema[]).slice(part, part + 1)
      : [form.items as JsonSchema];
  }
  const field = form.properties?.[part];
  if (field) return [field];
  return typeof form.additionalProperties === "object" ? [form.additionalProperties] : [];
}

function resolve(form: JsonSchema, root: JsonSchema): JsonSchema[] {
  if (form.$ref) {
    const named = root.definitions?.[form.$ref.split("/").at(-1) ?? ""];
    return named ? resolve(named, root) : [];
  }
  const parts = [...(form.anyOf ?? []), ...(form.allOf ?? [])];
  return parts.length > 0 ? parts.flatMap((part) => resolve(part, root)) : [form];
}
