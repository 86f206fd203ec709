/** What is wrong with a manifest, and where. */
import type { ManifestPath } from "./document";

export interface ManifestProblem {
  readonly path: ManifestPath;
  /** Whether the field's name or its value is wrong. */
  readonly on: "key" | "value";
  /** What is wrong and what to do, as sentences. */
  readonly message: string;
  /** A warning is about something that is right and may not be meant. */
  readonly severity: "error" | "warning";
}

export function problem(
  path: ManifestPath,
  message: string,
  { on = "value", severity = "error" }: Partial<Pick<ManifestProblem, "on" | "severity">> = {},
): ManifestProblem {
  return { path, on, message, severity };
}

/** `sites[0].match`, as people write it. */
export function pathText(path: ManifestPath): string {
  return path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : text === "" ? part : `${text}.${part}`),
    "",
  );
}

/** The name that was probably meant, as a question; empty when none is near. */
export function didYouMean(written: string, known: Iterable<string>): string {
  const limit = Math.max(1, Math.ceil(written.length * 0.4));
  let best: { name: string; distance: number } | undefined;
  for (const name of known) {
    const distance = editDistance(written.toLowerCase(), name.toLowerCase());
    if (distance <= limit && distance < (best?.distance ?? Infinity)) best = { name, distance };
  }
  return best ? ` Did you mean “${best.name}”?` : "";
}

/** At most so many names, for a message. */
export function some(names: Iterable<string>, most = 8): string {
  const all = [...names];
  const more = all.length > most ? ` and ${all.length - most} more` : "";
  return all.length === 0 ? "none" : `${all.slice(0, most).join(", ")}${more}`;
}

/** Letters to insert, delete or replace (Levenshtein). */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 8) return Infinity;
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
