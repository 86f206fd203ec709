/**
 * Reads the graph of an ONNX file and steps over its weights. Field numbers: onnx.proto
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto). Repeated `graph` fields merge, as in protobuf.
 */
import { WireType } from "@bufbuild/protobuf/wire";
import { AttentionError } from "../shared/errors";
import { expect, message, push, readEntry, text } from "./fields";
import type { Attribute, LocalFunction, Node, OnnxModel } from "./model";
import { emptyGraph, readAttribute, readGraph, readNode, type Scan } from "./read-graph";
import type { ByteSource } from "./source";
import { Cursor, Window } from "./wire";

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
    notCopied: functions.map((called) => ({ called, reason: "its nodes were not copied into the graph" })),
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
  let overload = "";
  const inputs: string[] = [];
  const outputs: string[] = [];
  const defaults: Attribute[] = [];
  const opsets = new Map<string, number>();
  const nodes: Node[] = [];
  let start = cursor.offset;
  for (let field = cursor.field(); field; start = cursor.offset, field = cursor.field()) {
    switch (field.number) {
      case 1:
        name = text(cursor, field);
        break;
      case 4:
        push(inputs, text(cursor, field), "inputs of a function");
        break;
      case 5:
        push(outputs, text(cursor, field), "outputs of a function");
        break;
      case 7:
        nodes.push(readNode(message(cursor, field), nodes.length, start, scan));
        break;
      case 9:
        readOpset(message(cursor, field), opsets);
        break;
      case 10:
        domain = text(cursor, field);
        break;
      case 11:
        push(defaults, readAttribute(message(cursor, field), scan), "attributes of a function");
        break;
      case 13:
        overload = text(cursor, field);
        break;
      default:
        cursor.skip(field);
    }
  }
  return {
    name,
    domain: domain === "ai.onnx" ? "" : domain,
    overload,
    inputs,
    outputs,
    defaults,
    opsets,
    nodes,
  };
}
