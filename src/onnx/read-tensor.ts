/** TensorProto and SparseTensorProto: where their values lie, which are never read here. */
import { WireType } from "@bufbuild/protobuf/wire";
import { AttentionError } from "../shared/errors";
import { expect, message, readEntry, text } from "./fields";
import type { ExternalData, ExternalTensor, TensorRef } from "./model";
import type { Cursor } from "./wire";

const MAX_RANK = 64;

const dataFields = {
  4: "float",
  5: "int32",
  6: "string",
  7: "int64",
  9: "raw",
  10: "double",
  11: "uint64",
} as const;

/** A SparseTensorProto: two tensors, of which only the place of their values matters here. */
export function readSparse(cursor: Cursor, external: ExternalTensor[]): void {
  for (let field = cursor.field(); field; field = cursor.field()) {
    if (field.number === 1 || field.number === 2) readTensor(message(cursor, field), external, "sparse");
    else cursor.skip(field);
  }
}

export function readTensor(
  cursor: Cursor,
  external: ExternalTensor[],
  place: ExternalTensor["place"],
): TensorRef {
  const dims: bigint[] = [];
  let name = "";
  let elementType = 0;
  let data: TensorRef["data"] = null;
  const entries = new Map<string, string>();
  for (let field = cursor.field(); field; field = cursor.field()) {
    switch (field.number) {
      case 1:
        cursor.integers(field, dims, MAX_RANK + 1);
        break;
      case 2:
        expect(field, WireType.Varint);
        elementType = cursor.varint();
        break;
      case 4:
      case 5:
      case 6:
      case 7:
      case 9:
      case 10:
      case 11:
        if (field.type === WireType.LengthDelimited)
          data = { field: dataFields[field.number], ...cursor.range() };
        else cursor.skip(field);
        break;
      case 8:
        name = text(cursor, field);
        break;
      case 13:
        readExternalEntry(message(cursor, field), entries);
        break;
      default:
        cursor.skip(field);
    }
  }
  if (dims.length > MAX_RANK)
    throw new AttentionError("limits", `The tensor ${name} has more than ${MAX_RANK} dimensions.`);
  const tensor = { name, dims: dims.map(Number), elementType, data, external: externalData(entries) };
  if (tensor.external) {
    external.push({ name, dims: tensor.dims, elementType, external: tensor.external, place });
  }
  return tensor;
}

/** Who reads the file takes the first or the last of two entries, so two that differ could pass a check unseen. */
function readExternalEntry(cursor: Cursor, into: Map<string, string>): void {
  const entry = new Map<string, string>();
  readEntry(cursor, entry);
  for (const [key, value] of entry) {
    if (into.has(key)) throw new AttentionError("limits", `A tensor's external data names its ${key} twice.`);
    into.set(key, value);
  }
}

function externalData(entries: ReadonlyMap<string, string>): ExternalData | null {
  const location = entries.get("location");
  if (location === undefined) return null;
  return { location, offset: entries.get("offset") ?? null, length: entries.get("length") ?? null };
}
