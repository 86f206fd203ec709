/** The parts of an ONNX model that a scan keeps. Weights stay in the file: a tensor is known by its place. */
import type { Dim } from "../shared/model";

/** ONNX `TensorProto.DataType` by number. https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
export const elementTypes = [
  "undefined",
  "float32",
  "uint8",
  "int8",
  "uint16",
  "int16",
  "int32",
  "int64",
  "string",
  "bool",
  "float16",
  "float64",
  "uint32",
  "uint64",
  "complex64",
  "complex128",
  "bfloat16",
] as const;

export function elementTypeName(type: number): string {
  return elementTypes[type] ?? `type ${type}`;
}

/** Bytes of one element by type number; a type that is not listed has no fixed size. */
export const elementBytes: Readonly<Record<number, number>> = {
  1: 4,
  2: 1,
  3: 1,
  4: 2,
  5: 2,
  6: 4,
  7: 8,
  9: 1,
  10: 2,
  11: 8,
  12: 4,
  13: 8,
  16: 2,
};

export interface TensorRef {
  readonly name: string;
  readonly dims: readonly number[];
  readonly elementType: number;
  /** Where the values lie in the file: which field holds them, and its bytes. Null for external or empty data. */
  readonly data: {
    readonly field: "raw" | "float" | "int32" | "int64" | "double" | "uint64" | "string";
    readonly offset: number;
    readonly length: number;
  } | null;
  readonly external: ExternalData | null;
}

export interface ExternalData {
  readonly location: string;
  readonly offset: string | null;
  readonly length: string | null;
}

/** A tensor whose values lie in another file, and what holds it. */
export interface ExternalTensor {
  readonly name: string;
  readonly elementType: number;
  readonly dims: readonly number[];
  readonly external: ExternalData;
  /** Only an initializer may lie outside: an exporter puts nothing else there. */
  readonly place: "initializer" | "constant" | "sparse";
}

export interface Attribute {
  readonly name: string;
  readonly float?: number;
  readonly int?: bigint;
  readonly string?: string;
  readonly tensor?: TensorRef;
  readonly graph?: Graph;
  readonly floats?: readonly number[];
  readonly ints?: readonly bigint[];
  readonly strings?: readonly string[];
  /** In a function: the attribute of the call that gives the value. */
  readonly ref?: string;
  /** It holds a list of graphs, which are not kept. */
  readonly holdsGraphs?: true;
  /** Bytes of the attribute's content in the file: [start, end). */
  readonly range: { readonly start: number; readonly end: number };
}

export interface Node {
  /** Position in its graph. */
  readonly index: number;
  readonly name: string;
  readonly opType: string;
  readonly domain: string;
  /** Which of several functions of one name it calls; mostly empty. */
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
  readonly metadata: ReadonlyMap<string, string>;
  /** Bytes of the node's field in the file, its tag included: [start, end). */
  readonly range: { readonly start: number; readonly end: number };
}

export interface ValueInfo {
  readonly name: string;
  /** 0 when the value is not a tensor or its type is not told. */
  readonly elementType: number;
  readonly dims: readonly Dim[] | null;
}

export interface Graph {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly initializers: ReadonlyMap<string, TensorRef>;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly valueInfos: ReadonlyMap<string, ValueInfo>;
  readonly sparseInitializers: number;
}

/** FunctionProto: an operator that the model itself defines. */
export interface LocalFunction {
  readonly name: string;
  readonly domain: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Attributes that have a value where a call gives none. */
  readonly defaults: readonly Attribute[];
  readonly opsets: ReadonlyMap<string, number>;
  readonly nodes: readonly Node[];
}

export interface OnnxModel {
  readonly irVersion: number;
  readonly producer: string;
  /** Opset of the standard domain. */
  readonly opset: number;
  readonly opsets: ReadonlyMap<string, number>;
  readonly graph: Graph;
  readonly functions: readonly LocalFunction[];
  /** Functions whose nodes are not in the graph, and why: nobody calls them, or they could not be copied. */
  readonly notCopied: readonly { readonly called: LocalFunction; readonly reason: string }[];
  readonly metadata: ReadonlyMap<string, string>;
  /** Every tensor with external data, in bodies and functions too, also one that a later tensor of its name hides. */
  readonly external: readonly ExternalTensor[];
  /** The `graph` fields of the file: tag, start of the content and end. Usually one. */
  readonly graphFields: readonly { readonly start: number; readonly content: number; readonly end: number }[];
  /** Bytes that were read of the file. */
  readonly bytesRead: number;
}
