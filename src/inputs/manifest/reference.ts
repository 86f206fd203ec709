/** `docs/manifest.md`: what a manifest is, five annotated ones, and every field from the schema's own descriptions. */
import { type JsonSchema, manifestJsonSchema } from "./json-schema";

export { manifestJsonSchema } from "./json-schema";

/** An annotated manifest of `docs/manifest`. */
export interface ReferenceExample {
  /** File name: `vla-pi0.attention.jsonc`. */
  readonly name: string;
  readonly text: string;
}

const introduction = `# The manifest

A manifest is a file \`model.attention.json\` beside \`model.onnx\`. It names what the graph cannot: what the tokens are,
where the recorded input lies, which part of the code a site belongs to. **Nothing in it is required** but its version, and
a model without one opens all the same: inputs are then fitted by name, type and shape, and tokens are numbered.

Begin with one of these:

- \`attention-lens manifest init model.onnx\`, or *Attention: Create Manifest* in VS Code, writes a manifest from what graph
  and data show. What is guessed says so in a comment. A file that is there is never overwritten without asking.
- \`{ "version": 1 }\`, and completion: VS Code knows every field, shows what it means, and underlines what is wrong.

\`attention-lens manifest check model.onnx\` lists what is wrong, with lines: fields that are not known, files and arrays that
do not exist or do not fit, segments that do not add up to the model's tokens, patterns that match no site, grids that do
not fit their pictures, tokenizers that cannot be read. VS Code shows the same under *Problems*, as soon as manifest or
model is saved. A part that is wrong is left out; the rest is used.

Comments (\`//\`) and trailing commas are allowed. Paths are relative to the manifest and stay inside its folder.

## In ten minutes

1. **Inputs.** \`inputs.file\` names recorded arrays; an array with the name of an input is that input. Texts go through a
   tokenizer (\`inputs.texts\`), pictures are prepared as \`size\`, \`layout\`, \`scale\`, \`mean\` and \`std\` say.
2. **Segments.** List the runs of tokens along an axis: a name, a role (which gives the colour), a count, labels. Where
   sites have different tokens, write the lists under \`axes\` and name them in \`sites\`.
3. **Components.** Give groups of sites names by patterns over their module paths.
4. **Steps**, if there is time: which inputs differ from step to step, and the arrays, frames, actions and rewards to show.

## What is used where

Inputs, segments, axes, components, sites, steps, passes, loops, samples and defaults are read by every capture, in the
view as on the command line. \`groups\` name the episodes in the Input dialog and its filter (\`group = success\`);
\`thresholds.entropyLine\` is the dashed line of the entropy bars.

Some fields say what no view draws yet. They are checked all the same, so that a manifest that is written today is right
when they are drawn: \`words\` of segments, \`outputs\`, \`objects\`, \`boxes\`, \`vectors\`, \`embeddings\`, \`weights\`,
\`checkpoints\`, the other \`thresholds\`, and the commands \`export\` and \`train\`, which are not run yet.
`;

/** @param examples the annotated manifests, in the order in which they are shown */
export function manifestReference(examples: readonly ReferenceExample[]): string {
  const schema = manifestJsonSchema();
  return [
    introduction,
    "## Annotated examples",
    ...examples.map(({ name, text }) => `### ${name.split(".")[0]}\n\n\`\`\`jsonc\n${text}\`\`\``),
    "## Fields",
    table(schema, schema),
    ...sections(schema),
  ].join("\n\n");
}

/** A table for each part of the manifest that has fields of its own. */
function sections(schema: JsonSchema): string[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, part]) =>
    nested(`${name}`, part, schema),
  );
  const shared = Object.entries(schema.definitions ?? {}).flatMap(([name, part]) => {
    const heading = `### ${title(name)}\n\n${part.description ?? ""}`;
    const forms = (part.anyOf ?? [part]).filter((form) => form.properties);
    if (forms.length === 0) return [heading];
    return [heading, ...forms.map((form) => [formText(form, part), table(form, schema)].join("\n\n"))];
  });
  return [...own, "## Parts that several fields share", ...shared];
}

function formText(form: JsonSchema, part: JsonSchema): string {
  return form === part ? "" : (form.description ?? "An object:");
}

function nested(path: string, part: JsonSchema, schema: JsonSchema): string[] {
  const object = [part, ...(part.anyOf ?? [])].find((form) => form.properties);
  if (!object) {
    const entry = entryOf(part);
    const step = part.type === "array" ? "[]" : ".{name}";
    return entry && !entry.$ref ? nested(`${path}${step}`, entry, schema) : [];
  }
  const inner = Object.entries(object.properties ?? {}).flatMap(([name, field]) =>
    nested(`${path}.${name}`, field, schema),
  );
  return [`### ${path}\n\n${part.description ?? ""}\n\n${table(object, schema)}`, ...inner];
}

/** What a list or a record holds. */
function entryOf({ items, additionalProperties }: JsonSchema): JsonSchema | undefined {
  if (items && !Array.isArray(items)) return items as JsonSchema;
  return typeof additionalProperties === "object" ? additionalProperties : undefined;
}

function table(object: JsonSchema, schema: JsonSchema): string {
  const rows = Object.entries(object.properties ?? {}).map(([name, field]) => {
    const required = object.required?.includes(name) ? " *" : "";
    const usual = field.default === undefined ? "" : ` Default ${JSON.stringify(field.default)}.`;
    return `| \`${name}\`${required} | ${cell(typeText(field))} | ${cell(describe(field, schema) + usual)} |`;
  });
  return ["| field | is | means |", "|---|---|---|", ...rows].join("\n");
}

function describe(field: JsonSchema, schema: JsonSchema): string {
  if (field.description) return field.description;
  const entry = entryOf(field);
  const name = (field.$ref ?? entry?.$ref ?? field.allOf?.[0]?.$ref)?.split("/").at(-1);
  return (name && schema.definitions?.[name]?.description) ?? "";
}

function typeText(field: JsonSchema): string {
  const reference = field.$ref ?? field.allOf?.[0]?.$ref;
  if (reference) return link(reference);
  if (field.enum) return field.enum.map((value) => `\`${JSON.stringify(value)}\``).join(", ");
  if (field.const !== undefined) return `\`${JSON.stringify(field.const)}\``;
  if (field.anyOf) return [...new Set(field.anyOf.map(typeText))].join(" or ");
  const entry = entryOf(field);
  if (field.type === "array" && Array.isArray(field.items)) return `list of ${field.items.length}`;
  if (field.type === "array" && entry) return `list of ${typeText(entry)}`;
  if (field.type === "object" && entry) return `by name: ${typeText(entry)}`;
  if (field.type === "string") return "text";
  if (field.type === "integer") return "whole number";
  return typeof field.type === "string" ? field.type : "anything";
}

function link(reference: string): string {
  const name = reference.split("/").at(-1) ?? reference;
  return `[${title(name)}](#${title(name).replaceAll(" ", "-").toLowerCase()})`;
}

/** `tokensInTurn` as words. */
function title(name: string): string {
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
