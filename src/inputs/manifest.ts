/** The manifest beside a model: where it lies, and what of it is right. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse, type ParseError, printParseErrorCode } from "jsonc-parser";
import { type Manifest, manifestSchema } from "./manifest/schema";

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
  const errors: ParseError[] = [];
  const value: unknown = parse(readFileSync(file, "utf8"), errors, { allowTrailingComma: true });
  if (errors[0]) {
    const what = printParseErrorCode(errors[0].error);
    return { path: file, manifest: { version: 1 }, problems: [`${name}: ${what} at ${errors[0].offset}`] };
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
