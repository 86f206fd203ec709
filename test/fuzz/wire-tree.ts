/** A protobuf message as a tree of fields, so that what is changed inside keeps the lengths around it right. */
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** A message of ONNX, by the fields of it that are messages: onnx.proto. */
export type Kind = keyof typeof schema;
const schema = {
  model: { 7: "graph", 8: "entry", 14: "entry", 25: "function" },
  graph: { 1: "node", 5: "tensor", 11: "value", 12: "value", 13: "value", 15: "sparse" },
  node: { 5: "attribute", 9: "entry" },
  attribute: { 5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse" },
  tensor: { 13: "entry" },
  sparse: { 1: "tensor", 2: "tensor" },
  value: { 2: "type" },
  type: { 1: "tensorType" },
  tensorType: { 2: "shape" },
  shape: { 1: "dim" },
  dim: {},
  entry: {},
  function: { 7: "node", 11: "attribute" },
} as const;

export interface Message {
  readonly kind: Kind;
  fields: Field[];
}

export interface Field {
  number: number;
  type: WireType;
  /** A number of a varint or a fixed field as it is written, bytes, or a message. */
  value: bigint | Uint8Array | Message;
}

export function parse(bytes: Uint8Array, kind: Kind = "model"): Message {
  const reader = new BinaryReader(bytes);
  const fields: Field[] = [];
  const inner = schema[kind] as Readonly<Record<number, Kind>>;
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (type === WireType.LengthDelimited) {
      const content = reader.bytes();
      const child = inner[number];
      fields.push({ number, type, value: child ? parse(content, child) : content });
    } else if (type === WireType.Varint) fields.push({ number, type, value: BigInt(reader.int64()) });
    else if (type === WireType.Bit32) fields.push({ number, type, value: BigInt(reader.fixed32()) });
    else fields.push({ number, type, value: BigInt(reader.fixed64()) });
  }
  return { kind, fields };
}

export function serialise(message: Message): Uint8Array {
  const writer = new BinaryWriter();
  for (const { number, type, value } of message.fields) {
    writer.tag(number, type);
    if (typeof value !== "bigint") writer.bytes(value instanceof Uint8Array ? value : serialise(value));
    else if (type === WireType.Bit32) writer.fixed32(Number(BigInt.asUintN(32, value)));
    else if (type === WireType.Bit64) writer.fixed64(BigInt.asUintN(64, value));
    else writer.int64(BigInt.asIntN(64, value));
  }
  return writer.finish();
}

/** Every message of a tree, itself first. */
export function messages(message: Message): Message[] {
  const all = [message];
  for (let index = 0; index < all.length; index++) {
    for (const { value } of all[index]!.fields)
      if (typeof value !== "bigint" && !(value instanceof Uint8Array)) all.push(value);
  }
  return all;
}
