/**
 * Reads the graph of an ONNX file and steps over its weights. Field numbers: onnx.proto
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto). Repeated `graph` fields merge, as in protobuf.
 */
import { WireType } from "@bufbuild/protobuf/wire";
import { AttentionError } from "../shared/errors";
import type { Dim } from "../shared/model";
import type {
  Attribute,
  ExternalData,
  ExternalTensor,
  LocalFunction,
  Node,
  OnnxModel,
  TensorRef,
  ValueInfo,
} from "./model";
import type { ByteSource } from "./source";
import { Cursor, type Field, Window } from "./wire";

/** More nodes than this are refused: the largest language models exported so far have about 100,000. */
const MAX_NODES = 1_000_000;
/** Inputs or outputs of one node or graph, functions: some are spread into calls, so they must fit a stack. */
const MAX_NAMES = 50_000;
const MAX_RANK = 64;
/** Numbers of an attribute that are kept; what is longer (the leaves of a tree ensemble) are weights to us. */
const MAX_NUMBERS = 10_000;
/** A text attribute that is longer (a compiled model inside the model) is stepped over. */
const MAX_ATTRIBUTE_TEXT = 1 << 20;

/** What is gathered from the whole file, wherever it lies in it. */
interface Scan {
  nodes: number;
  readonly external: ExternalTensor[];
}

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
  const scan: Scan = { nodes: 0, external: [] };
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
        readGraph(graphField(message(cursor, field), start, graphFields), graph, scan);
        break;
      case 8:
        readOpset(message(cursor, field), opsets);
        break;
      case 14:
        readEntry(message(cursor, field), metadata);
        break;
      case 25:
        push(functions, readFunction(message(cursor, field), scan), "functions");
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
    external: scan.external,
    graphFields,
    bytesRead: window.bytesRead,
  };
}

