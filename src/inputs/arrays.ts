/** Named arrays in NumPy's archive format, read and written. */
import { zipSync } from "fflate";
import { npzFile } from "./files/array-file";
import { memoryFile } from "./files/byte-file";

export type ArrayData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | string[];

export interface NamedArray {
  /** ONNX element type in lower case; `float16` and `bfloat16` hold their bits in a Uint16Array. */
  readonly dtype: string;
  readonly dims: readonly number[];
  /** Row-major. */
  readonly data: ArrayData;
}

/**
 * Arrays of an npz file by name.
 * @param where the file's name, for messages
 */
export function readNpz(file: Uint8Array, where: string): Map<string, NamedArray> {
  const archive = npzFile(memoryFile(file, where));
  return new Map([...archive.headers.keys()].map((name) => [name, archive.read(name)]));
}

/** NumPy's name of an array's type. */
function descr(data: Exclude<ArrayData, string[]>, dtype: string | undefined): string {
  if (dtype === "bool") return "|b1";
  if (dtype === "float16") return "<f2";
  const kind =
    data instanceof Float32Array || data instanceof Float64Array
      ? "f"
      : /^(Big)?U/.test(data.constructor.name)
        ? "u"
        : "i";
  return `${data.BYTES_PER_ELEMENT === 1 ? "|" : "<"}${kind}${data.BYTES_PER_ELEMENT}`;
}

/** Texts as NumPy keeps them: UTF-32, all as wide as the longest. */
function texts(data: readonly string[], dims: readonly number[]): Uint8Array {
  const points = data.map((text) => Array.from(text, (letter) => letter.codePointAt(0) ?? 0));
  const width = points.reduce((most, { length }) => Math.max(most, length), 1);
  const codes = new Uint32Array(points.length * width);
  points.forEach((text, at) => codes.set(text, at * width));
  return npy(`<U${width}`, dims, new Uint8Array(codes.buffer));
}

/** A zip archive's comment has 16 bits for its length. */
const LONGEST_COMMENT = 65_535;

export interface NpzEntry {
  readonly data: ArrayData;
  readonly dims: readonly number[];
  readonly dtype?: string;
}

/**
 * An npz archive, stored without compression as `np.savez` does. The comment is the archive's own: it is no entry, so
 * that the arrays are all that `np.load` lists.
 */
export function writeNpz(arrays: ReadonlyMap<string, NpzEntry>, comment = ""): Uint8Array {
  const entries: Record<string, [Uint8Array, { level: 0; mtime: Date }]> = {};
  // One fixed date, so that the same capture gives the same bytes.
  const mtime = new Date(1980, 0, 1);
  for (const [name, { data, dims, dtype }] of arrays) {
    const entry = Array.isArray(data)
      ? texts(data, dims)
      : npy(descr(data, dtype), dims, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    entries[`${name}.npy`] = [entry, { level: 0, mtime }];
  }
  return withComment(zipSync(entries), comment);
}

/** The end record of an archive without a comment is its last 22 bytes, of which the last two are the length. */
function withComment(archive: Uint8Array, comment: string): Uint8Array {
  const text = new TextEncoder().encode(comment);
  if (text.length === 0 || text.length > LONGEST_COMMENT) return archive;
  const bytes = new Uint8Array(archive.length + text.length);
  bytes.set(archive);
  bytes.set([text.length & 255, text.length >> 8], archive.length - 2);
  bytes.set(text, archive.length);
  return bytes;
}

/** NumPy's format 1.0, row-major; numbers are little endian, as every machine that runs this is. */
function npy(type: string, dims: readonly number[], data: Uint8Array): Uint8Array {
  const shape = dims.length === 1 ? `(${dims[0]},)` : `(${dims.join(", ")})`;
  const dictionary = `{'descr': '${type}', 'fortran_order': False, 'shape': ${shape}, }`;
  // Magic, version and length take 10 bytes; the header ends at a multiple of 64 with a line feed.
  const header = dictionary.padEnd(Math.ceil((dictionary.length + 11) / 64) * 64 - 11) + "\n";
  const bytes = new Uint8Array(10 + header.length + data.length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8]);
  for (let at = 0; at < header.length; at++) bytes[10 + at] = header.charCodeAt(at);
  bytes.set(data, 10 + header.length);
  return bytes;
}
