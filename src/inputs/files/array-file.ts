/** Opens files of named arrays: npz, npy, safetensors, JSON, CSV. */
import path from "node:path";
import { AttentionError } from "../../shared/errors";
import type { NamedArray } from "../arrays";
import { rowMajor } from "./array-values";
import { type ByteFile, diskFile } from "./byte-file";
import { readCsv } from "./csv-arrays";
import { readJsonArrays } from "./json-arrays";
import {
  type ArrayFile,
  countOf,
  lazyFile,
  type LazyArray,
  type Part,
  rangesOf,
  takenOf,
} from "./lazy-arrays";
import { npyValues, readNpyHeader } from "./npy";
import { readSafetensors } from "./safetensors";
import { readZip } from "./zip";

/** Extensions of the files that are read, for messages and pickers. */
export const arrayFileKinds = [".npz", ".npy", ".safetensors", ".json", ".csv"] as const;

/** Opens a file by its extension; `release` it after use. @param file absolute path */
export function openArrayFile(file: string): ArrayFile {
  const kind = path.extname(file).toLowerCase();
  const bytes = diskFile(file, path.basename(file));
  try {
    switch (kind) {
      case ".npz":
        return npzFile(bytes);
      case ".npy":
        return npyFile(bytes);
      case ".safetensors":
        return readSafetensors(bytes);
      case ".json":
        return memoryArrays(bytes, readJsonArrays(bytes));
      case ".csv":
        return csvFile(bytes);
      default:
        throw new AttentionError(
          "fileUnreadable",
          `Inputs are read from ${arrayFileKinds.join(", ")}, and this ends in ${kind || "nothing"}.`,
          { where: file },
        );
    }
  } catch (error) {
    bytes.close();
    throw error;
  }
}

/** The arrays of an npz archive. */
export function npzFile(file: ByteFile): ArrayFile {
  const members = readZip(file).filter(({ name }) => name.endsWith(".npy"));
  const arrays = new Map(
    members.map((member) => {
      const where = `${file.name}: ${member.name}`;
      const read = member.read.bind(member);
      return [member.name.replace(/\.npy$/, ""), lazyNpy(read, member.size, where)] as const;
    }),
  );
  return lazyFile(file, arrays, () => {
    for (const member of members) member.release();
  });
}

function npyFile(file: ByteFile): ArrayFile {
  const array = lazyNpy((start, end) => file.read(start, end), file.size, file.name);
  return lazyFile(file, new Map([[path.parse(file.name).name, array]]));
}

function lazyNpy(read: (start: number, end: number) => Uint8Array, size: number, where: string): LazyArray {
  const header = readNpyHeader(read, size, where);
  const { dtype, dims, start, itemBytes, columnMajor } = header;
  const values = (from: number, to: number) =>
    npyValues(read(start + from * itemBytes, start + to * itemBytes), header);
  const whole = (): NamedArray => {
    const data = values(0, countOf(dims));
    return { dtype, dims, data: columnMajor ? rowMajor(data, dims) : data };
  };
  return {
    dtype,
    dims,
    read: (part) => {
      if (part === undefined) return whole();
      return columnMajor ? takenOf(whole(), part) : rangesOf({ dtype, dims }, part, values);
    },
  };
}

function csvFile(file: ByteFile): ArrayFile {
  const { arrays, whole } = readCsv(file);
  return { ...memoryArrays(file, arrays), ...(whole === null ? {} : { whole }) };
}

function memoryArrays(file: ByteFile, arrays: ReadonlyMap<string, NamedArray>): ArrayFile {
  const lazy = new Map(
    [...arrays].map(([name, array]) => [
      name,
      {
        dtype: array.dtype,
        dims: array.dims,
        read: (part?: Part) => (part ? takenOf(array, part) : array),
      },
    ]),
  );
  const heldBytes = [...arrays.values()].reduce((all, { data }) => all + bytesOf(data), 0);
  return { ...lazyFile(file, lazy), loose: true, heldBytes };
}

/** About 40 bytes for a text, which a string's own bookkeeping takes. */
function bytesOf(data: NamedArray["data"]): number {
  return Array.isArray(data) ? data.reduce((all, text) => all + 40 + 2 * text.length, 0) : data.byteLength;
}
