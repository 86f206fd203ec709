/** Writes small ONNX models for tests, field by field: independent of what reads them. */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

export interface BuiltNode {
  op: string;
  inputs: string[];
  outputs: string[];
  name?: string;
  domain?: string;
  ints?: Record<string, number>;
  intLists?: Record<string, number[]>;
  floats?: Record<string, number>;
  strings?: Record<string, string>;
  metadata?: Record<string, string>;
  bodies?: Record<string, BuiltGraph>;
  /** float32 vectors. */
  tensors?: Record<string, number[]>;
  /** Attributes of a function's node that the call gives: its name of each. */
  references?: Record<string, string>;
}
export interface BuiltFunction {
  name: string;
  domain: string;
  inputs: string[];
  outputs: string[];
  nodes: BuiltNode[];
}
export interface BuiltValue {
  name: string;
  /** ONNX element type number; 1 is float32. */
  type?: number;
  dims: (number | string)[];
}
export interface BuiltTensor {
  name: string;
  dims: number[];
  values: number[];
  type?: 1 | 7;
}
export interface BuiltGraph {
  nodes: BuiltNode[];
  inputs?: BuiltValue[];
  outputs?: BuiltValue[];
  initializers?: BuiltTensor[];
}

type Write = (writer: BinaryWriter) => void;
const message = (writer: BinaryWriter, field: number, write: Write) => {
  const inner = new BinaryWriter();
  write(inner);
  writer.tag(field, WireType.LengthDelimited).bytes(inner.finish());
};
const text = (writer: BinaryWriter, field: number, value: string) =>
  writer.tag(field, WireType.LengthDelimited).string(value);
const int = (writer: BinaryWriter, field: number, value: number) =>
  writer.tag(field, WireType.Varint).int64(value);

function writeValue(writer: BinaryWriter, value: BuiltValue): void {
  text(writer, 1, value.name);
  message(writer, 2, (type) =>
    message(type, 1, (tensor) => {
      int(tensor, 1, value.type ?? 1);
      message(tensor, 2, (shape) => {
        for (const dim of value.dims)
          message(
            shape,
            1,
            (each) => void (typeof dim === "number" ? int(each, 1, dim) : text(each, 2, dim)),
          );
      });
    }),
  );
}

function writeTensor(writer: BinaryWriter, tensor: BuiltTensor): void {
  for (const dim of tensor.dims) int(writer, 1, dim);
  int(writer, 2, tensor.type ?? 1);
  text(writer, 8, tensor.name);
  const raw =
    tensor.type === 7
      ? new Uint8Array(BigInt64Array.from(tensor.values, BigInt).buffer)
      : new Uint8Array(Float32Array.from(tensor.values).buffer);
  writer.tag(9, WireType.LengthDelimited).bytes(raw);
}

function writeNode(writer: BinaryWriter, node: BuiltNode): void {
  for (const input of node.inputs) text(writer, 1, input);
  for (const output of node.outputs) text(writer, 2, output);
  if (node.name) text(writer, 3, node.name);
  text(writer, 4, node.op);
  const attribute = (name: string, type: number, write: Write) =>
    message(writer, 5, (each) => {
      text(each, 1, name);
      write(each);
      int(each, 20, type);
    });
  for (const [name, value] of Object.entries(node.ints ?? {}))
    attribute(name, 2, (each) => void int(each, 3, value));
  for (const [name, value] of Object.entries(node.floats ?? {}))
    attribute(name, 1, (each) => void each.tag(2, WireType.Bit32).float(value));
  for (const [name, value] of Object.entries(node.strings ?? {}))
    attribute(name, 3, (each) => void text(each, 4, value));
  for (const [name, values] of Object.entries(node.intLists ?? {}))
    attribute(name, 7, (each) => values.forEach((value) => int(each, 8, value)));
  for (const [name, body] of Object.entries(node.bodies ?? {}))
    attribute(name, 5, (each) => message(each, 6, (graph) => writeGraph(graph, body)));
  for (const [name, values] of Object.entries(node.tensors ?? {}))
    attribute(name, 4, (each) =>
      message(each, 5, (tensor) => writeTensor(tensor, { name: "", dims: [values.length], values })),
    );
  for (const [name, reference] of Object.entries(node.references ?? {}))
    attribute(name, 2, (each) => void text(each, 21, reference));
  if (node.domain) text(writer, 7, node.domain);
  for (const [key, value] of Object.entries(node.metadata ?? {})) {
    message(writer, 9, (entry) => {
      text(entry, 1, key);
      text(entry, 2, value);
    });
  }
}

