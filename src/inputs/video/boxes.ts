/** Boxes of MP4 and MOV files (ISO/IEC 14496-12, 4.2): a size, a type, and content, which may be boxes again. */
import { AttentionError } from "../../shared/errors";
import type { ByteFile } from "../files/byte-file";

export interface Box {
  readonly type: string;
  /** Where its content begins and ends in the file. */
  readonly start: number;
  readonly end: number;
}

/** Tables of days of video are smaller. */
const MOST_TABLE_BYTES = 256e6;
/** Boxes in a row; more would be no file that anybody wrote. */
const MOST_BOXES = 1_000_000;

export const brokenBox = (file: ByteFile, what: string): AttentionError =>
  new AttentionError("frameUnreadable", `${what}: the video is cut short or damaged.`, {
    where: file.name,
    fix: "Record or copy it again.",
  });

/**
 * The boxes that lie in a part of a file, one after the other.
 * @param whole false where the last one may end behind the part: what a broken download leaves
 */
export function boxesIn(file: ByteFile, start: number, end: number, whole = true): Box[] {
  const found: Box[] = [];
  for (let at = start; at + 8 <= end;) {
    const head = file.read(at, Math.min(at + 16, end));
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    const type = String.fromCharCode(...head.subarray(4, 8));
    let size = view.getUint32(0);
    let content = at + 8;
    if (size === 1) {
      if (head.length < 16) throw brokenBox(file, `The box ${named(type)} ends before its size`);
      size = Number(view.getBigUint64(8));
      content = at + 16;
    } else if (size === 0) size = end - at;
    if (size < content - at) throw brokenBox(file, `The box ${named(type)} says ${size} bytes`);
    if (at + size > end && whole)
      throw brokenBox(file, `The box ${named(type)} says ${size} bytes, and ${end - at} are left`);
    found.push({ type, start: content, end: Math.min(at + size, end) });
    at += size;
    if (found.length > MOST_BOXES) throw brokenBox(file, `There are more than ${MOST_BOXES} boxes in a row`);
  }
  return found;
}

/** Types are four letters; what is none is not put into a message. */
const named = (type: string) => (/^[\w ©.-]{4}$/.test(type) ? type : "without a name");

/** Reads the numbers of a box's content one after the other. */
export class BoxReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #broken: () => AttentionError;
  at = 0;

  constructor(file: ByteFile, box: Box) {
    if (box.end - box.start > MOST_TABLE_BYTES)
      throw brokenBox(file, `The box ${named(box.type)} has ${box.end - box.start} bytes`);
    this.#bytes = file.read(box.start, box.end);
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength);
    this.#broken = () => brokenBox(file, `The box ${named(box.type)} ends before what it declares`);
  }

  get left(): number {
    return this.#bytes.length - this.at;
  }

  #take(bytes: number): number {
    const { at } = this;
    if (bytes > this.left) throw this.#broken();
    this.at += bytes;
    return at;
  }

  skip(bytes: number): void {
    this.#take(bytes);
  }
  uint8(): number {
    return this.#view.getUint8(this.#take(1));
  }
  uint16(): number {
    return this.#view.getUint16(this.#take(2));
  }
  uint32(): number {
    return this.#view.getUint32(this.#take(4));
  }
  int32(): number {
    return this.#view.getInt32(this.#take(4));
  }
  /** As a number: what is above 2^53 is no place or time of a file. */
  uint64(): number {
    return Number(this.#view.getBigUint64(this.#take(8)));
  }
  int64(): number {
    return Number(this.#view.getBigInt64(this.#take(8)));
  }
  text(bytes: number): string {
    const at = this.#take(bytes);
    return String.fromCharCode(...this.#bytes.subarray(at, at + bytes));
  }
  rest(): Uint8Array {
    return this.#bytes.slice(this.#take(this.left));
  }
  /** A count of entries, each of so many bytes, which have to be there. */
  count(bytesEach: number): number {
    const count = this.uint32();
    if (count * bytesEach > this.left) throw this.#broken();
    return count;
  }
  /** Version of a box that has one; its flags. */
  version(): { readonly version: number; readonly flags: number } {
    const word = this.uint32();
    return { version: word >>> 24, flags: word & 0xffffff };
  }
}
