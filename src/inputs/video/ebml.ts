/** Elements of WebM and Matroska files (EBML, RFC 8794): an identifier, a size, and content. */
import { AttentionError } from "../../shared/errors";
import type { ByteFile } from "../files/byte-file";

export interface Element {
  readonly id: number;
  /** Where its content begins, and ends if that is known: a recorder may leave it open. */
  readonly start: number;
  readonly end: number | null;
}

/** What is read at once for a head: an identifier and a size take twelve bytes at most. */
const HEAD_BYTES = 12;

export const brokenElement = (file: ByteFile, what: string): AttentionError =>
  new AttentionError("frameUnreadable", `${what}: the video is cut short or damaged.`, {
    where: file.name,
    fix: "Record or copy it again.",
  });

/** The element at a place; null where the part ends. @param end of the part */
export function elementAt(file: ByteFile, at: number, end: number): Element | null {
  if (at + 2 > end) return null;
  const head = file.read(at, Math.min(at + HEAD_BYTES, end));
  const id = variable(head, 0, 4, true);
  const size = id && variable(head, id.length, 8, false);
  if (!id || !size) throw brokenElement(file, `There is no element at byte ${at}`);
  const start = at + id.length + size.length;
  return { id: id.value, start, end: size.value === null ? null : start + size.value };
}

/** A number whose first byte says by its leading zeros how long it is. @param marked whether it keeps that mark */
function variable<Marked extends boolean>(
  bytes: Uint8Array,
  at: number,
  longest: number,
  marked: Marked,
): { value: Marked extends true ? number : number | null; length: number } | null {
  const first = bytes[at] ?? 0;
  const length = Math.clz32(first) - 24 + 1;
  if (length > longest || at + length > bytes.length) return null;
  let value = marked ? first : first & (0xff >> length);
  let open = (first & (0xff >> length)) === 0xff >> length;
  for (let next = 1; next < length; next++) {
    const byte = bytes[at + next] ?? 0;
    value = value * 256 + byte;
    open &&= byte === 0xff;
  }
  // All ones: the size is not known.
  return { value: (open && !marked ? null : value) as never, length };
}

/** A number of the head of a block, as `variable` reads it, without its mark. */
export function blockNumber(bytes: Uint8Array): { value: number; length: number } | null {
  const read = variable(bytes, 0, 8, false);
  return read && read.value !== null ? { value: read.value, length: read.length } : null;
}

/** The elements in a part of known size. */
export function* elementsIn(
  file: ByteFile,
  start: number,
  end: number,
): Generator<Element & { end: number }> {
  for (let at = start; at < end;) {
    const element = elementAt(file, at, end);
    if (!element) return;
    if (element.end === null || element.end > end)
      throw brokenElement(file, `The element at byte ${at} is longer than what it lies in`);
    yield { ...element, end: element.end };
    at = element.end;
  }
}

export function unsignedOf(file: ByteFile, { start, end }: { start: number; end: number }): number {
  if (end - start > 8) throw brokenElement(file, `The number at byte ${start} has ${end - start} bytes`);
  return file.read(start, end).reduce((all, byte) => all * 256 + byte, 0);
}

export function textOf(file: ByteFile, { start, end }: { start: number; end: number }): string {
  return new TextDecoder().decode(file.read(start, Math.min(end, start + 256))).replace(/\0+$/, "");
}
