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

/** Elements along one axis, or along several, each given once. */
export type Part = Taken | readonly Taken[];

export interface ArrayFile {
  /** The file's name, for messages. */
  readonly name: string;
  readonly headers: ReadonlyMap<string, ArrayHeader>;
  /** The format writes no shapes down to the last axis, so leading axes of one may be missing. */
  readonly loose: boolean;
  /** The array that holds all that the file has, where others are parts of it: a table. */
  readonly whole?: string;
  /** An array, or some elements along an axis of it, of which no more than that is read where the file allows it. */
  read(name: string, part?: Part): NamedArray;
  /** Bytes of values that lie in memory as long as it is there. */
  readonly heldBytes: number;
  /** Gives the handle back; a later read takes it again. */
  close(): void;
  /** Gives everything back. */
  release(): void;
}

export interface LazyArray extends ArrayHeader {
  read(part?: Part): NamedArray;
}

/** @param release what is to be given back beside the handle */
export function lazyFile(
  file: ByteFile,
  arrays: ReadonlyMap<string, LazyArray>,
  release: () => void = () => undefined,
): ArrayFile {
  return {
    name: file.name,
    headers: arrays,
    loose: false,
    read: (name, part) => {
      const array = arrays.get(name);
      if (!array) throw new AttentionError("inputMissing", `It has no array ${name}.`, { where: file.name });
      return array.read(part);
    },
    heldBytes: 0,
    close: () => file.close(),
    release: () => {
      release();
      file.close();
    },
  };
}

/** Reads the ranges that the elements lie in, and no more. @param values the elements [from, to) of the flat array */
export function rangesOf(
  { dtype, dims }: ArrayHeader,
  part: Part,
  values: (from: number, to: number) => NamedArray["data"],
): NamedArray {
  const along = new Map(takenAlong(part).map(({ axis, indices }) => [axis, indices]));
  const to = dims.map((dim, axis) => along.get(axis)?.length ?? dim);
  const axis = Math.max(...along.keys());
  const indices = along.get(axis) ?? [];
  const inner = countOf(dims.slice(axis + 1));
  const [first, last] = [Math.min(...indices), Math.max(...indices)];
  // Elements that lie close together are read at once; reading each apart would cost a call for every row.
  const dense = last - first + 1 <= 4 * indices.length;
  const blocks: NamedArray["data"][] = [];
  for (const block of blocksBefore(dims.slice(0, axis), along)) {
    const base = block * (dims[axis] ?? 1);
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

/** Numbers of the blocks that the axes before the last chosen one leave, in order. */
function blocksBefore(dims: readonly number[], along: ReadonlyMap<number, readonly number[]>): number[] {
  let blocks = [0];
  for (const [axis, dim] of dims.entries()) {
    const indices = along.get(axis) ?? Array.from({ length: dim }, (_, index) => index);
    blocks = blocks.flatMap((block) => indices.map((index) => block * dim + index));
  }
  return blocks;
}

function joinedBlocks(blocks: readonly NamedArray["data"][], head: NamedArray["data"]): NamedArray["data"] {
  return blocks.length === 1 ? head : joined(blocks, head);
}

/** A part as elements along each axis. */
export function takenAlong(part: Part): readonly Taken[] {
  return "axis" in part ? [part] : part;
}

/** Elements along axes of an array in memory. */
export function takenOf(array: NamedArray, part: Part): NamedArray {
  return takenAlong(part).reduce(
    ({ dtype, dims, data }, { axis, indices }) => ({
      dtype,
      dims: dims.map((dim, at) => (at === axis ? indices.length : dim)),
      data: taken(data, dims, axis, indices),
    }),
    array,
  );
}

export function countOf(dims: readonly number[]): number {
  return dims.reduce((all, dim) => all * dim, 1);
}
