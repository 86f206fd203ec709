/** A file without a name: written once, read by range, gone with its handle, whatever ends the process. */
import { randomUUID } from "node:crypto";
import { closeSync, openSync, unlinkSync, writeSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { AttentionError } from "../../shared/errors";
import { bytes as formatBytes } from "../../shared/format";
import { readRange } from "./byte-file";

export class ScratchFile {
  readonly #where: string;
  readonly #fd: number;
  #size = 0;
  #open = true;

  /** @param where what messages call it */
  constructor(where: string) {
    this.#where = where;
    const file = path.join(os.tmpdir(), `attention-lens-${randomUUID()}`);
    // Nobody else may read it, and what lies at that name already is not opened.
    this.#fd = openSync(file, "wx+", 0o600);
    // Without a name nothing is left of it when the process is killed.
    unlinkSync(file);
  }

  get size(): number {
    return this.#size;
  }

  append(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length;)
        at += writeSync(this.#fd, bytes, at, bytes.length - at, this.#size + at);
    } catch (error) {
      throw new AttentionError(
        "fileUnreadable",
        `It is compressed, and ${formatBytes(this.#size)} of it were unpacked to ${os.tmpdir()} when that failed: ${error instanceof Error ? error.message : String(error)}.`,
        { where: this.#where, fix: "Make room there, or save the arrays without compression.", cause: error },
      );
    }
    this.#size += bytes.length;
  }

  read(start: number, end: number): Uint8Array {
    return readRange(this.#fd, start, end, this.#where);
  }

  close(): void {
    if (this.#open) closeSync(this.#fd);
    this.#open = false;
  }
}
