/**
 * Reads the graph of an ONNX file and steps over its weights. Field numbers: onnx.proto
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto). Repeated `graph` fields merge, as in protobuf.
 */
import { WireType } from "@bufbuild/protobuf/wire";
import { AttentionError } from "../shared/errors";
import type { Dim } from "../shared/model";
import type { Attribute, ExternalData, LocalFunction, Node, OnnxModel, TensorRef, ValueInfo } from "./model";
import type { ByteSource } from "./source";
import { Cursor, type Field, Window } from "./wire";

/** More nodes than this are refused: the largest language models exported so far have about 100,000. */
const MAX_NODES = 2_000_000;
const MAX_RANK = 64;

interface GraphBuilder {
  name: string;
  nodes: Node[];
  initializers: Map<string, TensorRef>;
  inputs: ValueInfo[];
  outputs: ValueInfo[];
  valueInfos: Map<string, ValueInfo>;
  sparseInitializers: number;
}

const emptyGraph = (): GraphBuilder => ({
  name: "",
  nodes: [],
  initializers: new Map(),
  inputs: [],
  outputs: [],
  valueInfos: new Map(),
  sparseInitializers: 0,
});

/** Read a model's structure. Throws `notOnnx`, `truncated` or `limits`; never reads weights. */
export function readModel(source: ByteSource): OnnxModel {
  const window = new Window(source);
  const cursor = new Cursor(window, 0, source.size);
  const graph = emptyGraph();
  const functions: LocalFunction[] = [];
  const opsets = new Map<string, number>();
  const metadata = new Map<string, string>();
  let irVersion = 0;
  let producerName = "";
  let producerVersion = "";
  const graphFields: { start: number; content: number; end: number }[] = [];
  let start = 0;
  for (let field = cursor.field(); field; start = cursor.offset, field = cursor.field()) {
    switch (field.number) {
      case 1:
        expect(field, WireType.Varint);
        irVersion = Number(cursor.int64());
        break;
      case 2:
        producerName = text(cursor, field);
        break;
      case 3:
        producerVersion = text(cursor, field);
        break;
      case 7:
        readGraph(graphField(message(cursor, field), start, graphFields), graph);
        break;
      case 8:
        readOpset(message(cursor, field), opsets);
        break;
      case 14:
        readEntry(message(cursor, field), metadata);
        break;
      case 25:
        functions.push(readFunction(message(cursor, field)));
        break;
      default:
        cursor.skip(field);
    }
  }
  if (graphFields.length === 0) throw new AttentionError("notOnnx", "The file holds no graph.");
  return {
    irVersion,
    producer: [producerName, producerVersion].filter(Boolean).join(" "),
    opset: opsets.get("") ?? opsets.get("ai.onnx") ?? 0,
    opsets,
    graph,
    functions,
    metadata,
    graphFields,
    bytesRead: window.bytesRead,
  };
}

function graphField(
  inner: Cursor,
  start: number,
  into: { start: number; content: number; end: number }[],
): Cursor {
  into.push({ start, content: inner.offset, end: inner.end });
  return inner;
}

function expect(field: Field, type: WireType): void {
  if (field.type !== type)
    throw new AttentionError("truncated", `Field ${field.number} has the wrong wire type.`);
}

function message(cursor: Cursor, field: Field): Cursor {
  expect(field, WireType.LengthDelimited);
  return cursor.message();
}

function text(cursor: Cursor, field: Field): string {
  expect(field, WireType.LengthDelimited);
  return cursor.string();
}

function readGraph(cursor: Cursor, into: GraphBuilder): void {
  let start = cursor.offset;
  for (let field = cursor.field(); field; start = cursor.offset, field = cursor.field()) {
    switch (field.number) {
      case 1:
        if (into.nodes.length >= MAX_NODES)
          throw new AttentionError("limits", `More than ${MAX_NODES} nodes.`);
        into.nodes.push(readNode(message(cursor, field), into.nodes.length, start));
        break;
      case 2:
        into.name = text(cursor, field);
        break;
      case 5: {
        const tensor = readTensor(message(cursor, field));
        into.initializers.set(tensor.name, tensor);
        break;
      }
      case 11:
        into.inputs.push(readValueInfo(message(cursor, field)));
        break;
      case 12:
        into.outputs.push(readValueInfo(message(cursor, field)));
        break;
      case 13: {
        const info = readValueInfo(message(cursor, field));
        into.valueInfos.set(info.name, info);
        break;
      }
      case 15:
        into.sparseInitializers += 1;
        cursor.skip(field);
        break;
      default:
        cursor.skip(field);
    }
  }
}

