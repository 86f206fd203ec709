/**
 * The list of a zip archive's members, and their bytes. Stored members are read by range; compressed ones are unpacked
 * once (`unpacked-member.ts`).
 * Format: PKWARE's APPNOTE 6.3.10, sections 4.3 and 4.5.3 (zip64).
 */
import { AttentionError } from "../../shared/errors";
import { refuseLarger } from "../limits";
import type { ByteFile } from "./byte-file";
import { UnpackedMember } from "./unpacked-member";

export interface ZipMember {
  readonly name: string;
  /** Bytes when unpacked, as the archive declares. */
  readonly size: number;
  /** The unpacked bytes [start, end). */
  read(start: number, end: number): Uint8Array;
  /** Gives back what is kept unpacked. */
  release(): void;
}

const END_RECORD = 0x06054b50;
const END_RECORD_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
/** The end record's 22 bytes and the longest comment. */
const LONGEST_END = 22 + 65_535;
const MOST_MEMBERS = 100_000;

export function readZip(file: ByteFile): ZipMember[] {
  const damaged = (why: string) =>
    new AttentionError("fileUnreadable", `It is not a zip archive: ${why}.`, { where: file.name });
  const view = (start: number, end: number) => {
    const bytes = file.read(start, end);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
  const tailStart = Math.max(0, file.size - LONGEST_END);
  const tail = view(tailStart, file.size);
  let end = tail.byteLength - 22;
  while (end >= 0 && tail.getUint32(end, true) !== END_RECORD) end -= 1;
  if (end < 0) throw damaged("its end is missing, as where it is cut short or of another kind");
  let count = tail.getUint16(end + 10, true);
  let size = tail.getUint32(end + 12, true);
  let offset = tail.getUint32(end + 16, true);
  const locatorAt = tailStart + end - 20;
  if ((count === 0xffff || size === 0xffffffff || offset === 0xffffffff) && locatorAt >= 0) {
    const locator = view(locatorAt, locatorAt + 20);
    if (locator.getUint32(0, true) === LOCATOR_64) {
      const at = Number(locator.getBigUint64(8, true));
      const record = view(at, at + 56);
      if (record.getUint32(0, true) !== END_RECORD_64) throw damaged("its zip64 record is missing");
      count = Number(record.getBigUint64(32, true));
      size = Number(record.getBigUint64(40, true));
      offset = Number(record.getBigUint64(48, true));
    }
  }
  if (count > MOST_MEMBERS) throw damaged(`it lists ${count} members`);
  const list = view(offset, offset + size);
  const members: ZipMember[] = [];
  for (let at = 0, index = 0; index < count; index++) {
    if (at + 46 > list.byteLength || list.getUint32(at, true) !== ENTRY)
      throw damaged("its list of members is damaged");
    const method = list.getUint16(at + 10, true);
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) =>
      list.getUint16(at + field, true),
    ) as [number, number, number];
    const name = new TextDecoder().decode(new Uint8Array(list.buffer, list.byteOffset + at + 46, nameLength));
    const sizes = largeSizes(list, at, at + 46 + nameLength, extraLength);
    members.push(member(file, name, method, sizes, list.getUint32(at + 16, true)));
    at += 46 + nameLength + extraLength + commentLength;
  }
  refuseLarger(
    "arrays",
    members.reduce((all, { size: bytes }) => all + bytes, 0),
    "The archive, unpacked,",
    file.name,
  );
  return members;
}

/** The comment of an archive; empty where it has none. */
export function readZipComment(file: ByteFile): string {
  const start = Math.max(0, file.size - LONGEST_END);
  const tail = file.read(start, file.size);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  // The end record says how long the comment behind it is.
  for (let end = tail.length - 22; end >= 0; end--)
    if (view.getUint32(end, true) === END_RECORD && view.getUint16(end + 20, true) === tail.length - end - 22)
      return new TextDecoder().decode(tail.subarray(end + 22));
  return "";
}

interface Sizes {
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

/** Sizes and offset of an entry; those of all ones stand in the zip64 field of its extra data, in this order. */
function largeSizes(list: DataView, at: number, extra: number, length: number): Sizes {
  const small = { size: list.getUint32(at + 24, true), packed: list.getUint32(at + 20, true) };
  const sizes = { ...small, offset: list.getUint32(at + 42, true) };
  for (let field = extra; field + 4 <= extra + length;) {
    const [id, bytes] = [list.getUint16(field, true), list.getUint16(field + 2, true)];
    if (id === 1) {
      let from = field + 4;
      for (const name of ["size", "packed", "offset"] as const) {
        if (sizes[name] !== 0xffffffff || from + 8 > field + 4 + bytes) continue;
        sizes[name] = Number(list.getBigUint64(from, true));
        from += 8;
      }
    }
    field += 4 + bytes;
  }
  return sizes;
}

function member(
  file: ByteFile,
  name: string,
  method: number,
  { packed, size, offset }: Sizes,
  checksum: number,
): ZipMember {
  const where = `${file.name}: ${name}`;
  let start: number | undefined;
  /** Where the data begin: after the member's own header, whose lengths may differ from the list's. */
  const dataStart = (): number => {
    if (start !== undefined) return start;
    const header = file.read(offset, offset + 30);
    const view = new DataView(header.buffer, header.byteOffset, 30);
    if (view.getUint32(0, true) !== LOCAL)
      throw new AttentionError("fileUnreadable", "The archive is damaged.", { where });
    start = offset + 30 + view.getUint16(26, true) + view.getUint16(28, true);
    return start;
  };
  if (method === 0)
    return {
      name,
      size,
      read: (from, to) => file.read(dataStart() + from, dataStart() + to),
      release: () => undefined,
    };
  const unpacked = new UnpackedMember(
    { read: (from, to) => file.read(dataStart() + from, dataStart() + to), packed, size, checksum, where },
    method,
  );
  return {
    name,
    size,
    read: (from, to) => unpacked.read(from, to),
    release: () => unpacked.release(),
  };
}
