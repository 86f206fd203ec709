/** The manifest beside a model: where it lies, and what of it is right. */
import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { ManifestText } from "./manifest/document";
import { type ManifestProblem, pathText, problem } from "./manifest/problem";
import type { Manifest } from "./manifest/schema";
import { validate } from "./manifest/validate";

/** Far above what people write: a larger file is none. */
const MAX_BYTES = 16e6;

export interface LoadedManifest {
  readonly path: string;
  /** What of it is right. */
  readonly manifest: Manifest;
  /** What is wrong, as lines for people. */
  readonly problems: readonly string[];
}

/** Where a model's manifest may lie: `model.attention.json` for `model.onnx`. */
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
  const written = readManifest(file);
  if ("problem" in written)
    return { path: file, manifest: { version: 1 }, problems: [`${name}: ${written.problem}`] };
  const { manifest, text, problems } = parseManifest(written.content);
  return {
    path: file,
    manifest,
    problems: [
      ...text.syntaxErrors.map(({ message, range }) => `${name}, line ${range.line + 1}: ${message}`),
      ...problems.map((each) => {
        const { line } = text.range(each.path, each.on);
        return `${name}, line ${line + 1}: ${[pathText(each.path), each.message].filter(Boolean).join(": ")}`;
      }),
    ],
  };
}

/** The text of a manifest, or why it is not read, as a sentence. */
export function readManifest(file: string): { readonly content: string } | { readonly problem: string } {
  try {
    const stats = statSync(file);
    // A pipe would be waited for.
    if (!stats.isFile()) return { problem: "It is not a file." };
    if (stats.size > MAX_BYTES)
      return {
        problem: `It has ${Math.round(stats.size / 1e6)} MB, and at most ${MAX_BYTES / 1e6} are read.`,
      };
    return { content: readFileSync(file, "utf8") };
  } catch (error) {
    return { problem: `It cannot be read: ${error instanceof Error ? error.message : String(error)}.` };
  }
}

/** A manifest from its text: what is right of it, and what its schema says of the rest. */
export function parseManifest(content: string): {
  manifest: Manifest;
  text: ManifestText;
  problems: readonly ManifestProblem[];
} {
  const text = new ManifestText(content);
  const isObject =
    typeof text.value === "object" && text.value !== null && Object.keys(text.value).length > 0;
  if (text.syntaxErrors.length > 0 && !isObject) return { manifest: { version: 1 }, text, problems: [] };
  const { manifest, problems } = validate(text.value);
  const repeated = text.repeatedKeys.map((path) =>
    problem(path, `The field “${path.at(-1)}” is written again below, and that one holds.`, {
      on: "key",
      severity: "warning",
    }),
  );
  return { manifest, text, problems: [...problems, ...repeated] };
}
