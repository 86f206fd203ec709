/** What an operator with weights is, in the words of the frameworks: a Linear of 64 → 192, an Embedding of 33 × 16. */
import type { Node, TensorRef } from "./model";

export interface OperatorFacts {
  readonly type: string;
  readonly size: string;
  /** Whether it adds a bias; null where it has none by its nature. */
  readonly bias: boolean | null;
}

interface Operand {
  readonly tensor: TensorRef;
  /** Whether its axes are swapped on the way to the operator. */
  readonly swapped: boolean;
}

export interface KnownOperator {
  readonly type: string;
  readonly size: string;
  readonly weight: TensorRef;
  /** Whether operators of this kind may have a bias. */
  readonly takesBias: boolean;
  /** Its bias, where it is one of its own operands; null where it may be added behind it. */
  readonly bias: string | boolean | null;
  /** Width of its result; null where that is not one axis. */
  readonly width: number | null;
}

const products =
  /^(MatMul|FusedMatMul|MatMulInteger|DynamicQuantizeMatMul|QLinearMatMul|MatMulIntegerToFloat)$/;
const convolutions = /^(Conv|ConvInteger|QLinearConv|FusedConv|ConvTranspose)$/;
const norms: Readonly<Record<string, string>> = {
  LayerNormalization: "LayerNorm",
  SkipLayerNormalization: "LayerNorm",
  SimplifiedLayerNormalization: "RMSNorm",
  SkipSimplifiedLayerNormalization: "RMSNorm",
  RMSNormalization: "RMSNorm",
  BatchNormalization: "BatchNorm",
  InstanceNormalization: "InstanceNorm",
  GroupNormalization: "GroupNorm",
};

const pair = (from: number | undefined, to: number | undefined) => `${from ?? "?"} → ${to ?? "?"}`;
/** `8 × 8`, or `3` for one axis. */
const kernel = (dims: readonly number[]) => dims.join(" × ");

/** @param operands the initializer that each input is, if it is one */
export function operatorFacts(node: Node, operands: readonly (Operand | null)[]): KnownOperator | null {
  const { opType } = node;
  if (products.test(opType)) return product(node, operands);
  if (opType === "Gemm" || opType === "QGemm") return gemm(node, operands);
  if (convolutions.test(opType)) return convolution(node, operands);
  if (opType === "Gather" || opType === "EmbedLayerNormalization")
    return lookUp(operands[opType === "Gather" ? 0 : 2]);
  if (opType === "Einsum") return einsum(operands);
  if (norms[opType] !== undefined) return norm(norms[opType], node, operands);
  if (opType === "Attention" && operands[1]) return packed(operands);
  if (/^(LSTM|GRU|RNN)$/.test(opType)) return recurrent(node, operands);
  return null;
}

function product(node: Node, operands: readonly (Operand | null)[]): KnownOperator | null {
  const at = operands[1] ? 1 : node.opType === "QLinearMatMul" && operands[3] ? 3 : operands[0] ? 0 : -1;
  const operand = operands[at];
  if (!operand || operand.tensor.dims.length < 2) return null;
  const [rows, columns] = matrix(operand, at === 0 || node.attributes.get("transB")?.int === 1n);
  return linear(operand.tensor, rows, columns, null);
}

function gemm(node: Node, operands: readonly (Operand | null)[]): KnownOperator | null {
  const operand = operands[1];
  if (!operand || operand.tensor.dims.length !== 2) return null;
  const [rows, columns] = matrix(operand, node.attributes.get("transB")?.int === 1n);
  return linear(operand.tensor, rows, columns, node.inputs[2] ? (operands[2]?.tensor.name ?? true) : null);
}

/** The last two axes as [in, out]. */
function matrix({ tensor, swapped }: Operand, turned: boolean): [number | undefined, number | undefined] {
  const [a, b] = tensor.dims.slice(-2);
  return swapped === turned ? [a, b] : [b, a];
}

function linear(
  weight: TensorRef,
  from: number | undefined,
  to: number | undefined,
  bias: string | boolean | null,
): KnownOperator {
  return { type: "Linear", size: pair(from, to), weight, takesBias: true, bias, width: to ?? null };
}

function convolution(node: Node, operands: readonly (Operand | null)[]): KnownOperator | null {
  const at = node.opType === "QLinearConv" ? 3 : 1;
  const weight = operands[at]?.tensor;
  if (!weight || weight.dims.length < 3) return null;
  const groups = Number(node.attributes.get("group")?.int ?? 1n);
  const [first = 0, second = 0, ...window] = weight.dims;
  const turned = node.opType === "ConvTranspose";
  const [from, to] = turned ? [first, second * groups] : [second * groups, first];
  const bias = node.inputs[node.opType === "QLinearConv" ? 8 : 2];
  return {
    type: `Conv${turned ? "Transpose" : ""}${window.length}d`,
    size: `${pair(from, to)}, ${kernel(window)}${groups > 1 ? `, ${groups} groups` : ""}`,
    weight,
    takesBias: true,
    bias: bias ? (operands[2]?.tensor.name ?? true) : null,
    width: null,
  };
}

function lookUp(operand: Operand | null | undefined): KnownOperator | null {
  const weight = operand?.tensor;
  if (weight?.dims.length !== 2) return null;
  const plain = { type: "Embedding", size: kernel(weight.dims), weight };
  return { ...plain, takesBias: false, bias: null, width: null };
}

/** A product over axes that only its equation tells: its size is that of its weight. */
function einsum(operands: readonly (Operand | null)[]): KnownOperator | null {
  const weight = operands.find((each) => each && each.tensor.dims.length > 1)?.tensor;
  if (!weight) return null;
  return { type: "Einsum", size: kernel(weight.dims), weight, takesBias: true, bias: null, width: null };
}

function norm(
  type: string,
  { opType, inputs }: Node,
  operands: readonly (Operand | null)[],
): KnownOperator | null {
  const at = opType.startsWith("Skip") ? 2 : 1;
  const weight = operands[at]?.tensor;
  if (!weight) return null;
  const takesBias = type !== "RMSNorm";
  const bias = takesBias && inputs[at + 1] ? (operands[at + 1]?.tensor.name ?? true) : null;
  return { type, size: kernel(weight.dims), weight, takesBias, bias, width: null };
}

/** com.microsoft Attention: the projections of queries, keys and values in one. */
function packed(operands: readonly (Operand | null)[]): KnownOperator | null {
  const weight = operands[1]?.tensor;
  if (weight?.dims.length !== 2) return null;
  const size = pair(weight.dims[0], weight.dims[1]);
  return {
    type: "Attention",
    size,
    weight,
    takesBias: true,
    bias: operands[2]?.tensor.name ?? null,
    width: null,
  };
}

function recurrent(node: Node, operands: readonly (Operand | null)[]): KnownOperator | null {
  const [weight, again] = [operands[1]?.tensor, operands[2]?.tensor];
  if (!weight || !again) return null;
  const size = pair(weight.dims[2], again.dims[2]);
  return {
    type: node.opType,
    size,
    weight,
    takesBias: true,
    bias: node.inputs[3] ? (operands[3]?.tensor.name ?? true) : null,
    width: null,
  };
}
