/**
 * Files of arrays that were opened before: what was learned of one, its list of arrays and what had to be unpacked, is
 * kept, so that a step of an episode costs its own bytes and not another look at the whole file. No handle is kept.
 */
import { openArrayFile } from "./array-file";
import { settledStamp } from "./file-stamp";
import type { ArrayFile } from "./lazy-arrays";

/** Of the files that were used last. */
const MOST_FILES = 16;
/** Files that are read whole (JSON, CSV) are kept while all together hold no more bytes than this. */
const MOST_BYTES = 256e6;

const kept = new Map<string, { readonly stamp: string; readonly file: ArrayFile }>();

/** Opens a file, or gives the one that was opened before where it did not change; `close` it after use. */
export function openKeptFile(path: string): ArrayFile {
  const stamp = settledStamp(path);
  const known = kept.get(path);
  if (known && known.stamp === stamp) {
    kept.delete(path);
    kept.set(path, known);
    return known.file;
  }
  if (known) letGo(path, known.file);
  const file = openArrayFile(path);
  if (stamp === null || file.heldBytes > MOST_BYTES) return { ...file, close: () => file.release() };
  kept.set(path, { stamp, file });
  for (const [oldest, { file: old }] of kept) {
    if (oldest === path || (kept.size <= MOST_FILES && heldByAll() <= MOST_BYTES)) break;
    letGo(oldest, old);
  }
  return file;
}

function heldByAll(): number {
  return [...kept.values()].reduce((all, { file }) => all + file.heldBytes, 0);
}

function letGo(path: string, file: ArrayFile): void {
  kept.delete(path);
  file.release();
}
