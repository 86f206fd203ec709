/**
 * Self or cross attention: whether queries and keys derive from the same tensor. The walk goes from both operands of
 * the score product back to the inputs of their projections, through rotary embedding, norms, caches and layout.
 */
import type { SiteKind } from "../shared/model";
import type { GraphView } from "../onnx/graph-view";
import type { Node } from "../onnx/model";
import { isProduct, mixedOperand } from "./products";

const MAX_WALK = 3_000;

/** Tensors that the projections of `operand` read, seen through layer norms. */
function sources(operand: string, view: GraphView): Set<string> {
  const found = new Set<string>();
  const seen = new Set<string>();
  const queue = [operand];
  for (let steps = 0; queue.length > 0 && steps < MAX_WALK; steps++) {
    const value = queue.pop() as string;
    if (seen.has(value) || view.isConstant(value)) continue;
    seen.add(value);
    const node = view.producer(value);
    if (!node) {
      const formal = view.formal(value);
      if (formal) queue.push(formal.from);
      else found.add(value);
      continue;
    }
    const projected = recurrent.has(node.opType) ? node.inputs[0] : mixedOperand(node, view);
    if (projected !== undefined) {
      found.add(projectedFrom(projected, view));
      continue;
    }
    const inputs =
      node.opType === "Where"
        ? node.inputs.slice(1, 3)
        : layoutOnly.has(node.opType)
          ? node.inputs.slice(0, 1)
          : node.inputs;
    queue.push(...inputs.filter(Boolean));
  }
  return found;
}

/** What steps along a sequence projects it; the state that it starts from is another's. */
const recurrent = new Set(["LSTM", "GRU", "RNN"]);

const layoutOnly = new Set(
  "Reshape Transpose Squeeze Unsqueeze Expand Slice Split Gather Cast Flatten Tile Pad QuantizeLinear DequantizeLinear DynamicQuantizeLinear".split(
    " ",
  ),
);

/** What a chain of projections started from: a low-rank one is made of two, with a norm between. */
function projectedFrom(value: string, view: GraphView): string {
  let current = beforeNorm(value, view);
  for (let steps = 0; steps < 50; steps++) {
    const node = view.producer(current);
    if (!node) return current;
    const biased = node.opType === "Add" ? node.inputs.filter((input) => !view.isConstant(input)) : [];
    const next = biased.length === 1 ? biased[0] : mixedOperand(node, view);
    if (next === undefined) return current;
    current = beforeNorm(next, view);
  }
  return current;
}

/** The tensor that a chain of norms and changes of layout started from. */
export function beforeNorm(value: string, view: GraphView): string {
  let current = value;
  for (let steps = 0; steps < 50; steps++) {
    const node = view.producer(current);
    const next = node && stepBack(node, view);
    if (!next) return current;
    current = next;
  }
  return current;
}

const singleNorms = new Set(
  "LayerNormalization SimplifiedLayerNormalization RMSNormalization InstanceNormalization GroupNormalization BatchNormalization".split(
    " ",
  ),
);

function stepBack(node: Node, view: GraphView): string | undefined {
  const first = node.inputs[0];
  if (
    singleNorms.has(node.opType) ||
    layoutOnly.has(node.opType) ||
    node.opType === "Identity" ||
    node.opType === "Dropout"
  )
    return first;
  // A written-out norm ends in a product or sum with a weight, and divides by a root of a mean.
  if (node.opType === "Mul" || node.opType === "Add") {
    const constant = node.inputs.findIndex((input) => view.isConstant(input));
    if (constant >= 0 && endsNorm(node.inputs[1 - constant] ?? "", view)) return node.inputs[1 - constant];
  }
  return normalised(node, view);
}

/** A norm ends in a weight and a cast or two; a broken graph may go in a circle. */
const MAX_ENDS = 20;

/** Whether a value is a norm's quotient, perhaps already scaled by its weight. */
function endsNorm(value: string, view: GraphView, steps = 0): boolean {
  const node = view.producer(value);
  if (!node || steps > MAX_ENDS) return false;
  if (normalised(node, view)) return true;
  if (node.opType === "Cast") return endsNorm(node.inputs[0] ?? "", view, steps + 1);
  const constant = node.opType === "Mul" ? node.inputs.findIndex((input) => view.isConstant(input)) : -1;
  return constant >= 0 && endsNorm(node.inputs[1 - constant] ?? "", view, steps + 1);
}

/** What a quotient (x − mean) / root or x · (1 / root) normalises. */
function normalised(node: Node, view: GraphView): string | undefined {
  if (node.opType !== "Div" && node.opType !== "Mul") return undefined;
  const root = (value: string): boolean => {
    const by = view.producer(value);
    if (by?.opType === "Sqrt") return true;
    return (
      (by?.opType === "Reciprocal" || by?.opType === "Div" || by?.opType === "Cast") &&
      by.inputs.some((input) => view.producer(input)?.opType === "Sqrt")
    );
  };
  const at = node.inputs.findIndex(root);
  const numerator = at < 0 || (node.opType === "Div" && at === 0) ? undefined : node.inputs[1 - at];
  if (numerator === undefined) return undefined;
  const centred = view.producer(numerator);
  return centred?.opType === "Sub" && view.producer(centred.inputs[1] ?? "")?.opType === "ReduceMean"
    ? centred.inputs[0]
    : numerator;
}

function dependsOn(value: string, wanted: ReadonlySet<string>, view: GraphView, limit: number): boolean {
  const seen = new Set<string>();
  const queue = [value];
  while (queue.length > 0 && seen.size < limit) {
    const current = queue.pop() as string;
    if (seen.has(current)) continue;
    seen.add(current);
    if (wanted.has(current)) return true;
    const node = view.producer(current);
    // What another attention read from a tensor is not that tensor.
    if (node && (isProduct(node, view) || /Attention$/.test(node.opType))) continue;
    queue.push(...(node?.inputs ?? []).filter((input) => input && !view.isConstant(input)));
  }
  return false;
}

/**
 * @param query operand of the score product that runs along the queries
 * @param key the other one
 */
export function kindOf(query: string, key: string, view: GraphView): SiteKind {
  // Learnt tokens among themselves, before any of them has read an input.
  if (view.isConstant(query) && view.isConstant(key)) return "self";
  const fromQuery = sources(query, view);
  const fromKey = sources(key, view);
  if (fromKey.size === 0) return view.isConstant(key) ? "cross" : "unknown";
  // Learnt queries depend on no input at all.
  if (fromQuery.size === 0) return "cross";
  if ([...fromQuery].every((source) => fromKey.has(source))) return "self";
  // Keys made from the queries' own tensor by more than a projection (strided convolution, pooling) are still self.
  const short = 60;
  if ([...fromKey].some((source) => !fromQuery.has(source) && dependsOn(source, fromQuery, view, short)))
    return "self";
  return "cross";
}
