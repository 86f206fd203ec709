// Fetches single packages through npm, and takes only the bytes that a lock names.
import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { npm } from "./processes.mjs";

/**
 * `npm pack` of each package into `folder`.
 * @param {Record<string, string>} integrity "name@version" to its hash ("sha512-…"), one per package.
 * @returns {Promise<Record<string, string>>} "name@version" to the tarball's path.
 */
export async function fetchPackages(integrity, folder) {
  await mkdir(folder, { recursive: true });
  const reported = await npm(["pack", "--json", "--silent", ...Object.keys(integrity)], {
    cwd: folder,
    quiet: true,
  });
  // npm's own warnings may stand before the list.
  const packed = JSON.parse(reported.slice(reported.indexOf("[\n")));
  const tarballs = {};
  for (const { id, filename } of packed) {
    const file = path.join(folder, path.basename(filename));
    const bytes = await readFile(file);
    const hash = createHash("sha512").update(bytes).digest("base64");
    if (`sha512-${hash}` !== integrity[id])
      throw new Error(`${id} from npm is not the file that was expected.`);
    tarballs[id] = file;
  }
  return tarballs;
}
