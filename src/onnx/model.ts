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
}

export interface Node {
  /** Position in its graph. */
  readonly index: number;
  readonly name: string;
  readonly opType: string;
  readonly domain: string;
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

export interface LocalFunction {
  readonly name: string;
  readonly domain: string;
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
  readonly metadata: ReadonlyMap<string, string>;
  /** Every tensor with external data, in bodies and functions too, also one that a later tensor of its name hides. */
  readonly external: readonly ExternalTensor[];
  /** The `graph` fields of the file: tag, start of the content and end. Usually one. */
  readonly graphFields: readonly { readonly start: number; readonly content: number; readonly end: number }[];
  /** Bytes that were read of the file. */
  readonly bytesRead: number;
}
