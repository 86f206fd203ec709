/**
 * Extends a model without touching its bytes: a second `graph` field appended to the file merges with the first
 * (protobuf's rule for repeated occurrences of a message field), so its nodes, initializers and outputs are added.
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

export type AttributeValue =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly ints: readonly number[] };

export interface NewNode {
  readonly opType: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

/** A small constant; `dims` of [] is a scalar. */
export interface NewTensor {
  readonly name: string;
  readonly type: "float32" | "int64";
  readonly dims: readonly number[];
  readonly values: readonly number[];
}

export interface GraphExtension {
  readonly nodes: readonly NewNode[];
  readonly tensors: readonly NewTensor[];
  /** Names of tensors to return as graph outputs; a name alone is enough for ONNX Runtime. */
  readonly outputs: readonly string[];
  /** Nodes of the file that were rewritten (`patch-node.ts`), as the content of a NodeProto. */
  readonly patched?: readonly Uint8Array[];
}

/** The bytes to append to the model file. */
export function extensionBytes(extension: GraphExtension): Uint8Array {
  return new BinaryWriter().tag(7, WireType.LengthDelimited).bytes(graphBytes(extension)).finish();
}

/** The content of a GraphProto with what is added. */
export function graphBytes(extension: GraphExtension): Uint8Array {
  const graph = new BinaryWriter();
  for (const node of extension.nodes) message(graph, 1, (writer) => writeNode(writer, node));
  for (const node of extension.patched ?? []) graph.tag(1, WireType.LengthDelimited).bytes(node);
  for (const tensor of extension.tensors) message(graph, 5, (writer) => writeTensor(writer, tensor));
  for (const output of extension.outputs) message(graph, 12, (writer) => void string(writer, 1, output));
  return graph.finish();
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
  for (const [name, value] of Object.entries(node.attributes ?? {})) {
    message(writer, 5, (attribute) => {
      string(attribute, 1, name);
      writeAttribute(attribute, value);
    });
  }
  if (node.domain) string(writer, 7, node.domain);
}

/** The value's field and `AttributeProto.type`. */
function writeAttribute(writer: BinaryWriter, value: AttributeValue): void {
  const type = (number: number) => writer.tag(20, WireType.Varint).int32(number);
  if ("int" in value) {
    writer.tag(3, WireType.Varint).int64(value.int);
    type(2);
  } else if ("float" in value) {
    writer.tag(2, WireType.Bit32).float(value.float);
    type(1);
  } else if ("string" in value) {
    string(writer, 4, value.string);
    type(3);
  } else {
    for (const int of value.ints) writer.tag(8, WireType.Varint).int64(int);
    type(7);
  }
}

function writeTensor(writer: BinaryWriter, tensor: NewTensor): void {
  for (const dim of tensor.dims) writer.tag(1, WireType.Varint).int64(dim);
  writer.tag(2, WireType.Varint).int32(tensor.type === "float32" ? 1 : 7);
  string(writer, 8, tensor.name);
  const size = tensor.type === "float32" ? 4 : 8;
  const view = new DataView(new ArrayBuffer(tensor.values.length * size));
  tensor.values.forEach((value, index) => {
    if (tensor.type === "float32") view.setFloat32(index * size, value, true);
    else view.setBigInt64(index * size, BigInt(value), true);
  });
  writer.tag(9, WireType.LengthDelimited).bytes(new Uint8Array(view.buffer));
}
