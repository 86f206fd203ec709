/**
 * A cursor over the protobuf wire format that reads fields as they are needed and steps over the rest, so that
 * weights are never read. Wire types are those of `@bufbuild/protobuf/wire`.
 * https://protobuf.dev/programming-guides/encoding/
 */
import { getTextEncoding, WireType } from "@bufbuild/protobuf/wire";
import { AttentionError } from "../shared/errors";
import type { ByteSource } from "./source";

/** Nested messages deeper than this are refused: real graphs stay under 20. */
const MAX_DEPTH = 100;
/**
 * What a scan keeps of one file. Messages are nodes, attributes, tensors, values and all that lies in them: the largest
 * language models exported so far have about 2 million, and two bytes are enough for one.
 */
const MAX_MESSAGES = 5_000_000;
/** One name, one line of metadata; and all of them together, which live in the heap. */
const MAX_TEXT_BYTES = 16 << 20;
const MAX_ALL_TEXT_BYTES = 512 << 20;
/**
 * Reads grow while they follow each other, so that long runs take few calls; but beside a small graph what is read
 * beyond it counts, so none is longer than a share of all that was read before. The first after a jump past weights
 * is as long as what was needed after the jump before: headers of tensors are alike.
 */
const MIN_CHUNK = 32;
const MAX_FIRST_CHUNK = 128;
const SHARE = 1 / 16;
const MAX_CHUNK = 1 << 13;
/** A name may be a little longer than the one before. */
const SLACK = 8;

export interface Field {
  readonly number: number;
  readonly type: WireType;
}

/** Bytes held of a file, and how many were read in all. One per file, shared by its cursors. */
export class Window {
  readonly source: ByteSource;
  /** Bytes that were asked of the source. */
  bytesRead = 0;
  #chunk: Uint8Array = new Uint8Array(0);
  #start = 0;
  #grow = MAX_FIRST_CHUNK;
  /** Where the last jump led, and the end of what was needed since. */
  #runStart = 0;
  #runEnd = 0;
  #messages = 0;
  #textBytes = 0;

  constructor(source: ByteSource) {
    this.source = source;
  }

  /** Bytes [offset, offset + length); throws `truncated` when the file ends before. */
  bytes(offset: number, length: number): Uint8Array {
    const at = offset - this.#start;
    if (at >= 0 && at + length <= this.#chunk.length) {
      this.#runEnd = offset + length;
      return this.#chunk.subarray(at, at + length);
    }
    if (offset + length > this.source.size) {
      throw new AttentionError(
        "truncated",
        `A field ends at byte ${offset + length} of ${this.source.size}.`,
      );
    }
    const sequential = at >= 0 && at <= this.#chunk.length;
    const chunk = sequential ? this.#nextChunk() : this.#firstChunk();
    if (!sequential) this.#runStart = offset;
    this.#runEnd = offset + length;
    const held = sequential ? this.#chunk.subarray(at) : new Uint8Array(0);
    const want = Math.min(Math.max(length, chunk), this.source.size - offset);
    const more = this.source.read(offset + held.length, want - held.length);
    this.bytesRead += more.length;
    if (held.length + more.length < length) throw new AttentionError("truncated", "The file became shorter.");
    const joined = new Uint8Array(held.length + more.length);
    joined.set(held);
    joined.set(more, held.length);
    this.#chunk = joined;
    this.#start = offset;
    return joined.subarray(0, length);
  }