function writeGraph(writer: BinaryWriter, graph: BuiltGraph): void {
  for (const node of graph.nodes) message(writer, 1, (each) => writeNode(each, node));
  text(writer, 2, "graph");
  for (const tensor of graph.initializers ?? []) message(writer, 5, (each) => writeTensor(each, tensor));
  for (const value of graph.inputs ?? []) message(writer, 11, (each) => writeValue(each, value));
  for (const value of graph.outputs ?? []) message(writer, 12, (each) => writeValue(each, value));
}

function writeFunction(writer: BinaryWriter, each: BuiltFunction): void {
  text(writer, 1, each.name);
  for (const input of each.inputs) text(writer, 4, input);
  for (const output of each.outputs) text(writer, 5, output);
  for (const node of each.nodes) message(writer, 7, (inner) => writeNode(inner, node));
  message(writer, 9, (opset) => {
    text(opset, 1, "");
    int(opset, 2, 17);
  });
  text(writer, 10, each.domain);
}

export function buildModel(
  graph: BuiltGraph,
  opset = 17,
  functions: readonly BuiltFunction[] = [],
): Uint8Array {
  const writer = new BinaryWriter();
  int(writer, 1, 8);
  text(writer, 2, "model-builder");
  message(writer, 7, (each) => writeGraph(each, graph));
  for (const [domain, version] of [
    ["", opset],
    ["com.microsoft", 1],
  ] as const) {
    message(writer, 8, (each) => {
      text(each, 1, domain);
      int(each, 2, version);
    });
  }
  for (const each of functions) message(writer, 25, (inner) => writeFunction(inner, each));
  return writer.finish();
}

/** Seeded numbers in [−1, 1) for weights. */
export function weights(count: number, seed: number): number[] {
  let state = seed * 2654435761 + 1;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/**
 * Self-attention written out: x [1, T, width] → softmax(q kᵀ / √d) v, `heads` heads.
 * @param mask additive mask as an initializer [T, T], row-major
 */
export function attentionGraph({
  tokens = 5,
  heads = 2,
  size = 3,
  mask,
  prefix = "",
}: {
  tokens?: number;
  heads?: number;
  size?: number;
  mask?: number[];
  prefix?: string;
}): BuiltGraph {
  const width = heads * size;
  const p = (name: string) => `${prefix}${name}`;
  const project = (name: string, seed: number): { nodes: BuiltNode[]; initializers: BuiltTensor[] } => ({
    nodes: [
      { op: "MatMul", inputs: [p("x"), p(`w_${name}`)], outputs: [p(`${name}_flat`)] },
      { op: "Reshape", inputs: [p(`${name}_flat`), p("split")], outputs: [p(`${name}_split`)] },
      {
        op: "Transpose",
        inputs: [p(`${name}_split`)],
        outputs: [p(name)],
        intLists: { perm: name === "k" ? [0, 2, 3, 1] : [0, 2, 1, 3] },
      },
    ],
    initializers: [{ name: p(`w_${name}`), dims: [width, width], values: weights(width * width, seed) }],
  });
  const [q, k, v] = [project("q", 1), project("k", 2), project("v", 3)];
  return {
    nodes: [
      ...q.nodes,
      ...k.nodes,
      ...v.nodes,
      { op: "MatMul", inputs: [p("q"), p("k")], outputs: [p("product")], name: p("product") },
      { op: "Div", inputs: [p("product"), p("root")], outputs: [p("scaled")] },
      ...(mask
        ? [{ op: "Add", inputs: [p("scaled"), p("mask")], outputs: [p("score")] }]
        : [{ op: "Identity", inputs: [p("scaled")], outputs: [p("score")] }]),
      {
        op: "Softmax",
        inputs: [p("score")],
        outputs: [p("probability")],
        ints: { axis: -1 },
        name: p("/blocks.0/attention/Softmax"),
      },
      { op: "MatMul", inputs: [p("probability"), p("v")], outputs: [p("context")] },
    ],
    inputs: [{ name: p("x"), dims: [1, tokens, width] }],
    outputs: [{ name: p("context"), dims: [1, heads, tokens, size] }],
    initializers: [
      ...q.initializers,
      ...k.initializers,
      ...v.initializers,
      { name: p("split"), dims: [4], values: [1, tokens, heads, size], type: 7 },
      { name: p("root"), dims: [], values: [Math.sqrt(size)] },
      ...(mask ? [{ name: p("mask"), dims: [tokens, tokens], values: mask }] : []),
    ],
  };
}
