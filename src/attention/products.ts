/** The walk from a softmax back to the product of queries and keys, and on to the product with the values. */
import type { GraphView } from "../onnx/graph-view";
import type { Node } from "../onnx/model";

const MAX_WALK = 400;
/** Values that one walk looks at, and neighbours of one of them: real ones are some dozens, a hostile graph's thousands. */
const MAX_SEEN = 2_000;
const MAX_NEIGHBOURS = 500;

/**
 * The two factors of a node that multiplies and sums, in the order (rows, columns), or undefined. A product may be
 * written as Mul and ReduceSum, or run on integers.
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
    case "Einsum":
      return node.inputs.length === 2 ? [a, b] : undefined;
    case "QLinearMatMul":
      return [a, node.inputs[3] ?? ""];
    case "ReduceSum": {
      const times = view.producer(a);
      if (times?.opType !== "Mul") return undefined;
      const [left = "", right = ""] = times.inputs;
      const [x, y] = [view.shape(left), view.shape(right)];
      if (!x || !y) return undefined;
      const rank = Math.max(x.length, y.length);
      const dim = (shape: readonly unknown[], axis: number) => shape[axis - rank + shape.length] ?? 1;
      // Each factor is spread over an axis of the other: else one is a mask or a weight of the other.
      const spread = (one: readonly unknown[], other: readonly unknown[]) =>
        Array.from({ length: rank }).some((_, axis) => dim(one, axis) === 1 && dim(other, axis) !== 1);
      return spread(x, y) && spread(y, x) ? [left, right] : undefined;
    }
    default:
      return undefined;
  }
}

/** Operators between the score product and the softmax: scale, mask, bias, softcap, casts and changes of layout. */
const beforeSoftmax = new Set(
  "Mul Div Add Sub Where Cast CastLike Clip Tanh Reshape Transpose Expand Squeeze Unsqueeze Slice Concat Identity Dropout Min Max Neg Flatten DequantizeLinear QuantizeLinear Pad QLinearAdd QLinearMul".split(
    " ",
  ),
);
/** Operators between the softmax and the value product, and those of them that change a value. */
const afterSoftmax = new Set(
  "Cast CastLike Dropout Where Mul Div Reshape Transpose Identity Slice Squeeze Unsqueeze Flatten Expand Clip Max Min QuantizeLinear DequantizeLinear DynamicQuantizeLinear".split(
    " ",
  ),
);
const changesValues = new Set(["Where", "Mul", "Div", "Slice", "Clip", "Max", "Min"]);
/** Operators that leave every value as it is. */
export const onlyLayout = new Set("Cast Identity Reshape Squeeze Unsqueeze Transpose Flatten".split(" "));

/** Inputs of a node that carry data: not a condition, an index or a shape. */
export function dataInputs(node: Node): readonly string[] {
  switch (node.opType) {
    case "Where":
      return node.inputs.slice(1, 3);
    case "QLinearAdd":
    case "QLinearMul":
      return [node.inputs[0] ?? "", node.inputs[3] ?? ""];
    case "Add":
    case "Sub":
    case "Mul":
    case "Div":
    case "Min":
    case "Max":
    case "Concat":
      return node.inputs;
    default:
      return node.inputs.slice(0, 1);
  }
}

/** Whether a node multiplies two tensors that both depend on the input; a learnt query of rank 3 or more counts. */
export function isProduct(node: Node, view: GraphView): boolean {
  const operands = productOperands(node, view);
  if (!operands) return false;
  const constants = operands.filter((name) => view.isConstant(name));
  if (constants.length === 2) return false;
  if (constants.length === 0) return true;
  return (
    node.opType !== "Gemm" &&
    node.opType !== "ReduceSum" &&
    (view.shape(constants[0] as string)?.length ?? 0) >= 3
  );
}

/**
 * The products that the scores of a softmax are made of, nearest first. Where one multiplies two tensors of the input,
 * those with a constant (relative positions) are left out.
 */
