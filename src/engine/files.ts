/** Files are written to a temporary name beside their own and renamed: no partial file is ever left. */
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { AttentionError } from "../shared/errors";

export function writeWhole(file: string, content: Uint8Array | string): number {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, content);
    renameSync(temporary, file);
  } catch (error) {
    removeIfThere(temporary);
    throw new AttentionError("writeFailed", error instanceof Error ? error.message : String(error), {
      where: file,
      cause: error,
    });
  }
  return typeof content === "string" ? Buffer.byteLength(content) : content.byteLength;
}

function removeIfThere(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // Where the folder itself is none, nothing was written; what failed first is what is told.
  }
}
