/** The pictures of a folder in their order, listed once: a frame of thousands costs itself. */
import { readdirSync } from "node:fs";
import path from "node:path";
import { settledStamp } from "./files/file-stamp";
import { matchesGlob } from "./glob";

/** Folders whose lists are kept. */
const MOST_FOLDERS = 16;

const kept = new Map<string, { readonly stamp: string; readonly names: readonly string[] }>();
const order = new Intl.Collator("en", { numeric: true });

/** Names of the pictures in a folder that fit a pattern, in the order of their numbers. */
export function pictureNames(folder: string, pattern: string): readonly string[] {
  const key = path.join(folder, pattern);
  // A file that comes or goes changes the folder's time.
  const stamp = settledStamp(folder);
  const known = kept.get(key);
  if (known && known.stamp === stamp) return known.names;
  // Hidden files beside pictures are no pictures (._frame.png), and links may lead anywhere.
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
    .map((entry) => entry.name)
    .filter((entry) => /\.(png|jpe?g|webp|gif|tiff?|avif)$/i.test(entry) && matchesGlob(pattern, entry))
    .sort((a, b) => order.compare(a, b));
  kept.delete(key);
  if (stamp !== null) kept.set(key, { stamp, names });
  for (const oldest of kept.keys()) {
    if (kept.size <= MOST_FOLDERS) break;
    kept.delete(oldest);
  }
  return names;
}
