/** Bytes of a file or of memory by range, so that a long recording is never read whole. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { AttentionError } from "../../shared/errors";
import { stampOf } from "./file-stamp";

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

/**
 * A file on the disk. `close` gives its handle back; a read after that opens it again, and throws where it is not the
 * same file any more.
 * @param file path; @param name what messages call it
 */
export function diskFile(file: string, name: string): ByteFile {
  let fd: number | undefined = openedFile(file);
  const stats = fstatSync(fd, { bigint: true });
  if (!stats.isFile()) {
    closeSync(fd);
    throw new AttentionError("fileUnreadable", "It is not a file.", { where: file });
  }
  const stamp = stampOf(stats);
  const descriptor = (): number => {
    if (fd !== undefined) return fd;
    const again = openedFile(file);
    if (stampOf(fstatSync(again, { bigint: true })) !== stamp) {
      closeSync(again);
      throw new AttentionError("fileUnreadable", "It changed while it was read.", { where: file });
    }
    return (fd = again);
  };
  const size = Number(stats.size);
  return {
    name,
    size,
    read: (start, end) => {
      if (start < 0 || end < start || end > size) throw cutShort(name);
      return readRange(descriptor(), start, end, name);
    },
    close: () => {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}

/** The bytes [start, end) of an open file. */
export function readRange(fd: number, start: number, end: number, name: string): Uint8Array {
  const bytes = new Uint8Array(end - start);
  for (let filled = 0; filled < bytes.length;) {
    const count = readSync(fd, bytes, filled, Math.min(bytes.length - filled, 2 ** 30), start + filled);
    if (count === 0) throw cutShort(name);
    filled += count;
  }
  return bytes;
}

function openedFile(file: string): number {
  try {
    return openSync(file, "r");
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new AttentionError(
      missing ? "fileNotFound" : "fileUnreadable",
      missing ? "The input does not exist." : error instanceof Error ? error.message : String(error),
      { where: file, cause: error },
    );
  }
}
