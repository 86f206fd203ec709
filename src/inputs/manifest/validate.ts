/**
 * A value against the manifest's schema: what is wrong with it in words, and the manifest that is left without what is
 * wrong. Only the wrong part is left out: an entry of a list whose entries stand for themselves, else the field.
 */
import type * as z from "zod";
import type { ManifestPath } from "./document";
import { fieldsAt } from "./known-fields";
import { didYouMean, type ManifestProblem, problem, some } from "./problem";
import { type Manifest, manifestSchema } from "./schema";

type Issue = z.core.$ZodIssue;

export interface Validated {
  readonly manifest: Manifest;
  readonly problems: readonly ManifestProblem[];
}

/** Lists of which one entry can be left out without another meaning of the rest. */
const listsOfEntries = new Set([
  "sites",
  "components",
  "loops",
  "groups",
  "objects",
  "boxes",
  "vectors",
  "embeddings",
  "weights",
  "texts",
  "adjustable",
  "checkpoints",
]);

/** Rounds of leaving parts out after which nothing but the version is used. */
const MOST_ROUNDS = 200;

export function validate(value: unknown): Validated {
  const first = manifestSchema.safeParse(value);
  if (first.success) return { manifest: withoutPrototypes(first.data), problems: [] };
  const problems = first.error.issues.flatMap((issue) => problemsOf(issue, [], value));
  const rest: unknown = structuredClone(value);
  if (typeof rest !== "object" || rest === null || Array.isArray(rest))
    return { manifest: { version: 1 }, problems };
  Object.assign(rest, { version: 1 });
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const again = manifestSchema.safeParse(rest);
    if (again.success) return { manifest: withoutPrototypes(again.data), problems };
    const [worst] = problemsOf(again.error.issues[0] as Issue, [], rest);
    if (!worst || !leaveOut(rest, worst.path)) break;
  }
  return { manifest: { version: 1 }, problems };
}

/** Take the part at a path out; false when there is nothing to take. */
function leaveOut(root: object, path: ManifestPath): boolean {
  const holders: object[] = [root];
  for (const part of path.slice(0, -1)) {
    const inner: unknown = (holders.at(-1) as Record<string | number, unknown>)[part];
    if (typeof inner !== "object" || inner === null) break;
    holders.push(inner);
  }
  for (let depth = holders.length - 1; depth >= 0; depth--) {
    const holder = holders[depth] as object;
    const part = path[depth];
    if (part === undefined) continue;
    if (!Array.isArray(holder)) {
      if (!Object.hasOwn(holder, part)) continue;
      return Reflect.deleteProperty(holder, part);
    }
    if (typeof part === "number" && listsOfEntries.has(String(path[depth - 1]))) {
      holder.splice(part, 1);
      return true;
    }
  }
  return false;
}

/** An issue of the schema as problems with words. */
function problemsOf(issue: Issue, before: ManifestPath, root: unknown): ManifestProblem[] {
  const path = [...before, ...issue.path.map((part) => (typeof part === "number" ? part : String(part)))];
  if (issue.code === "unrecognized_keys") {
    const known = fieldsAt(path, root);
    return issue.keys.map((key) =>
      problem([...path, key], `The field “${key}” is not known here.${didYouMean(key, known)}`, {
        on: "key",
      }),
    );
  }
  if (issue.code === "invalid_union") {
    const branch = bestBranch(issue.errors);
    if (branch) return branch.flatMap((inner) => problemsOf(inner, path, root));
    return [problem(path, `It should be ${expectations(issue.errors)}, and is ${kindOf(at(root, path))}.`)];
  }
  return [words(issue, path, root)];
}

/** The form of a union that was probably meant: the one with the fewest faults that has the right kind of value. */
function bestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const meant = branches.filter(
    (issues) => !issues.some(({ code, path }) => code === "invalid_type" && path.length === 0),
  );
  const weight = (issues: readonly Issue[]) =>
    issues.reduce((all, issue) => all + (issue.code === "unrecognized_keys" ? issue.keys.length : 1), 0);
  return meant.sort((a, b) => weight(a) - weight(b))[0];
}

