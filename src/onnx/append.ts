/**
 * Extends a model without touching its bytes: a second `graph` field appended to the file merges with the first
 * (protobuf's rule for repeated occurrences of a message field), so its nodes, initializers and outputs are added.
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

export interface NewNode {
  readonly opType: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly domain?: string;
  readonly ints?: Readonly<Record<string, number>>;
}

/** A scalar float32 constant. */
export interface NewScalar {
  readonly name: string;
  readonly value: number;
}

export interface GraphExtension {
  readonly nodes: readonly NewNode[];
  readonly scalars: readonly NewScalar[];
  /** Names of tensors to return as graph outputs; a name alone is enough for ONNX Runtime. */
  readonly outputs: readonly string[];
}

/** The bytes to append to the model file. */
export function extensionBytes(extension: GraphExtension): Uint8Array {
  const graph = new BinaryWriter();
  for (const node of extension.nodes) message(graph, 1, (writer) => writeNode(writer, node));
  for (const scalar of extension.scalars) message(graph, 5, (writer) => writeScalar(writer, scalar));
  for (const output of extension.outputs) message(graph, 12, (writer) => void string(writer, 1, output));
  const model = new BinaryWriter();
  model.tag(7, WireType.LengthDelimited).bytes(graph.finish());
  return model.finish();
}

function message(writer: BinaryWriter, field: number, write: (writer: BinaryWriter) => void): void {
  const inner = new BinaryWriter();
  write(inner);
  writer.tag(field, WireType.LengthDelimited).bytes(inner.finish());
}

function string(writer: BinaryWriter, field: number, value: string): BinaryWriter {
  return writer.tag(field, WireType.LengthDelimited).string(value);
}

function writeNode(writer: BinaryWriter, node: NewNode): void {
  for (const input of node.inputs) string(writer, 1, input);
  for (const output of node.outputs) string(writer, 2, output);
  string(writer, 3, node.name);
  string(writer, 4, node.opType);
  for (const [name, value] of Object.entries(node.ints ?? {})) {
    message(writer, 5, (attribute) => {
      string(attribute, 1, name);
      attribute.tag(3, WireType.Varint).int64(value);
      attribute.tag(20, WireType.Varint).int32(2);
    });
  }
  if (node.domain) string(writer, 7, node.domain);
}

function writeScalar(writer: BinaryWriter, scalar: NewScalar): void {
  writer.tag(2, WireType.Varint).int32(1);
  string(writer, 8, scalar.name);
  const raw = new Uint8Array(4);
  new DataView(raw.buffer).setFloat32(0, scalar.value, true);
  writer.tag(9, WireType.LengthDelimited).bytes(raw);
}
