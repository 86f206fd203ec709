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

export function readSafetensors(file: ByteFile): ArrayFile {
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
  const arrays = new Map<string, LazyArray>();
  const ranges: [number, number][] = [];
  for (const [
    name,
    {
      dtype: kind,
      shape,
      data_offsets: [from, to],
    },
  ] of Object.entries(header.data)) {
    const [dtype, bytes] = dtypes[kind] ?? [];
    if (dtype === undefined || bytes === undefined) continue;
    if (to < from || start + to > file.size)
      throw damaged(`the tensor ${name.slice(0, 80)} lies outside the file`);
    if (to - from !== countOf(shape) * bytes)
      throw damaged(
        `the tensor ${name.slice(0, 80)} is given ${to - from} bytes, its shape wants ${countOf(shape) * bytes}`,
      );
    if (to > from) ranges.push([from, to]);
    const values = (first: number, last: number) =>
      valuesOf(dtype, file.read(start + from + first * bytes, start + from + last * bytes));
    arrays.set(name, {
      dtype,
      dims: shape,
      read: (part) =>
        part
          ? rangesOf({ dtype, dims: shape }, part, values)
          : { dtype, dims: shape, data: values(0, countOf(shape)) },
    });
  }
  ranges.sort(([a], [b]) => a - b);
  let used = 0;
  for (const [from, to] of ranges) {
    if (from < used) throw damaged("its tensors overlap");
    used = to;
  }
  return lazyFile(file, arrays);
}
