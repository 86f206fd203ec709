/** Tables and JSON on standard output or in a file. */
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { AttentionError } from "../shared/errors";
import { resolvePath } from "./session";

/** Columns padded to their widest cell; the first `left` columns flush left, the others right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[], left = 1): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column < left ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return [line(header), ...rows.map(line)].join("\n");
}

/** Text to a file, or to standard output for `-`. */
export function writeText(file: string, text: string): void {
  if (file === "-") {
    process.stdout.write(text);
    return;
  }
  const target = resolvePath(file);
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, target);
  } catch (error) {
    try {
      rmSync(temporary, { force: true });
    } catch {
      // Where the folder itself is none, nothing was written; what failed first is what is told.
    }
    throw new AttentionError("writeFailed", error instanceof Error ? error.message : String(error), {
      where: file,
      cause: error,
    });
  }
}
