/**
 * A compressed member of an archive. Deflate has no places to begin at but its first byte, so a range in the middle
 * costs all that comes before it: the member is unpacked once, then read by range like any other. What is unpacked
 * lies in memory while there is room for it, else in a file without a name in the system's folder for such. The size
 * that the archive declares is the limit of what a member may become.
 */
import * as zlib from "node:zlib";
import { Inflate } from "fflate";
import { AttentionError } from "../../shared/errors";
import { ScratchFile } from "./scratch-file";

interface Packed {
  /** The packed bytes [start, end). */
  read(start: number, end: number): Uint8Array;
  /** Packed bytes. */
  readonly packed: number;
  /** Bytes when unpacked, as the archive declares. */
  readonly size: number;
  /** CRC-32 of the unpacked bytes: damaged ones may well unpack to as many. */
  readonly checksum: number;
  readonly where: string;
}

/** CRC-32 of bytes after others; undefined on a Node before 20.15, which has none. */
function crcAfter(bytes: Uint8Array, before: number | undefined): number | undefined {
  const { crc32 } = zlib as Partial<typeof zlib>;
  return before === undefined ? undefined : crc32?.(bytes, before);
}

/** A member above this goes to a file: the runtime needs the memory more. */
const MOST_OF_ONE = 64e6;
/** All members that are unpacked in memory. */
const MOST_OF_ALL = 256e6;
/** Packed bytes from which the head of a member is unpacked alone: an array's shape is known without its values. */
const HEAD_PACKED = 1024;
/** Bytes of the head that are kept. */
const HEAD = 4096;
/** Packed bytes that are unpacked at a time into a file. */
const PIECE = 1 << 20;

let held = 0;

export class UnpackedMember {
  readonly #from: Packed;
  readonly #method: number;
  #head: Uint8Array | undefined;
  #memory: Uint8Array | undefined;
  #scratch: ScratchFile | undefined;

  /** @param method of compression, as the archive numbers it; 8 is deflate */
  constructor(from: Packed, method: number) {
    this.#from = from;
    this.#method = method;
  }

  /** The unpacked bytes [start, end), a copy. */
  read(start: number, end: number): Uint8Array {
    if (this.#method !== 8)
      throw new AttentionError("fileUnreadable", `Its compression (method ${this.#method}) is not known.`, {
        where: this.#from.where,
      });
    if (!this.#memory && !this.#scratch) {
      const head = end <= HEAD ? this.#headOf() : undefined;
      if (head && end <= head.length) return head.slice(start, end);
      this.#unpack();
    }
    if (this.#memory) return this.#memory.slice(start, end);
    return (this.#scratch as ScratchFile).read(start, end);
  }

  release(): void {
    held -= this.#memory?.length ?? 0;
    this.#memory = undefined;
    this.#scratch?.close();
    this.#scratch = undefined;
  }

  #headOf(): Uint8Array {
    const { packed, size, read } = this.#from;
    if (packed <= HEAD_PACKED) return (this.#head ??= this.#inflated().slice(0, HEAD));
    try {
      this.#head ??= Uint8Array.from(
        zlib
          .inflateRawSync(read(0, HEAD_PACKED), {
            finishFlush: zlib.constants.Z_SYNC_FLUSH,
            maxOutputLength: Math.max(size, 1),
          })
          .subarray(0, HEAD),
      );
    } catch (error) {
      throw this.#damaged(error);
    }
    return this.#head;
  }

  #unpack(): void {
    const { size } = this.#from;
    if (size <= MOST_OF_ONE && held + size <= MOST_OF_ALL) {
      this.#memory = this.#inflated();
      held += this.#memory.length;
    } else this.#scratch = this.#inflatedToFile();
  }

  #inflated(): Uint8Array {
    const { read, packed, size } = this.#from;
    try {
      const bytes = zlib.inflateRawSync(read(0, packed), { maxOutputLength: Math.max(size, 1) });
      if (bytes.length !== size) throw new Error(`It unpacks to ${bytes.length} bytes instead of ${size}.`);
      this.#verify(crcAfter(bytes, 0));
      // A Buffer's slices share its bytes, a Uint8Array's are copies.
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    } catch (error) {
      throw this.#damaged(error);
    }
  }

  #inflatedToFile(): ScratchFile {
    const { read, packed, size, where } = this.#from;
    const scratch = new ScratchFile(where);
    let checksum: number | undefined = 0;
    try {
      const inflate = new Inflate((chunk) => {
        if (scratch.size + chunk.length > size) throw new Error(`It unpacks to more than ${size} bytes.`);
        scratch.append(chunk);
        checksum = crcAfter(chunk, checksum);
      });
      for (let at = 0; at < packed; at += PIECE)
        inflate.push(read(at, Math.min(packed, at + PIECE)), at + PIECE >= packed);
      if (scratch.size !== size) throw new Error(`It unpacks to ${scratch.size} bytes instead of ${size}.`);
      this.#verify(checksum);
      return scratch;
    } catch (error) {
      scratch.close();
      throw this.#damaged(error);
    }
  }

  #verify(checksum: number | undefined): void {
    const { checksum: declared, where } = this.#from;
    if (checksum !== undefined && checksum !== declared)
      throw new AttentionError("fileUnreadable", "Its bytes are damaged: their checksum is another.", {
        where,
        fix: "Copy or save the file again.",
      });
  }

  #damaged(error: unknown): AttentionError {
    if (error instanceof AttentionError) return error;
    const { size, where } = this.#from;
    return new AttentionError("fileUnreadable", `It does not unpack to the ${size} bytes that it declares.`, {
      where,
      cause: error,
    });
  }
}
