/** GraphProto, NodeProto and AttributeProto, which hold each other. */
import { WireType } from "@bufbuild/protobuf/wire";
import { AttentionError } from "../shared/errors";
import { expect, message, push, readEntry, text } from "./fields";
import type { Attribute, ExternalTensor, Node, TensorRef, ValueInfo } from "./model";
import { readSparse, readTensor } from "./read-tensor";
import { readValueInfo } from "./read-value";
import type { Cursor } from "./wire";

/** More nodes than this are refused: the largest language models exported so far have about 100,000. */
const MAX_NODES = 1_000_000;
/** Numbers of an attribute that are kept; what is longer (the leaves of a tree ensemble) are weights to us. */
const MAX_NUMBERS = 10_000;
/** A text attribute that is longer (a compiled model inside the model) is stepped over. */
const MAX_ATTRIBUTE_TEXT = 1 << 20;

/** What is gathered from the whole file, wherever it lies in it. */
export interface Scan {
  nodes: number;
  readonly external: ExternalTensor[];
}

export interface GraphBuilder {
  name: string;
  nodes: Node[];
  initializers: Map<string, TensorRef>;
  inputs: ValueInfo[];
  outputs: ValueInfo[];
  valueInfos: Map<string, ValueInfo>;
  sparseInitializers: number;
}

export const emptyGraph = (): GraphBuilder => ({
  name: "",
  nodes: [],
  initializers: new Map(),
  inputs: [],
  outputs: [],
  valueInfos: new Map(),
  sparseInitializers: 0,
});

export function readGraph(cursor: Cursor, into: GraphBuilder, scan: Scan): void {
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
        const tensor = readTensor(message(cursor, field), scan.external, "initializer");
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
        readSparse(message(cursor, field), scan.external);
        break;
      default:
        cursor.skip(field);
    }
  }
}

const noAttributes: ReadonlyMap<string, Attribute> = new Map();
const noMetadata: ReadonlyMap<string, string> = new Map();

/** @param start where the node's field begins, its tag included */
export function readNode(cursor: Cursor, index: number, start: number, scan: Scan): Node {
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
  let overload = "";
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
      case 8:
        overload = text(cursor, field);
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
    overload,
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

export function readAttribute(cursor: Cursor, scan: Scan): Attribute {
  let name = "";
  const range = { start: cursor.offset, end: cursor.end };
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
        value.tensor = readTensor(message(cursor, field), scan.external, "constant");
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
        readTensor(message(cursor, field), scan.external, "constant");
        break;
      case 11:
        // No standard operator holds a list of graphs; what lies in it is checked and not shown.
        value.holdsGraphs = true;
        readGraph(message(cursor, field), emptyGraph(), scan);
        break;
      case 21:
        value.ref = text(cursor, field);
        break;
      case 22:
      case 23:
        readSparse(message(cursor, field), scan.external);
        break;
      default:
        cursor.skip(field);
    }
  }
  return {
    name,
    range,
    ...value,
    ...(ints.length ? { ints } : {}),
    ...(floats.length ? { floats } : {}),
    ...(strings.length ? { strings } : {}),
  };
}