const typeWords: Readonly<Record<string, string>> = {
  string: "a text in quotes",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list [ … ]",
  tuple: "a list [ … ]",
  object: "an object { … }",
  record: "an object { … }",
  null: "nothing",
};

function expectations(branches: readonly (readonly Issue[])[]): string {
  const kinds = branches.flat().flatMap((issue) => {
    if (issue.path.length > 0) return [];
    if (issue.code === "invalid_type") return [typeWords[issue.expected] ?? issue.expected];
    return issue.code === "invalid_value" ? issue.values.map((value) => JSON.stringify(value)) : [];
  });
  return [...new Set(kinds)].join(" or ") || "something else";
}

function words(issue: Issue, path: ManifestPath, root: unknown): ManifestProblem {
  const value = at(root, path);
  if (issue.code === "invalid_type") {
    const name = String(path.at(-1));
    const wanted = typeWords[issue.expected] ?? issue.expected;
    if (value === undefined) return problem(path, `The field “${name}” is missing: it should be ${wanted}.`);
    return problem(path, `It should be ${wanted}, and is ${kindOf(value)}.`);
  }
  if (issue.code === "invalid_value") {
    const known = issue.values.map(String);
    const meant = typeof value === "string" ? didYouMean(value, known) : "";
    if (path.length === 1 && path[0] === "version")
      return problem(
        path,
        value === undefined
          ? 'The version is missing: write "version": 1 first.'
          : "The version should be 1, the only one that there is.",
      );
    return problem(path, `It should be ${known.length === 1 ? "" : "one of "}${some(known, 40)}.${meant}`);
  }
  if (issue.code === "invalid_format" && "includes" in issue)
    return problem(path, `It should hold ${String(issue.includes)}.`);
  if (path[0] === "defaults" && path[1] === "query")
    return problem(path, "It should be a number, last, action[0] or mean(action).");
  const size = sizeWords(issue);
  if (size !== undefined) return problem(path, `${size}, and is ${kindOf(value)}.`);
  if (issue.code === "invalid_format" && path.at(-1) === "scale")
    return problem(path, `It should be a number, or a quotient such as "1/255", and is ${kindOf(value)}.`);
  return problem(path, `${issue.message.replace(/^Invalid input: /, "").replace(/\.?$/, "")}.`);
}

/** A number, text or list outside its bounds. */
function sizeWords(issue: Issue): string | undefined {
  if (issue.code !== "too_small" && issue.code !== "too_big") return undefined;
  const isSmall = issue.code === "too_small";
  const bound = Number(isSmall ? issue.minimum : issue.maximum);
  const inclusive = issue.inclusive !== false;
  const of = issue.origin;
  if (of === "string" || of === "array" || of === "set") {
    if (isSmall && bound === 1)
      return of === "string" ? "It should not be empty" : "It should hold something";
    const what = of === "string" ? "characters" : "entries";
    return `It should have at ${isSmall ? "least" : "most"} ${bound} ${what}`;
  }
  if (isSmall) return `It should be ${inclusive ? `${bound} or more` : `above ${bound}`}`;
  return `It should be ${inclusive ? `${bound} or less` : `below ${bound}`}`;
}

function at(root: unknown, path: ManifestPath): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, part)
        ? (value as Record<string | number, unknown>)[part]
        : undefined,
    root,
  );
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "number" && !Number.isFinite(value)) return "too large a number";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  const written = JSON.stringify(value) ?? "missing";
  return written.length > MOST_WRITTEN ? `${written.slice(0, MOST_WRITTEN)}…` : written;
}

/** Characters of a value that a message repeats. */
const MOST_WRITTEN = 80;

/** Names that a manifest gives are looked up in its records: without a prototype "constructor" is one like any other. */
function withoutPrototypes<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const inner of Object.values(value)) withoutPrototypes(inner);
  return Array.isArray(value) ? value : (Object.setPrototypeOf(value, null) as T);
}