  /** Counts what is kept, and refuses a file of which too much would be. */
  countMessage(): void {
    this.#messages += 1;
    if (this.#messages > MAX_MESSAGES)
      throw new AttentionError("limits", `The file has more than ${MAX_MESSAGES} fields that hold others.`);
  }

  countText(bytes: number): void {
    this.#textBytes += bytes;
    if (bytes > MAX_TEXT_BYTES)
      throw new AttentionError("limits", `A name of ${bytes} bytes is over ${MAX_TEXT_BYTES}.`);
    if (this.#textBytes > MAX_ALL_TEXT_BYTES)
      throw new AttentionError("limits", `Names and metadata are over ${MAX_ALL_TEXT_BYTES} bytes.`);
  }

  byte(offset: number): number {
    const at = offset - this.#start;
    const held = at >= 0 ? this.#chunk[at] : undefined;
    if (held === undefined) return this.bytes(offset, 1)[0] as number;
    this.#runEnd = offset + 1;
    return held;
  }

  #nextChunk(): number {
    const most = Math.max(MAX_FIRST_CHUNK, Math.min(MAX_CHUNK, Math.floor(this.bytesRead * SHARE)));
    this.#grow = Math.min(this.#grow * 2, most);
    return this.#grow;
  }

  #firstChunk(): number {
    // A header that is longer than the one before it lacks a few bytes.
    this.#grow = MIN_CHUNK / 2;
    return Math.min(MAX_FIRST_CHUNK, Math.max(MIN_CHUNK, this.#runEnd - this.#runStart + SLACK));
  }
}

const utf8 = getTextEncoding();

export class Cursor {
  offset: number;
  readonly end: number;
  readonly window: Window;
  readonly #depth: number;

  constructor(window: Window, start: number, end: number, depth = 0) {
    if (depth > MAX_DEPTH)
      throw new AttentionError("limits", `Messages are nested more than ${MAX_DEPTH} deep.`);
    this.window = window;
    this.offset = start;
    this.end = end;
    this.#depth = depth;
  }

  /** The next field, or undefined at the end of the message. */
  field(): Field | undefined {
    if (this.offset >= this.end) return undefined;
    const tag = this.varint();
    const number = Math.floor(tag / 8);
    if (number < 1 || number > 0x1fffffff)
      throw new AttentionError("truncated", `Byte ${this.offset} is no field.`);
    return { number, type: (tag % 8) as WireType };
  }

  /** An unsigned varint as a number; exact to 2^53, beyond that refused unless it is a negative int64. */
  varint(): number {
    const start = this.offset;
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#next();
      low += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return low;
    }
    this.offset = start;
    const value = this.int64();
    if (value > BigInt(Number.MAX_SAFE_INTEGER))
      throw new AttentionError("truncated", `Number at byte ${this.offset}.`);
    return Number(value);
  }

  /** A varint as a signed 64-bit integer. */
  int64(): bigint {
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#next();
      low += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return BigInt(low);
    }
    let value = BigInt(low);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.#next();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw new AttentionError("truncated", `A number at byte ${this.offset} does not end.`);
  }

  /** A message or string of known length: its cursor; this cursor steps behind it. */
  message(): Cursor {
    const length = this.#length();
    this.window.countMessage();
    const inner = new Cursor(this.window, this.offset, this.offset + length, this.#depth + 1);
    this.offset += length;
    return inner;
  }

  /** A text; one that is longer than `most` bytes is stepped over and reads as empty. */
  string(most = Infinity): string {
    const start = this.offset;
    const { length } = this.range();
    if (length > most) return "";
    this.offset = start;
    return utf8.decodeUtf8(this.take());
  }

  /** A copy-free view of a length-delimited field, valid until the next read. */
  take(): Uint8Array {
    const length = this.#length();
    this.window.countText(length);
    const bytes = this.window.bytes(this.offset, length);
    this.offset += length;
    return bytes;
  }

  /** Where a length-delimited field lies; its bytes are not read. */
  range(): { offset: number; length: number } {
    const length = this.#length();
    const offset = this.offset;
    this.offset += length;
    return { offset, length };
  }

  float32(): number {
    const bytes = this.window.bytes(this.offset, 4);
    this.#advance(4);
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getFloat32(0, true);
  }

  /** Integers that may be packed or not, appended to `into` until it holds `most`; the rest is stepped over. */
  integers(field: Field, into: bigint[], most: number): void {
    this.#numbers(field, WireType.Varint, into, most, (cursor) => cursor.int64());
  }

  /** As `integers`. */
  floats(field: Field, into: number[], most: number): void {
    this.#numbers(field, WireType.Bit32, into, most, (cursor) => cursor.float32());
  }

  #numbers<T>(field: Field, single: WireType, into: T[], most: number, read: (cursor: Cursor) => T): void {
    if (field.type === single) {
      if (into.length < most) into.push(read(this));
      else this.skip(field);
      return;
    }
    if (field.type !== WireType.LengthDelimited)
      throw new AttentionError("truncated", `Field ${field.number} has the wrong wire type.`);
    const inner = this.message();
    while (inner.offset < inner.end && into.length < most) into.push(read(inner));
  }

  skip(field: Field): void {
    switch (field.type) {
      case WireType.Varint:
        this.int64();
        return;
      case WireType.Bit64:
        this.#advance(8);
        return;
      case WireType.LengthDelimited:
        this.range();
        return;
      case WireType.Bit32:
        this.#advance(4);
        return;
      default:
        throw new AttentionError("truncated", `Byte ${this.offset} has an unknown wire type.`);
    }
  }

  #length(): number {
    const length = this.varint();
    if (length < 0 || this.offset + length > this.end) {
      throw new AttentionError(
        "truncated",
        `A field of ${length} bytes at byte ${this.offset} is longer than what holds it.`,
      );
    }
    return length;
  }

  #advance(bytes: number): void {
    if (this.offset + bytes > this.end)
      throw new AttentionError("truncated", `A number at byte ${this.offset} is cut.`);
    this.offset += bytes;
  }

  #next(): number {
    if (this.offset >= this.end)
      throw new AttentionError("truncated", `The file ends inside a number at byte ${this.offset}.`);
    return this.window.byte(this.offset++);
  }
}