export function scoreProducts(score: string, view: GraphView): Node[] {
  const found: Node[] = [];
  const seen = new Set<string>();
  let queue = [score];
  for (let steps = 0; queue.length > 0 && steps < MAX_WALK; steps++) {
    const next: string[] = [];
    for (const value of queue) {
      if (seen.has(value) || seen.size > MAX_SEEN) continue;
      seen.add(value);
      const node = view.producer(value);
      if (!node) continue;
      if (isProduct(node, view)) found.push(node);
      else if (beforeSoftmax.has(node.opType)) next.push(...dataInputs(node).slice(0, MAX_NEIGHBOURS));
    }
    queue = next;
  }
  const ofInputs = found.filter((node) =>
    productOperands(node, view)?.every((name) => !view.isConstant(name)),
  );
  return ofInputs.length > 0 ? ofInputs : found;
}

/** The nodes from the products to the scores, in graph order. */
export function scoreChain(score: string, products: readonly Node[], view: GraphView): Node[] {
  const stop = new Set(products);
  const chain = new Set<Node>(products);
  const leadsToProduct = new Map<string, boolean>();
  const visit = (value: string, depth: number): boolean => {
    const known = leadsToProduct.get(value);
    if (known !== undefined || depth > MAX_WALK) return known ?? false;
    leadsToProduct.set(value, false);
    const node = view.producer(value);
    if (!node) return false;
    if (stop.has(node)) return true;
    if (!beforeSoftmax.has(node.opType)) return false;
    const leads = dataInputs(node)
      .map((input) => visit(input, depth + 1))
      .includes(true);
    if (leads) chain.add(node);
    leadsToProduct.set(value, leads);
    return leads;
  };
  visit(score, 0);
  return [...chain].sort((a, b) => a.index - b.index);
}

export interface ValuePath {
  /** The product with the values, or undefined where the probabilities meet none. */
  readonly product: Node | undefined;
  /** The map: the tensor after the last operator that changes a value. */
  readonly map: string;
  /** Whether anything between softmax and values changes a value. */
  readonly changed: boolean;
  /** All tensors on the way, from the softmax's output to the product's operand. */
  readonly tensors: readonly string[];
}

/** The way from a softmax's output to the values, shortest first. */
export function valuePath(probability: string, view: GraphView): ValuePath {
  interface Step {
    readonly tensors: readonly string[];
    readonly map: string;
    readonly changed: boolean;
  }
  const queue: Step[] = [{ tensors: [probability], map: probability, changed: false }];
  const seen = new Set<string>([probability]);
  for (let steps = 0; queue.length > 0 && steps < MAX_WALK; steps++) {
    const step = queue.shift() as Step;
    const value = step.tensors[step.tensors.length - 1] as string;
    for (const node of view.consumers(value).slice(0, MAX_NEIGHBOURS)) {
      const product = valueProduct(node, value, view);
      if (product) return { product, ...step };
      if (!afterSoftmax.has(node.opType) || !dataInputs(node).includes(value)) continue;
      const output = node.outputs[0];
      if (!output || seen.has(output)) continue;
      seen.add(output);
      const changes = changesValues.has(node.opType) && !isMaskless(node, view);
      // What was rounded to 8 bits is what meets the values; a weight that became 0 by it is not masked.
      const requantised = node.opType === "DequantizeLinear";
      queue.push({
        tensors: [...step.tensors, output],
        map: changes || requantised ? output : step.map,
        changed: step.changed || changes,
      });
    }
  }
  return { product: undefined, map: probability, changed: false, tensors: [probability] };
}

/** The product with the values that a consumer of the probabilities is, or begins. */
function valueProduct(node: Node, probabilities: string, view: GraphView): Node | undefined {
  if (node.opType !== "Mul") return isProduct(node, view) ? node : undefined;
  // Probabilities times values, summed over the keys: the probabilities are spread over the features.
  const other = node.inputs.find((input) => input !== probabilities) ?? "";
  const [shares, values] = [view.shape(probabilities), view.shape(other)];
  const spread = shares?.some(
    (dim, axis) => dim === 1 && (values?.[axis - shares.length + values.length] ?? 1) !== 1,
  );
  if (!spread) return undefined;
  return view
    .consumers(node.outputs[0] ?? "")
    .find((next) => next.opType === "ReduceSum" && isProduct(next, view));
}

/** A Mul or Div by 1 (a scale that was exported although it does nothing). */
function isMaskless(node: Node, view: GraphView): boolean {
  if (node.opType !== "Mul" && node.opType !== "Div") return false;
  return node.inputs.some((input) => {
    const values = view.values(input);
    return values?.length === 1 && values[0] === 1;
  });
}
