/** Bytes of a file or of memory by range, so that a long recording is never read whole. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { AttentionError } from "../../shared/errors";

export interface ByteFile {
  /** The file's name, for messages. */
  readonly name: string;
  readonly size: number;
  /** The bytes [start, end), a copy of its own; throws where the file ends before. */
  read(start: number, end: number): Uint8Array;
  close(): void;
}

const cutShort = (name: string) =>
  new AttentionError("fileUnreadable", "It ends before what its header declares.", { where: name });

export function memoryFile(bytes: Uint8Array, name: string): ByteFile {
  // A Buffer's slices would share its bytes, and begin where no number may.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    name,
    size: plain.length,
    read: (start, end) => {
      if (start < 0 || end < start || end > plain.length) throw cutShort(name);
      return plain.slice(start, end);
    },
    close: () => undefined,
  };
}

/** @param file path; @param name what messages call it */
export function diskFile(file: string, name: string): ByteFile {
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new AttentionError(
      missing ? "fileNotFound" : "fileUnreadable",
      missing ? "The input does not exist." : error instanceof Error ? error.message : String(error),
      { where: file, cause: error },
    );
  }
  const stats = fstatSync(fd);
  if (!stats.isFile()) {
    closeSync(fd);
    throw new AttentionError("fileUnreadable", "It is not a file.", { where: file });
  }
  return {
    name,
    size: stats.size,
    read: (start, end) => {
      if (start < 0 || end < start || end > stats.size) throw cutShort(name);
      const bytes = new Uint8Array(end - start);
      for (let filled = 0; filled < bytes.length;) {
        const count = readSync(fd, bytes, filled, Math.min(bytes.length - filled, 2 ** 30), start + filled);
        if (count === 0) throw cutShort(name);
        filled += count;
      }
      return bytes;
    },
    close: () => closeSync(fd),
  };
}
