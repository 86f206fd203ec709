/** Named arrays of which the shapes are known and the values are read when they are asked for, as few as will do. */
import { AttentionError } from "../../shared/errors";
import type { NamedArray } from "../arrays";
import { joined, taken } from "./array-values";
import type { ByteFile } from "./byte-file";

export interface ArrayHeader {
  /** ONNX element type in lower case. */
  readonly dtype: string;
  readonly dims: readonly number[];
}

/** Elements of an array along one axis. */
export interface Taken {
  readonly axis: number;
  readonly indices: readonly number[];
}

export interface ArrayFile {
  /** The file's name, for messages. */
  readonly name: string;
  readonly headers: ReadonlyMap<string, ArrayHeader>;
  /** The format writes no shapes down to the last axis, so leading axes of one may be missing. */
  readonly loose: boolean;
  /** An array, or some elements along an axis of it, of which no more than that is read where the file allows it. */
  read(name: string, part?: Taken): NamedArray;
  close(): void;
}

export interface LazyArray extends ArrayHeader {
  read(part?: Taken): NamedArray;
}

export function lazyFile(file: ByteFile, arrays: ReadonlyMap<string, LazyArray>): ArrayFile {
  return {
    name: file.name,
    headers: arrays,
    loose: false,
    read: (name, part) => {
      const array = arrays.get(name);
      if (!array) throw new AttentionError("inputMissing", `It has no array ${name}.`, { where: file.name });
      return array.read(part);
    },
    close: () => file.close(),
  };
}

/** Reads the ranges that the elements lie in, and no more. @param values the elements [from, to) of the flat array */
export function rangesOf(
  { dtype, dims }: ArrayHeader,
  { axis, indices }: Taken,
  values: (from: number, to: number) => NamedArray["data"],
): NamedArray {
  const inner = countOf(dims.slice(axis + 1));
  const outer = countOf(dims.slice(0, axis));
  const along = dims[axis] ?? 1;
  const [first, last] = [Math.min(...indices), Math.max(...indices)];
  const to = dims.map((dim, at) => (at === axis ? indices.length : dim));
  // Elements that lie close together are read at once; reading each apart would cost a call for every row.
  const dense = last - first + 1 <= 4 * indices.length;
  const blocks: NamedArray["data"][] = [];
  for (let block = 0; block < outer; block++) {
    const base = block * along;
    if (dense) {
      const data = values((base + first) * inner, (base + last + 1) * inner);
      blocks.push(
        taken(
          data,
          [last - first + 1, inner],
          0,
          indices.map((index) => index - first),
        ),
      );
    } else
      for (const index of indices) blocks.push(values((base + index) * inner, (base + index + 1) * inner));
  }
  const [head] = blocks;
  return { dtype, dims: to, data: head === undefined ? values(0, 0) : joinedBlocks(blocks, head) };
}

function joinedBlocks(blocks: readonly NamedArray["data"][], head: NamedArray["data"]): NamedArray["data"] {
  return blocks.length === 1 ? head : joined(blocks, head);
}

/** Elements along an axis of an array in memory. */
export function takenOf({ dtype, dims, data }: NamedArray, { axis, indices }: Taken): NamedArray {
  return {
    dtype,
    dims: dims.map((dim, at) => (at === axis ? indices.length : dim)),
    data: taken(data, dims, axis, indices),
  };
}

export function countOf(dims: readonly number[]): number {
  return dims.reduce((all, dim) => all * dim, 1);
}
