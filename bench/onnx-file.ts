/**
 * Writes ONNX files of any size: the graph from memory, weights as a stream, so that a model of 1 GB is built without
 * holding it. Field numbers: onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { closeSync, openSync, renameSync, writeSync } from "node:fs";

export interface GraphNode {
  readonly op: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** "" is ai.onnx. */
  readonly domain?: string;
  readonly ints?: Readonly<Record<string, number>>;
  readonly floats?: Readonly<Record<string, number>>;
  readonly intLists?: Readonly<Record<string, readonly number[]>>;
}

export interface GraphTensor {
  readonly name: string;
  readonly dims: readonly number[];
  /** Values, or uniform random float32 in [−scale, scale). */
  readonly content:
    | { readonly kind: "float32"; readonly values: readonly number[] }
    | { readonly kind: "int64"; readonly values: readonly number[] }
    | { readonly kind: "int32"; readonly values: readonly number[] }
    | { readonly kind: "random"; readonly scale: number };
}

export interface GraphValue {
  readonly name: string;
  readonly type: "float32" | "int64";
  readonly dims: readonly number[];
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  readonly tensors: readonly GraphTensor[];
  /** Version of ai.onnx; 17 where none is named. */
  readonly opset?: number;
}

const elementTypes = { float32: 1, random: 1, int32: 6, int64: 7 } as const;
const OPSET = 17;
const BLOCK_FLOATS = 1 << 18;

/** Bytes of the float32 weights; what is left of the file is its graph. */
export function weightBytes({ tensors }: Graph): number {
  return tensors.reduce(
    (all, tensor) => all + (tensor.content.kind.startsWith("int") ? 0 : rawBytes(tensor)),
    0,
  );
}

/** Write the model under a temporary name, then rename it: a file that is there is whole. */
export function writeModel(file: string, graph: Graph): void {
  const temporary = `${file}.${process.pid}.tmp`;
  const fd = openSync(temporary, "w");
  try {
    const structure = graphStructure(graph);
    const headers = graph.tensors.map(tensorHeader);
    const random = uniform(1);
    const length = headers.reduce(
      (all, header, index) => all + header.length + rawBytes(graph.tensors[index]!),
      structure.length,
    );
    writeAll(fd, new BinaryWriter().tag(1, WireType.Varint).int32(8).finish());
    writeAll(fd, new BinaryWriter().tag(7, WireType.LengthDelimited).uint32(length).finish());
    writeAll(fd, structure);
    for (const [index, tensor] of graph.tensors.entries()) {
      writeAll(fd, headers[index]!);
      for (const block of blocksOf(tensor, random)) writeAll(fd, block);
    }
    const opset = new BinaryWriter();
    message(opset, 8, (writer) => void writer.tag(2, WireType.Varint).int64(graph.opset ?? OPSET));
    for (const domain of new Set(graph.nodes.flatMap((node) => node.domain ?? []))) {
      message(opset, 8, (writer) => {
        text(writer, 1, domain);
        writer.tag(2, WireType.Varint).int64(1);
      });
    }
    writeAll(fd, opset.finish());
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, file);
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += writeSync(fd, bytes, written);
}

function rawBytes({ dims, content }: GraphTensor): number {
  return dims.reduce((all, dim) => all * dim, content.kind === "int64" ? 8 : 4);
}

type Write = (writer: BinaryWriter) => void;

function message(writer: BinaryWriter, field: number, write: Write): void {
  const inner = new BinaryWriter();
  write(inner);
  writer.tag(field, WireType.LengthDelimited).bytes(inner.finish());
}

function text(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, WireType.LengthDelimited).string(value);
}

/** Everything of the GraphProto but its initializers. */
function graphStructure(graph: Graph): Uint8Array {
  const writer = new BinaryWriter();
  for (const node of graph.nodes) message(writer, 1, (each) => writeNode(each, node));
  text(writer, 2, "main_graph");
  for (const value of graph.inputs) message(writer, 11, (each) => writeValue(each, value));
  for (const value of graph.outputs) message(writer, 12, (each) => writeValue(each, value));
  return writer.finish();
}

function writeNode(writer: BinaryWriter, node: GraphNode): void {
  for (const input of node.inputs) text(writer, 1, input);
  for (const output of node.outputs) text(writer, 2, output);
  text(writer, 3, node.name);
  text(writer, 4, node.op);
  if (node.domain) text(writer, 7, node.domain);
  for (const [name, value] of Object.entries(node.ints ?? {})) {
    message(writer, 5, (each) => {
      text(each, 1, name);
      each.tag(3, WireType.Varint).int64(value).tag(20, WireType.Varint).int32(2);
    });
  }
  for (const [name, value] of Object.entries(node.floats ?? {})) {
    message(writer, 5, (each) => {
      text(each, 1, name);
      each.tag(2, WireType.Bit32).float(value).tag(20, WireType.Varint).int32(1);
    });
  }
  for (const [name, values] of Object.entries(node.intLists ?? {})) {
    message(writer, 5, (each) => {
      text(each, 1, name);
      for (const value of values) each.tag(8, WireType.Varint).int64(value);
      each.tag(20, WireType.Varint).int32(7);
    });
  }
}

function writeValue(writer: BinaryWriter, value: GraphValue): void {
  text(writer, 1, value.name);
  message(writer, 2, (type) =>
    message(type, 1, (tensor) => {
      tensor.tag(1, WireType.Varint).int32(elementTypes[value.type]);
      message(tensor, 2, (shape) => {
        for (const size of value.dims)
          message(shape, 1, (dim) => void dim.tag(1, WireType.Varint).int64(size));
      });
    }),
  );
}

/** An initializer up to its raw data, its own tag and length included. */
function tensorHeader(tensor: GraphTensor): Uint8Array {
  const bytes = rawBytes(tensor);
  const inner = new BinaryWriter();
  for (const dim of tensor.dims) inner.tag(1, WireType.Varint).int64(dim);
  inner.tag(2, WireType.Varint).int32(elementTypes[tensor.content.kind]);
  text(inner, 8, tensor.name);
  inner.tag(9, WireType.LengthDelimited).uint32(bytes);
  const header = inner.finish();
  return new BinaryWriter()
    .tag(5, WireType.LengthDelimited)
    .uint32(header.length + bytes)
    .raw(header)
    .finish();
}

function* blocksOf(tensor: GraphTensor, random: () => number): Generator<Uint8Array> {
  const { content } = tensor;
  if (content.kind === "int64") yield new Uint8Array(BigInt64Array.from(content.values, BigInt).buffer);
  else if (content.kind === "int32") yield new Uint8Array(Int32Array.from(content.values).buffer);
  else if (content.kind === "float32") yield new Uint8Array(Float32Array.from(content.values).buffer);
  else {
    const count = rawBytes(tensor) / 4;
    for (let start = 0; start < count; start += BLOCK_FLOATS) {
      const block = new Float32Array(Math.min(BLOCK_FLOATS, count - start));
      for (let index = 0; index < block.length; index++) block[index] = random() * content.scale;
      yield new Uint8Array(block.buffer);
    }
  }
}

/** Xorshift32 in [−1, 1): fast, seeded, and no better than weights of a bench need. */
function uniform(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 2 ** 31;
  };
}
