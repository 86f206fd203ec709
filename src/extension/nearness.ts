/** Orders files by how near they are to a folder, so that the model of the source being edited comes first. */
import path from "node:path";

/** Steps up and down from one folder to another. */
function steps(from: string, to: string): number {
  const way = path.relative(from, to);
  return way === "" ? 0 : way.split(path.sep).length;
}

/** Nearest to `folder` first, then by path; by path alone without a folder. */
export function byNearness<T extends { readonly path: string }>(files: readonly T[], folder?: string): T[] {
  const distance = (file: T) => (folder === undefined ? 0 : steps(folder, path.dirname(file.path)));
  return [...files].sort((a, b) => distance(a) - distance(b) || a.path.localeCompare(b.path));
}