/** @param start where the node's field begins, its tag included */
function readNode(cursor: Cursor, index: number, start: number): Node {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, Attribute>();
  const metadata = new Map<string, string>();
  const range = { start, end: cursor.end };
  let name = "";
  let opType = "";
  let domain = "";
  for (let field = cursor.field(); field; field = cursor.field()) {
    switch (field.number) {
      case 1:
        inputs.push(text(cursor, field));
        break;
      case 2:
        outputs.push(text(cursor, field));
        break;
      case 3:
        name = text(cursor, field);
        break;
      case 4:
        opType = text(cursor, field);
        break;
      case 5: {
        const attribute = readAttribute(message(cursor, field));
        attributes.set(attribute.name, attribute);
        break;
      }
      case 7:
        domain = text(cursor, field);
        break;
      case 9:
        readEntry(message(cursor, field), metadata);
        break;
      default:
        cursor.skip(field);
    }
  }
  return {
    index,
    name,
    opType,
    domain: domain === "ai.onnx" ? "" : domain,
    inputs,
    outputs,
    attributes,
    metadata,
    range,
  };
}

function readAttribute(cursor: Cursor): Attribute {
  let name = "";
  const value: { -readonly [K in keyof Attribute]?: Attribute[K] } = {};
  const ints: bigint[] = [];
  const floats: number[] = [];
  const strings: string[] = [];
  for (let field = cursor.field(); field; field = cursor.field()) {
    switch (field.number) {
      case 1:
        name = text(cursor, field);
        break;
      case 2:
        expect(field, WireType.Bit32);
        value.float = cursor.float32();
        break;
      case 3:
        expect(field, WireType.Varint);
        value.int = cursor.int64();
        break;
      case 4:
        value.string = text(cursor, field);
        break;
      case 5:
        value.tensor = readTensor(message(cursor, field));
        break;
      case 6: {
        const graph = emptyGraph();
        readGraph(message(cursor, field), graph);
        value.graph = graph;
        break;
      }
      case 7:
        cursor.floats(field, floats);
        break;
      case 8:
        cursor.integers(field, ints);
        break;
      case 9:
        strings.push(text(cursor, field));
        break;
      default:
        cursor.skip(field);
    }
  }
  return {
    name,
    ...value,
    ...(ints.length ? { ints } : {}),
    ...(floats.length ? { floats } : {}),
    ...(strings.length ? { strings } : {}),
  };
}

const dataFields = {
  4: "float",
  5: "int32",
  6: "string",
  7: "int64",
  9: "raw",
  10: "double",
  11: "uint64",
} as const;

function readTensor(cursor: Cursor): TensorRef {
  const dims: bigint[] = [];
  let name = "";
  let elementType = 0;
  let data: TensorRef["data"] = null;
  const external = new Map<string, string>();
  for (let field = cursor.field(); field; field = cursor.field()) {
    switch (field.number) {
      case 1:
        cursor.integers(field, dims);
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
        readEntry(message(cursor, field), external);
        break;
      default:
        cursor.skip(field);
    }
  }
  return {
    name,
    dims: dims.slice(0, MAX_RANK).map(Number),
    elementType,
    data,
    external: externalData(external),
  };
}

function externalData(entries: ReadonlyMap<string, string>): ExternalData | null {
  const location = entries.get("location");
  if (location === undefined) return null;
  return { location, offset: entries.get("offset") ?? null, length: entries.get("length") ?? null };
}

function readValueInfo(cursor: Cursor): ValueInfo {
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
      if (part.number === 1 && part.type === WireType.Varint) dim = Number(inner.int64());
      else if (part.number === 2) dim = text(inner, part);
      else inner.skip(part);
    }
    if (dims.length < MAX_RANK) dims.push(dim === "" ? null : dim);
  }
  return dims;
}

function readEntry(cursor: Cursor, into: Map<string, string>): void {
  let key = "";
  let value = "";
  for (let field = cursor.field(); field; field = cursor.field()) {
    if (field.number === 1) key = text(cursor, field);
    else if (field.number === 2) value = text(cursor, field);
    else cursor.skip(field);
  }
  into.set(key, value);
}

function readOpset(cursor: Cursor, into: Map<string, number>): void {
  let domain = "";
  let version = 0;
  for (let field = cursor.field(); field; field = cursor.field()) {
    if (field.number === 1) domain = text(cursor, field);
    else if (field.number === 2 && field.type === WireType.Varint) version = Number(cursor.int64());
    else cursor.skip(field);
  }
  into.set(domain === "ai.onnx" ? "" : domain, version);
}

function readFunction(cursor: Cursor): LocalFunction {
  let name = "";
  let domain = "";
  const nodes: Node[] = [];
  let start = cursor.offset;
  for (let field = cursor.field(); field; start = cursor.offset, field = cursor.field()) {
    if (field.number === 1) name = text(cursor, field);
    else if (field.number === 10) domain = text(cursor, field);
    else if (field.number === 7) nodes.push(readNode(message(cursor, field), nodes.length, start));
    else cursor.skip(field);
  }
  return { name, domain, nodes };
}
