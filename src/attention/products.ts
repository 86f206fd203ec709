/** What multiplies two tensors and sums: the product of queries and keys, and the one with the values. */
import type { GraphView } from "../onnx/graph-view";
import type { Node } from "../onnx/model";

/**
 * The two factors of a node that multiplies and sums, in the order (rows, columns), or undefined. A product may be
 * written as Mul and ReduceSum, run on integers, or scale by constants in the same Einsum; additive scores are an outer
 * sum in its place.
 */
export function productOperands(node: Node, view: GraphView): readonly [string, string] | undefined {
  const [a = "", b = ""] = node.inputs;
  switch (node.opType) {
    case "MatMul":
    case "FusedMatMul":
    case "Gemm":
    case "MatMulInteger":
    case "MatMulIntegerToFloat":
      return [a, b];
    case "Einsum": {
      const factors =
        node.inputs.length === 2 ? [a, b] : node.inputs.filter((name) => !view.isConstant(name));
      return factors.length === 2 ? (factors as [string, string]) : undefined;
    }
    case "QLinearMatMul":
    case "QGemm":
      return [a, node.inputs[3] ?? ""];
    case "Add":
    case "Sub":
      return isOuterSum(node, view) ? [a, b] : undefined;
    case "ReduceSum": {
      const times = view.producer(a);
      if (times?.opType !== "Mul") return undefined;
      const [left = "", right = ""] = times.inputs;
      return spreadBoth(left, right, view) ? [left, right] : undefined;
    }
    default:
      return undefined;
  }
}

/** Whether each factor is spread over an axis of the other: else one is a mask or a weight of the other. */
function spreadBoth(left: string, right: string, view: GraphView): boolean {
  return spreads(left, right, view) && spreads(right, left, view);
}

/** Whether `one` is of size 1 along an axis where `other` is not. */
function spreads(one: string, other: string, view: GraphView): boolean {
  const [x, y] = [view.shape(one), view.shape(other)];
  if (!x || !y) return false;
  const rank = Math.max(x.length, y.length);
  const dim = (shape: readonly unknown[], axis: number) => shape[axis - rank + shape.length] ?? 1;
  return Array.from({ length: rank }).some((_, axis) => dim(x, axis) === 1 && dim(y, axis) !== 1);
}

const floats = new Set([1, 10, 11, 16]);
/** Real sums have a handful; a hostile graph's have thousands. */
const MAX_CONSUMERS = 50;

/**
 * The sum of each query with each key, from which additive attention makes its scores (Bahdanau, graph attention). With
 * one query, its sum with every key; an activation must follow, since without one it would be a bias.
 */
export function isOuterSum(node: Node, view: GraphView): boolean {
  const [a = "", b = ""] = node.inputs;
  if (
    (node.opType !== "Add" && node.opType !== "Sub") ||
    !floats.has(view.elementType(node.outputs[0] ?? ""))
  )
    return false;
  if (view.isConstant(a) || view.isConstant(b)) return false;
  if (spreadBoth(a, b, view)) return true;
  const activated = view
    .consumers(node.outputs[0] ?? "")
    .slice(0, MAX_CONSUMERS)
    .some(({ opType }) => activations.has(opType) && opType !== "Softmax");
  return activated && (spreads(a, b, view) || spreads(b, a, view));
}

export const activations: ReadonlySet<string> = new Set(
  "Tanh LeakyRelu Relu Elu Selu PRelu Sigmoid Gelu Softplus Celu Swish HardSwish QLinearLeakyRelu QLinearSigmoid".split(
    " ",
  ),
);

/** How much of a product comes from the input: both factors, one (learnt queries, relative positions), or none. */
export type Share = "both" | "one" | "none";

/**
 * Whether a node is a product, and of what. A weight of rank 2 makes a projection of it and none of rank 3 or more; what
 * both factors are computed from constants is a product as well (learnt queries among themselves).
 */
export function productShare(node: Node, view: GraphView): Share | undefined {
  if (node.opType === "Add" || node.opType === "Sub" || node.opType === "QGemm") return undefined;
  const operands = productOperands(node, view);
  if (!operands) return undefined;
  const constants = operands.filter((name) => view.isConstant(name));
  if (constants.length === 0) return "both";
  if (node.opType === "Gemm" || node.opType === "ReduceSum") return undefined;
  const high = (name: string) => (view.shape(name)?.length ?? 0) >= 3;
  if (constants.length === 1) return high(constants[0] as string) ? "one" : undefined;
  const computed = (name: string) => (view.producer(name)?.inputs.length ?? 0) > 0;
  return operands.every((name) => high(name) && computed(name)) ? "none" : undefined;
}

/** Whether a node multiplies two tensors that both depend on the input; a learnt query of rank 3 or more counts. */
export function isProduct(node: Node, view: GraphView): boolean {
  const share = productShare(node, view);
  return share === "both" || share === "one";
}

const linear = new Set(
  "MatMul FusedMatMul Gemm Einsum Conv MatMulInteger MatMulIntegerToFloat QLinearMatMul QGemm QLinearConv MatMulNBits".split(
    " ",
  ),
);

/**
 * The one factor of a node that a constant matrix mixes: heads that talk to each other, or a projection. Undefined for
 * other nodes.
 */
export function mixedOperand(node: Node, view: GraphView): string | undefined {
  if (!linear.has(node.opType)) return undefined;
  const factors =
    node.opType === "Conv" || node.opType === "MatMulNBits"
      ? node.inputs.slice(0, 2)
      : node.opType === "QLinearConv"
        ? [node.inputs[0] ?? "", node.inputs[3] ?? ""]
        : node.opType === "Einsum"
          ? node.inputs
          : (productOperands(node, view) ?? []);
  const own = factors.filter((name) => !view.isConstant(name));
  return own.length === 1 && factors.length > 1 ? own[0] : undefined;
}

/** Operators that leave every value as it is. */
export const onlyLayout: ReadonlySet<string> = new Set(
  "Cast Identity Reshape Squeeze Unsqueeze Transpose Flatten".split(" "),
);

/** Inputs of a node that carry data: not a condition, an index or a shape. */
export function dataInputs(node: Node): readonly string[] {
  switch (node.opType) {
    case "Where":
      return node.inputs.slice(1, 3);
    case "QLinearAdd":
    case "QLinearMul":
      return [node.inputs[0] ?? "", node.inputs[3] ?? ""];
    case "ScatterND":
    case "ScatterElements":
      return [node.inputs[0] ?? "", node.inputs[2] ?? ""];
    case "QLinearConcat":
      return node.inputs.filter((_, index) => index % 3 === 2);
    case "Add":
    case "Sub":
    case "Mul":
    case "Div":
    case "Min":
    case "Max":
    case "Sum":
    case "Concat":
      return node.inputs;
    default:
      return node.inputs.slice(0, 1);
  }
}
