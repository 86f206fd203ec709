/** Paths that a manifest names: plain, relative, inside the manifest's folder, and no links. */
import { existsSync, lstatSync, readdirSync, realpathSync } from "node:fs";
import path from "node:path";
import { AttentionError } from "../../shared/errors";
import { matchesGlob } from "../glob";

function refuse(named: string, why: string): AttentionError {
  return new AttentionError("manifestInvalid", `${named} ${why}`, {
    where: named,
    fix: "Name a plain file below the manifest's folder: links and other folders are not read.",
  });
}

/** Whether a path is plain and relative, as it is written: nothing is looked at on disk. */
export function refusePath(named: string): void {
  if (named.includes("\0") || named.trim() === "") throw refuse(JSON.stringify(named), "is no path.");
  // A drive, a share, an address in memory (a marker of ONNX Runtime), a home folder.
  if (path.isAbsolute(named) || /^[a-z]:|^[\\/]|^\*[\\/]|^~/i.test(named) || /^[a-z]+:\/\//i.test(named))
    throw refuse(named, "is not relative to the manifest.");
  if (named.split(/[\\/]/).includes("..")) throw refuse(named, "leads out of the manifest's folder.");
}

/**
 * The file of a path, absolute. No byte of it is read.
 * @param folder the manifest's
 * @throws manifestInvalid for a path that leaves the folder, a symbolic link on the way, and a hard link
 */
export function insideFolder(folder: string, named: string): string {
  refusePath(named);
  const file = path.resolve(folder, named);
  let walked = folder;
  for (const part of path.relative(folder, file).split(path.sep)) {
    walked = path.join(walked, part);
    const stats = lstatSync(walked, { throwIfNoEntry: false });
    if (!stats) return file;
    if (stats.isSymbolicLink()) throw refuse(named, "is a symbolic link, or lies below one.");
    if (stats.isFile() && stats.nlink > 1) throw refuse(named, "is a hard link to another file.");
  }
  // A junction or a mount point that the names do not show.
  const real = path.relative(realpathSync(folder), realpathSync(file));
  if (real.startsWith("..") || path.isAbsolute(real))
    throw refuse(named, "leads out of the manifest's folder.");
  return file;
}

/** Placeholders stand for one name in a path; `*` and `?` too. */
const isPattern = (part: string) => /[*?]|\{\w+\}/.test(part);

/** Most files that a pattern is followed to. */
const MOST_MATCHES = 10_000;

/** Files and folders that a path with placeholders ({sample}, {group}, {step}) or `*` matches, absolute, sorted. */
export function matchingFiles(folder: string, named: string): string[] {
  refusePath(named);
  let found = [folder];
  for (const part of path.normalize(named).split(/[\\/]/).filter(Boolean)) {
    found = isPattern(part)
      ? found.flatMap((at) => entriesOf(at, part.replace(/\{\w+\}/g, "*")))
      : found.map((at) => path.join(at, part)).filter((at) => existsSync(at));
    if (found.length > MOST_MATCHES) found = found.slice(0, MOST_MATCHES);
  }
  return found.map((file) => insideFolder(folder, path.relative(folder, file))).sort();
}

function entriesOf(folder: string, pattern: string): string[] {
  try {
    // Hidden files are not what a pattern means, and links are not followed.
    return readdirSync(folder, { withFileTypes: true })
      .filter(({ name }) => matchesGlob(pattern, name) && (!name.startsWith(".") || pattern.startsWith(".")))
      .filter((entry) => !entry.isSymbolicLink())
      .map(({ name }) => path.join(folder, name));
  } catch {
    return [];
  }
}
