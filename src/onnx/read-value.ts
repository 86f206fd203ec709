/** ValueInfoProto: the name, element type and shape that a graph declares of a value. */
import { WireType } from "@bufbuild/protobuf/wire";
import { AttentionError } from "../shared/errors";
import type { Dim } from "../shared/model";
import { message, text } from "./fields";
import type { ValueInfo } from "./model";
import type { Cursor } from "./wire";

const MAX_RANK = 64;

export function readValueInfo(cursor: Cursor): ValueInfo {
  let name = "";
  let type: { elementType: number; dims: Dim[] | null } = { elementType: 0, dims: null };
  for (let field = cursor.field(); field; field = cursor.field()) {
    if (field.number === 1) name = text(cursor, field);
    else if (field.number === 2) type = readType(message(cursor, field));
    else cursor.skip(field);
  }
  return { name, ...type };
}

function readType(cursor: Cursor): { elementType: number; dims: Dim[] | null } {
  let elementType = 0;
  let dims: Dim[] | null = null;
  for (let field = cursor.field(); field; field = cursor.field()) {
    if (field.number !== 1) {
      cursor.skip(field);
      continue;
    }
    const tensor = message(cursor, field);
    for (let inner = tensor.field(); inner; inner = tensor.field()) {
      if (inner.number === 1 && inner.type === WireType.Varint) elementType = tensor.varint();
      else if (inner.number === 2) dims = readShape(message(tensor, inner));
      else tensor.skip(inner);
    }
  }
  return { elementType, dims };
}

/** A declared size; exporters write a negative one where they do not know it. */
function size(value: bigint): Dim {
  if (value > BigInt(Number.MAX_SAFE_INTEGER))
    throw new AttentionError("limits", `A value has a dimension of ${value}.`);
  return value < 0n ? null : Number(value);
}

function readShape(cursor: Cursor): Dim[] {
  const dims: Dim[] = [];
  for (let field = cursor.field(); field; field = cursor.field()) {
    if (field.number !== 1) {
      cursor.skip(field);
      continue;
    }
    let dim: Dim = null;
    const inner = message(cursor, field);
    for (let part = inner.field(); part; part = inner.field()) {
      if (part.number === 1 && part.type === WireType.Varint) dim = size(inner.int64());
      else if (part.number === 2) dim = text(inner, part);
      else inner.skip(part);
    }
    if (dims.length >= MAX_RANK)
      throw new AttentionError("limits", `A value has more than ${MAX_RANK} dimensions.`);
    dims.push(dim === "" ? null : dim);
  }
  return dims;
}
