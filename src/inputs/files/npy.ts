/** One array in NumPy's format (numpy.lib.format, versions 1 to 3): its header first, its values by range. */
import { AttentionError } from "../../shared/errors";
import type { ArrayHeader } from "./lazy-arrays";
import { valuesOf } from "./array-values";

export interface NpyHeader extends ArrayHeader {
  /** NumPy's type: `<f4`, `|b1`, `<U12`. */
  readonly descr: string;
  readonly columnMajor: boolean;
  /** Byte at which the values begin. */
  readonly start: number;
  readonly itemBytes: number;
}

const dtypes: Readonly<Record<string, string>> = {
  f2: "float16",
  f4: "float32",
  f8: "float64",
  i1: "int8",
  i2: "int16",
  i4: "int32",
  i8: "int64",
  u1: "uint8",
  u2: "uint16",
  u4: "uint32",
  u8: "uint64",
  b1: "bool",
};

/** @param read bytes [start, end) of the array's file; @param size its bytes in all */
export function readNpyHeader(
  read: (start: number, end: number) => Uint8Array,
  size: number,
  where: string,
): NpyHeader {
  const damaged = (why: string) =>
    new AttentionError("fileUnreadable", `The array cannot be read: ${why}.`, { where });
  if (size < 12) throw damaged("it is cut short");
  const begin = read(0, 12);
  if (String.fromCharCode(...begin.subarray(1, 6)) !== "NUMPY" || begin[0] !== 0x93)
    throw damaged("it does not begin as NumPy's arrays do");
  const view = new DataView(begin.buffer, begin.byteOffset, 12);
  const version = begin[6] ?? 0;
  if (version < 1 || version > 3) throw damaged(`version ${version} of the format is not known`);
  const long = version > 1;
  const length = long ? view.getUint32(8, true) : view.getUint16(8, true);
  const from = long ? 12 : 10;
  if (from + length > size || length > 1_000_000) throw damaged("its header is longer than the file");
  const text = new TextDecoder().decode(read(from, from + length));
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1];
  const shape = /'shape'\s*:\s*\(([^)]*)\)/.exec(text)?.[1];
  if (descr === undefined || shape === undefined)
    throw damaged("its header names no plain type (arrays of records and of objects are not read)");
  const dims = shape
    .split(",")
    .map((part) => part.trim().replace(/L$/, ""))
    .filter(Boolean)
    .map(Number);
  const kind = /^([<>|=])([fiubUS])(\d+)$/.exec(descr);
  const dtype = kind?.[2] === "U" || kind?.[2] === "S" ? "string" : dtypes[descr.slice(1)];
  if (!kind || !dtype) throw refusedType(descr, where);
  const itemBytes = Number(kind[3]) * (kind[2] === "U" ? 4 : 1);
  const count = dims.reduce((all, dim) => all * dim, 1);
  if (!dims.every((dim) => Number.isInteger(dim) && dim >= 0) || !Number.isSafeInteger(count * itemBytes))
    throw damaged(`its shape is (${shape})`);
  if (from + length + count * itemBytes > size)
    throw damaged(
      `its shape (${shape}) wants ${count * itemBytes} bytes, and ${size - from - length} are there`,
    );
  const columnMajor = /'fortran_order'\s*:\s*True/.test(text) && dims.length > 1;
  return { dtype, dims, descr, columnMajor, start: from + length, itemBytes };
}

/** What NumPy's kinds of values are that no model is fed with, and what to do. */
const refusedKinds: Readonly<Record<string, readonly [holds: string, fix: string]>> = {
  O: [
    "Python objects, which are pickled; pickles are never read",
    "Save plain numbers: np.asarray(values, np.float32); lists of different lengths apart.",
  ],
  c: ["complex numbers", "Save their parts apart: x.real, x.imag."],
  M: ["dates", "Save them as numbers, x.astype(np.int64), or as texts, x.astype(str)."],
  m: ["times", "Save them as numbers: x.astype(np.int64)."],
  V: ["bytes of no type, as NumPy writes bfloat16", "Save them as x.astype(np.float32)."],
  f: ["numbers of more than 64 bits", "Save them as x.astype(np.float64)."],
};

function refusedType(descr: string, where: string): AttentionError {
  const [holds, fix] = refusedKinds[descr[1] ?? ""] ?? [];
  return new AttentionError(
    "inputMismatch",
    holds === undefined
      ? `Arrays of ${descr} cannot be fed to a model.`
      : `It holds ${holds} (${descr.slice(0, 20)}).`,
    { where, ...(fix === undefined ? {} : { fix }) },
  );
}

/** Values from bytes as the file holds them. */
export function npyValues(bytes: Uint8Array, { descr, dtype, itemBytes }: NpyHeader) {
  if (dtype === "string") return texts(bytes, descr, itemBytes);
  return valuesOf(dtype, descr.startsWith(">") ? swapped(bytes, itemBytes) : bytes);
}

function swapped(bytes: Uint8Array, itemBytes: number): Uint8Array {
  const out = bytes.slice();
  for (let at = 0; at + itemBytes <= out.length; at += itemBytes) out.subarray(at, at + itemBytes).reverse();
  return out;
}

/** Texts of fixed length, padded with NUL: UTF-32 (`U`) or bytes (`S`). */
function texts(bytes: Uint8Array, descr: string, itemBytes: number): string[] {
  const unicode = descr[1] === "U";
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = (at: number): string => {
    if (!unicode) return new TextDecoder().decode(bytes.subarray(at, at + itemBytes)).replace(/\0+$/, "");
    let text = "";
    for (let point = at; point < at + itemBytes; point += 4) {
      const code = view.getUint32(point, !descr.startsWith(">"));
      if (code !== 0) text += code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
    }
    return text;
  };
  return itemBytes === 0
    ? []
    : Array.from({ length: bytes.length / itemBytes }, (_, item) => read(item * itemBytes));
}
