/** Values of the small tensors that shape a graph: reshape targets, axes, scales. Weights are never decoded. */
import type { TensorRef } from "./model";
import type { ByteSource } from "./source";
import { Cursor, Window } from "./wire";

/** Tensors with more values than this are weights to us. */
const MAX_VALUES = 256;

const rawReaders: Record<number, { bytes: number; read: (view: DataView, at: number) => number }> = {
  1: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  2: { bytes: 1, read: (view, at) => view.getUint8(at) },
  3: { bytes: 1, read: (view, at) => view.getInt8(at) },
  6: { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  7: { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  9: { bytes: 1, read: (view, at) => view.getUint8(at) },
  10: { bytes: 2, read: (view, at) => half(view.getUint16(at, true)) },
  11: { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
  16: { bytes: 2, read: (view, at) => bfloat(view.getUint16(at, true)) },
};

/** IEEE 754 binary16 as a number. */
export function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function bfloat(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits << 16);
  return view.getFloat32(0);
}

/** The values of a small numeric tensor in order, or undefined when it is large, external or not numeric. */
export function smallValues(source: ByteSource, tensor: TensorRef): number[] | undefined {
  const count = tensor.dims.reduce((product, dim) => product * dim, 1);
  if (!(count >= 0 && count <= MAX_VALUES) || tensor.external) return undefined;
  if (count === 0) return [];
  const { data } = tensor;
  if (!data || data.offset + data.length > source.size) return undefined;
  if (data.field === "raw") {
    const reader = rawReaders[tensor.elementType];
    if (!reader || data.length !== reader.bytes * count) return undefined;
    const bytes = source.read(data.offset, data.length);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Array.from({ length: count }, (_, index) => reader.read(view, index * reader.bytes));
  }
  const cursor = new Cursor(new Window(source), data.offset, data.offset + data.length);
  const values: number[] = [];
  while (cursor.offset < cursor.end && values.length <= MAX_VALUES) {
    if (data.field === "float") values.push(cursor.float32());
    else if (data.field === "int32" || data.field === "int64") {
      const value = Number(cursor.int64());
      values.push(tensor.elementType === 10 ? half(value) : value);
    } else return undefined;
  }
  return values.length === count ? values : undefined;
}
