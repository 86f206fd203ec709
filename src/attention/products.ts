/** The walk from a softmax back to the product of queries and keys, and on to the product with the values. */
import type { GraphView } from "../onnx/graph-view";
import type { Node } from "../onnx/model";

const MAX_WALK = 400;

const productOps = new Set(["MatMul", "FusedMatMul", "Einsum", "Gemm"]);

/** Operators between the score product and the softmax: scale, mask, bias, softcap, casts and changes of layout. */
const beforeSoftmax = new Set(
  "Mul Div Add Sub Where Cast CastLike Clip Tanh Reshape Transpose Expand Squeeze Unsqueeze Slice Concat Identity Dropout Min Max Neg Flatten".split(
    " ",
  ),
);
/** Operators between the softmax and the value product, and those of them that change a value. */
const afterSoftmax = new Set(
  "Cast CastLike Dropout Where Mul Div Reshape Transpose Identity Slice Squeeze Unsqueeze Flatten Expand Clip Max Min".split(
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
  if (!productOps.has(node.opType)) return false;
  const [a = "", b = ""] = node.inputs;
  if (node.opType === "Einsum" && node.inputs.length !== 2) return false;
  const constants = [a, b].filter((name) => view.isConstant(name));
  if (constants.length === 2) return false;
  if (constants.length === 0) return true;
  return node.opType !== "Gemm" && (view.shape(constants[0] as string)?.length ?? 0) >= 3;
}

/** All products that the scores of a softmax are made of, nearest first. */
export function scoreProducts(score: string, view: GraphView): Node[] {
  const found: Node[] = [];
  const seen = new Set<string>();
  let queue = [score];
  for (let steps = 0; queue.length > 0 && steps < MAX_WALK; steps++) {
    const next: string[] = [];
    for (const value of queue) {
      if (seen.has(value)) continue;
      seen.add(value);
      const node = view.producer(value);
      if (!node) continue;
      if (isProduct(node, view)) found.push(node);
      else if (beforeSoftmax.has(node.opType)) next.push(...dataInputs(node));
    }
    queue = next;
  }
  return found;
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
    for (const node of view.consumers(value)) {
      if (productOps.has(node.opType) && isProduct(node, view)) return { product: node, ...step };
      if (!afterSoftmax.has(node.opType) || !dataInputs(node).includes(value)) continue;
      const output = node.outputs[0];
      if (!output || seen.has(output)) continue;
      seen.add(output);
      const changes = changesValues.has(node.opType) && !isMaskless(node, view);
      queue.push({
        tensors: [...step.tensors, output],
        map: changes ? output : step.map,
        changed: step.changed || changes,
      });
    }
  }
  return { product: undefined, map: probability, changed: false, tensors: [probability] };
}

/** A Mul or Div by 1 (a scale that was exported although it does nothing). */
function isMaskless(node: Node, view: GraphView): boolean {
  if (node.opType !== "Mul" && node.opType !== "Div") return false;
  return node.inputs.some((input) => {
    const values = view.values(input);
    return values?.length === 1 && values[0] === 1;
  });
}
