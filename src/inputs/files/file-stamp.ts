/** Tells whether a file is still the one that was read before, without reading it. */
import { type BigIntStats, statSync } from "node:fs";

/** File systems keep times in steps of up to two seconds: what was changed within them may change unseen. */
const UNSETTLED_MS = 2000;

/** The same for the same content, as far as size, times and place on the disk tell. */
export function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(" ");
}

/** Null where there is no such file, and while a change of it could not be told from what is there. */
export function settledStamp(file: string): string | null {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stats && Date.now() - Number(stats.mtimeMs) > UNSETTLED_MS ? stampOf(stats) : null;
}
