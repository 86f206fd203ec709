/** Typed values: from bytes, and by their place in an array. */
import type { ArrayData } from "../arrays";

/** Little-endian bytes as values of an ONNX type; the bytes are copied where they are not aligned. */
export function valuesOf(dtype: string, bytes: Uint8Array): Exclude<ArrayData, string[]> {
  const own = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset, byteLength } = own;
  switch (dtype) {
    case "float32":
      return new Float32Array(buffer, byteOffset, byteLength / 4);
    case "float64":
      return new Float64Array(buffer, byteOffset, byteLength / 8);
    case "float16":
    case "bfloat16":
    case "uint16":
      return new Uint16Array(buffer, byteOffset, byteLength / 2);
    case "int8":
      return new Int8Array(buffer, byteOffset, byteLength);
    case "int16":
      return new Int16Array(buffer, byteOffset, byteLength / 2);
    case "int32":
      return new Int32Array(buffer, byteOffset, byteLength / 4);
    case "int64":
      return new BigInt64Array(buffer, byteOffset, byteLength / 8);
    case "uint32":
      return new Uint32Array(buffer, byteOffset, byteLength / 4);
    case "uint64":
      return new BigUint64Array(buffer, byteOffset, byteLength / 8);
    default:
      return new Uint8Array(buffer, byteOffset, byteLength);
  }
}

/** Elements `indices` along an axis. @param dims row-major shape of `data` */
export function taken(
  data: ArrayData,
  dims: readonly number[],
  axis: number,
  indices: readonly number[],
): ArrayData {
  const inner = dims.slice(axis + 1).reduce((all, dim) => all * dim, 1);
  const outer = dims.slice(0, axis).reduce((all, dim) => all * dim, 1);
  const along = dims[axis] ?? 1;
  const parts: ArrayData[] = [];
  for (let block = 0; block < outer; block++) {
    for (const index of indices) {
      const start = (block * along + index) * inner;
      parts.push(data.slice(start, start + inner) as ArrayData);
    }
  }
  return joined(parts, data);
}

/** The parts one after the other, of the type of `like`. */
export function joined(parts: readonly ArrayData[], like: ArrayData): ArrayData {
  if (Array.isArray(like)) return (parts as string[][]).flat();
  const length = parts.reduce((all, part) => all + part.length, 0);
  const out = new (like.constructor as new (length: number) => Exclude<ArrayData, string[]>)(length);
  let at = 0;
  for (const part of parts) {
    (out as Float32Array).set(part as Float32Array, at);
    at += part.length;
  }
  return out;
}

/** NumPy keeps transposed arrays in column-major order. */
export function rowMajor(data: ArrayData, dims: readonly number[]): ArrayData {
  const strides = dims.map((_, axis) => dims.slice(0, axis).reduce((all, dim) => all * dim, 1));
  const out = data.slice() as ArrayData;
  const at = new Array<number>(dims.length).fill(0);
  for (let to = 0; to < out.length; to++) {
    const from = at.reduce((all, index, axis) => all + index * (strides[axis] as number), 0);
    (out as unknown[])[to] = (data as unknown[])[from];
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      at[axis] = (at[axis] as number) + 1;
      if ((at[axis] as number) < (dims[axis] as number)) break;
      at[axis] = 0;
    }
  }
  return out;
}
