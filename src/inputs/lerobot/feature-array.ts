/** Rows of a Parquet file as an array of the shape that the data set declares. */
import { AttentionError } from "../../shared/errors";
import type { ArrayData, NamedArray } from "../arrays";

/** Elements of an array of a type, from zeros. */
const makers: Readonly<Record<string, (length: number) => Exclude<ArrayData, string[]>>> = {
  float32: (length) => new Float32Array(length),
  float64: (length) => new Float64Array(length),
  int8: (length) => new Int8Array(length),
  int16: (length) => new Int16Array(length),
  int32: (length) => new Int32Array(length),
  int64: (length) => new BigInt64Array(length),
  uint8: (length) => new Uint8Array(length),
  uint16: (length) => new Uint16Array(length),
  uint32: (length) => new Uint32Array(length),
  uint64: (length) => new BigUint64Array(length),
  bool: (length) => new Uint8Array(length),
};

/** The ONNX type of a feature, pictures as bytes; undefined for what is no array (nested texts, audio). */
export function featureType(dtype: string): string | undefined {
  if (dtype === "video" || dtype === "image") return "uint8";
  if (dtype === "string") return "string";
  return dtype in makers ? dtype : undefined;
}

/**
 * @param rows of consecutive frames
 * @param place file, and number of the first frame, for messages
 * @returns [frames, ...shape]
 */
export function featureArray(
  name: string,
  { dtype, shape }: { readonly dtype: string; readonly shape: readonly number[] },
  rows: readonly Readonly<Record<string, unknown>>[],
  place: { readonly where: string; readonly first: number },
): NamedArray {
  const dims = [rows.length, ...shape];
  const size = shape.reduce((all, dim) => all * dim, 1);
  const wrong = (frame: number, what: string) =>
    new AttentionError(
      "inputMismatch",
      `${name} of frame ${place.first + frame} ${what}; info.json declares ${dtype} [${shape.join(", ")}].`,
      { where: place.where },
    );
  if (dtype === "string")
    return {
      dtype,
      dims,
      data: rows.flatMap((row, frame) => {
        const texts = flat(row[name]);
        if (texts.length !== size) throw wrong(frame, `has ${texts.length} texts`);
        return texts.map((text) => (typeof text === "string" ? text : ""));
      }),
    };
  const make = makers[dtype];
  if (!make) throw wrong(0, "is of a type that is not read");
  const data = make(rows.length * size);
  const big = data instanceof BigInt64Array || data instanceof BigUint64Array;
  rows.forEach((row, frame) => {
    const values = flat(row[name]);
    if (values.length !== size)
      throw wrong(frame, `has ${values.length} ${values.length === 1 ? "value" : "values"}`);
    values.forEach((value, at) => {
      if (!["number", "bigint", "boolean"].includes(typeof value)) throw wrong(frame, "is missing a number");
      const to = frame * size + at;
      if (big && typeof value === "number" && !Number.isInteger(value)) throw wrong(frame, `holds ${value}`);
      if (big) (data as BigInt64Array)[to] = BigInt(value as number | bigint | boolean);
      else (data as Float32Array)[to] = Number(value);
    });
  });
  return { dtype, dims, data };
}

/** The values of a cell: one, or a list of lists. */
function flat(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.flatMap(flat);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView))
    return Array.from(value as unknown as ArrayLike<unknown>);
  return [value];
}
