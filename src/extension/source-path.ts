/** Where a source file that an export names can be in the workspace. Paths alone: nothing is read here. */
import path from "node:path";

/** Parts of a path, whichever system wrote it, without a drive and without `.`. */
function partsOf(file: string): string[] {
  return file
    .replace(/^[a-z]:/i, "")
    .split(/[\\/]+/)
    .filter((part) => part !== "" && part !== ".");
}

export function isInside(file: string, folder: string): boolean {
  const way = path.relative(folder, file);
  return way !== "" && way !== ".." && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way);
}

/** The last part of a path. */
export function baseName(file: string): string {
  return partsOf(file).at(-1) ?? "";
}

/**
 * Paths to try, best first: the path itself, then below each workspace folder, then below the model's folder and the
 * folders above it. Only paths inside the workspace are returned: the name comes out of a model file.
 */
export function sourceCandidates(source: string, model: string, folders: readonly string[]): string[] {
  const parts = partsOf(source);
  if (parts.length === 0) return [];
  const bases = [...folders];
  for (let folder = path.dirname(model); ; folder = path.dirname(folder)) {
    bases.push(folder);
    if (folder === path.dirname(folder)) break;
  }
  const own = path.isAbsolute(source) ? [path.normalize(source)] : [];
  const candidates = [...own, ...bases.map((base) => path.join(base, ...parts))];
  return [...new Set(candidates)].filter((file) => folders.some((folder) => isInside(file, folder)));
}

/** How many parts two paths have in common at their ends. */
function commonEnd(one: readonly string[], other: readonly string[]): number {
  let count = 0;
  while (count < Math.min(one.length, other.length) && one.at(-1 - count) === other.at(-1 - count))
    count += 1;
  return count;
}

function stepsBetween(from: string, to: string): number {
  return path
    .relative(from, to)
    .split(path.sep)
    .filter((part) => part !== "").length;
}

/** Of files with the same name the one whose path ends most like the source's; of equals the nearest to the model. */
export function bestMatch(source: string, found: readonly string[], model: string): string | undefined {
  const wanted = partsOf(source);
  const ranked = found
    .map((file) => ({
      file,
      common: commonEnd(wanted, partsOf(file)),
      steps: stepsBetween(path.dirname(model), path.dirname(file)),
    }))
    .filter(({ common }) => common > 0)
    .sort((a, b) => b.common - a.common || a.steps - b.steps || a.file.localeCompare(b.file));
  return ranked[0]?.file;
}