function graphField(
  inner: Cursor,
  start: number,
  into: { start: number; content: number; end: number }[],
): Cursor {
  push(into, { start, content: inner.offset, end: inner.end }, "graphs");
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

/** Appends to a list that must stay short. */
function push<T>(list: T[], value: T, what: string): void {
  if (list.length >= MAX_NAMES) throw new AttentionError("limits", `More than ${MAX_NAMES} ${what}.`);
  list.push(value);
}

function readGraph(cursor: Cursor, into: GraphBuilder, scan: Scan): void {
  let start = cursor.offset;
  for (let field = cursor.field(); field; start = cursor.offset, field = cursor.field()) {
    switch (field.number) {
      case 1:
        into.nodes.push(readNode(message(cursor, field), into.nodes.length, start, scan));
        break;
      case 2:
        into.name = text(cursor, field);
        break;
      case 5: {
        const tensor = readTensor(message(cursor, field), scan, "initializer");
        into.initializers.set(tensor.name, tensor);
        break;
      }
      case 11:
        push(into.inputs, readValueInfo(message(cursor, field)), "inputs of a graph");
        break;
      case 12:
        push(into.outputs, readValueInfo(message(cursor, field)), "outputs of a graph");
        break;
      case 13: {
        const info = readValueInfo(message(cursor, field));
        into.valueInfos.set(info.name, info);
        break;
      }
      case 15:
        into.sparseInitializers += 1;
        readSparse(message(cursor, field), scan);
        break;
      default:
        cursor.skip(field);
    }
  }
}

const noAttributes: ReadonlyMap<string, Attribute> = new Map();
const noMetadata: ReadonlyMap<string, string> = new Map();

/** @param start where the node's field begins, its tag included */
function readNode(cursor: Cursor, index: number, start: number, scan: Scan): Node {
  scan.nodes += 1;
  if (scan.nodes > MAX_NODES) throw new AttentionError("limits", `More than ${MAX_NODES} nodes.`);
  const inputs: string[] = [];
  const outputs: string[] = [];
  let attributes: Map<string, Attribute> | undefined;
  let metadata: Map<string, string> | undefined;
  const range = { start, end: cursor.end };
  let name = "";
  let opType = "";
  let domain = "";
  for (let field = cursor.field(); field; field = cursor.field()) {
    switch (field.number) {
      case 1:
        push(inputs, text(cursor, field), "inputs of a node");
        break;
      case 2:
        push(outputs, text(cursor, field), "outputs of a node");
        break;
      case 3:
        name = text(cursor, field);
        break;
      case 4:
        opType = text(cursor, field);
        break;
      case 5: {
        const attribute = readAttribute(message(cursor, field), scan);
        attributes ??= new Map();
        attributes.set(attribute.name, attribute);
        break;
      }
      case 7:
        domain = text(cursor, field);
        break;
      case 9:
        metadata ??= new Map();
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
    attributes: attributes ?? noAttributes,
    metadata: metadata ?? noMetadata,
    range,
  };
}

/** A field that protobuf would merge when it came twice: no exporter writes it so, and a check could read the other. */
function once(seen: boolean, what: string): void {
  if (seen) throw new AttentionError("limits", `An attribute holds two ${what}s where one is meant.`);
}

function readAttribute(cursor: Cursor, scan: Scan): Attribute {
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
        expect(field, WireType.LengthDelimited);
        value.string = cursor.string(MAX_ATTRIBUTE_TEXT);
        break;
      case 5:
        once(value.tensor !== undefined, "tensor");
        value.tensor = readTensor(message(cursor, field), scan, "constant");
        break;
      case 6: {
        once(value.graph !== undefined, "graph");
        const graph = emptyGraph();
        readGraph(message(cursor, field), graph, scan);
        value.graph = graph;
        break;
      }
      case 7:
        cursor.floats(field, floats, MAX_NUMBERS);
        break;
      case 8:
        cursor.integers(field, ints, MAX_NUMBERS);
        break;
      case 9:
        expect(field, WireType.LengthDelimited);
        if (strings.length < MAX_NUMBERS) strings.push(cursor.string(MAX_ATTRIBUTE_TEXT));
        else cursor.skip(field);
        break;
      case 10:
        readTensor(message(cursor, field), scan, "constant");
        break;
      case 11:
        // No standard operator holds a list of graphs; what lies in it is checked and not shown.
        readGraph(message(cursor, field), emptyGraph(), scan);
        break;
      case 22:
      case 23:
        readSparse(message(cursor, field), scan);
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

/** A SparseTensorProto: two tensors, of which only the place of their values matters here. */
function readSparse(cursor: Cursor, scan: Scan): void {
  for (let field = cursor.field(); field; field = cursor.field()) {
    if (field.number === 1 || field.number === 2) readTensor(message(cursor, field), scan, "sparse");
    else cursor.skip(field);
  }
}

function readTensor(cursor: Cursor, scan: Scan, place: ExternalTensor["place"]): TensorRef {
  const dims: bigint[] = [];
  let name = "";
  let elementType = 0;
  let data: TensorRef["data"] = null;
  const external = new Map<string, string>();
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
        readExternalEntry(message(cursor, field), external);
        break;
      default:
        cursor.skip(field);
    }
  }
  if (dims.length > MAX_RANK)
    throw new AttentionError("limits", `The tensor ${name} has more than ${MAX_RANK} dimensions.`);
  const tensor = { name, dims: dims.map(Number), elementType, data, external: externalData(external) };
  if (tensor.external) {
    scan.external.push({ name, dims: tensor.dims, elementType, external: tensor.external, place });
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
  if (!Number.isSafeInteger(version))
    throw new AttentionError("truncated", `The opset ${domain} has the version ${version}.`);
  into.set(domain === "ai.onnx" ? "" : domain, version);
}

function readFunction(cursor: Cursor, scan: Scan): LocalFunction {
  let name = "";
  let domain = "";
  const nodes: Node[] = [];
  let start = cursor.offset;
  for (let field = cursor.field(); field; start = cursor.offset, field = cursor.field()) {
    if (field.number === 1) name = text(cursor, field);
    else if (field.number === 10) domain = text(cursor, field);
    else if (field.number === 7) nodes.push(readNode(message(cursor, field), nodes.length, start, scan));
    // Default values of its attributes.
    else if (field.number === 11) readAttribute(message(cursor, field), scan);
    else cursor.skip(field);
  }
  return { name, domain, nodes };
}
