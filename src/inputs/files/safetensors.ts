/**
 * Tensors of a safetensors file by range: an unsigned 64-bit length, that many bytes of JSON, then the data
 * (https://github.com/huggingface/safetensors#format). What the header declares is checked before anything is read.
 */
import { visit } from "jsonc-parser";
import * as z from "zod";
import { AttentionError } from "../../shared/errors";
import { refuseLarger } from "../limits";
import { type ArrayFile, countOf, type LazyArray, lazyFile, rangesOf } from "./lazy-arrays";
import { valuesOf } from "./array-values";
import type { ByteFile } from "./byte-file";

const dtypes: Readonly<Record<string, readonly [dtype: string, bytes: number]>> = {
  F64: ["float64", 8],
  F32: ["float32", 4],
  F16: ["float16", 2],
  BF16: ["bfloat16", 2],
  I64: ["int64", 8],
  I32: ["int32", 4],
  I16: ["int16", 2],
  I8: ["int8", 1],
  U64: ["uint64", 8],
  U32: ["uint32", 4],
  U16: ["uint16", 2],
  U8: ["uint8", 1],
  BOOL: ["bool", 1],
};

const headerSchema = z.record(
  z.string(),
  z.object({
    dtype: z.string(),
    shape: z.array(z.number().int().nonnegative()),
    data_offsets: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]),
  }),
);

/** A tensor's name that the header holds twice: JSON.parse would take the last without a word. */
function repeatedName(header: string): string | undefined {
  const names = new Set<string>();
  let repeated: string | undefined;
  visit(header, {
    onObjectProperty: (name, _offset, _length, _line, _column, pathOf) => {
      if (pathOf().length > 0) return;
      if (names.has(name)) repeated ??= name;
      names.add(name);
    },
  });
  return repeated;
}

/** A tensor as the header declares it: its type as it is written there, and its bytes in the file. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly kind: string;
  readonly dims: readonly number[];
  readonly start: number;
  readonly end: number;
}

/** What the header declares, of any type. Throws where it is not sound; nothing is read beside it. */
export function safetensorsEntries(file: ByteFile): SafetensorsEntry[] {
  const damaged = (why: string) =>
    new AttentionError("fileUnreadable", `It is not a sound safetensors file: ${why}.`, { where: file.name });
  if (file.size < 8) throw damaged("it is cut short");
  const prefix = file.read(0, 8);
  const length = new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(file.size - 8)) throw damaged("its header is longer than the file");
  const start = 8 + Number(length);
  refuseLarger("text", start, "Its header", file.name);
  let json: unknown;
  let text: string;
  try {
    text = new TextDecoder().decode(file.read(8, start));
    json = JSON.parse(text);
  } catch {
    throw damaged("its header is not JSON");
  }
  const twice = repeatedName(text);
  if (twice !== undefined) throw damaged(`it names ${twice.slice(0, 80)} twice`);
  if (typeof json !== "object" || json === null) throw damaged("its header is not an object");
  const tensors = Object.fromEntries(Object.entries(json).filter(([name]) => name !== "__metadata__"));
  const header = headerSchema.safeParse(tensors);
  if (!header.success)
    throw damaged(`its header says nothing usable at ${header.error.issues[0]?.path.join(".")}`);
  const entries = Object.entries(header.data).map(
    ([
      name,
      {
        dtype,
        shape,
        data_offsets: [from, to],
      },
    ]) => {
      if (to < from || start + to > file.size)
        throw damaged(`the tensor ${name.slice(0, 80)} lies outside the file`);
      const [, bytes] = dtypes[dtype] ?? [];
      if (bytes !== undefined && to - from !== countOf(shape) * bytes)
        throw damaged(
          `the tensor ${name.slice(0, 80)} is given ${to - from} bytes, its shape wants ${countOf(shape) * bytes}`,
        );
      return { name, kind: dtype, dims: shape, start: start + from, end: start + to };
    },
  );
  const ranges = entries.filter((each) => each.end > each.start).sort((a, b) => a.start - b.start);
  let used = start;
  for (const range of ranges) {
    if (range.start < used) throw damaged("its tensors overlap");
    if (range.start > used)
      throw damaged(`the bytes from ${used - start} to ${range.start - start} belong to no tensor`);
    used = range.end;
  }
  if (used !== file.size) throw damaged(`${file.size - used} bytes at its end belong to no tensor`);
  return entries;
}

/** Name of a type of the format as it is called here; undefined for one whose values cannot be read. */
export const safetensorsType = (kind: string): string | undefined => dtypes[kind]?.[0];

/** A tensor whose numbers are of a type that is not read. */
function unreadable(kind: string, dims: readonly number[], where: string): LazyArray {
  const read = () => {
    throw new AttentionError("inputMismatch", `Numbers of type ${kind.slice(0, 20)} are not read.`, {
      where,
      fix: "Save the tensor as float32.",
    });
  };
  return { dtype: kind.toLowerCase(), dims, read };
}

export function readSafetensors(file: ByteFile): ArrayFile {
  const arrays = new Map<string, LazyArray>();
  for (const { name, kind, dims, start } of safetensorsEntries(file)) {
    const [dtype, bytes] = dtypes[kind] ?? [];
    if (dtype === undefined || bytes === undefined) {
      // It is there, and says so when it is asked for.
      arrays.set(name, unreadable(kind, dims, `${file.name}: ${name}`));
      continue;
    }
    const values = (first: number, last: number) =>
      valuesOf(dtype, file.read(start + first * bytes, start + last * bytes));
    arrays.set(name, {
      dtype,
      dims,
      read: (part) =>
        part ? rangesOf({ dtype, dims }, part, values) : { dtype, dims, data: values(0, countOf(dims)) },
    });
  }
  return lazyFile(file, arrays);
}
