/**
 * Every place in a graph where numbers become shares that sum to 1: the Softmax operator, LogSoftmax followed by Exp,
 * and the softmax that is written out as Exp / ReduceSum, with or without its maximum subtracted, a mask on the
 * exponentials or a sink in the denominator.
 */
import type { GraphView } from "../onnx/graph-view";
import type { Node } from "../onnx/model";
import { namedAxis } from "./named-axes";
import { isProduct } from "./products";

export interface Normaliser {
  /** The node whose output holds the shares. */
  readonly node: Node;
  readonly score: string;
  readonly probability: string;
  /** Axis of `score` over which the shares sum to 1; undefined where the graph does not tell. */
  readonly axis: number | undefined;
  /** A tensor that is positive where a key takes part, where the shares themselves were masked on the way. */
  readonly unmasked: string | null;
  /** What each weight is, where nothing makes them sum to 1. The values tell which axis holds the keys. */
  readonly unnormalised?: string;
  /** A sum over `axis`, kept as an axis of size 1, by which the values are divided after they met the shares. */
  readonly divisor?: string;
  /** Scale and zero point of shares that are 8-bit integers. */
  readonly quantised?: { readonly scale: string; readonly zero: string };
}

export function normalisers(view: GraphView): Normaliser[] {
  return view.graph.nodes.flatMap(
    (node) =>
      softmaxOf(node, view) ??
      quantisedSoftmaxOf(node, view) ??
      logSoftmaxOf(node, view) ??
      minusLogSum(node, view) ??
      activationOf(node, view) ??
      writtenOut(node, view) ??
      dividedLate(node, view) ??
      [],
  );
}

function axisOf(node: Node, view: GraphView): number | undefined {
  const given = node.attributes.get("axis")?.int;
  const shape = view.shape(node.inputs[0] ?? "");
  if (view.opset >= 13) {
    const axis = Number(given ?? -1n);
    return shape ? (axis + shape.length) % shape.length : axis === -1 ? -1 : undefined;
  }
  // Below opset 13 all axes from `axis` on are one: which is the last, if the others are 1.
  const axis = Number(given ?? 1n);
  if (!shape) return axis === -1 ? -1 : undefined;
  const from = axis < 0 ? axis + shape.length : axis;
  const long = shape.flatMap((dim, at) => (at >= from && dim !== 1 ? [at] : []));
  return long.length === 1 ? long[0] : from === shape.length - 1 ? from : undefined;
}

function softmaxOf(node: Node, view: GraphView): Normaliser | undefined {
  if (node.opType !== "Softmax" || node.domain !== "") return undefined;
  return {
    node,
    score: node.inputs[0] ?? "",
    probability: node.outputs[0] ?? "",
    axis: axisOf(node, view),
    unmasked: null,
  };
}

/** com.microsoft.QLinearSoftmax: scores and shares as 8-bit integers, axis as of its attribute `opset`. */
function quantisedSoftmaxOf(node: Node, view: GraphView): Normaliser | undefined {
  if (node.opType !== "QLinearSoftmax") return undefined;
  const [score = "", , , scale = "", zero = ""] = node.inputs;
  const rank = view.shape(score)?.length;
  const axis = Number(node.attributes.get("axis")?.int ?? -1n);
  const at = rank === undefined ? axis : (axis + rank) % rank;
  return {
    node,
    score,
    probability: node.outputs[0] ?? "",
    axis: at,
    unmasked: null,
    quantised: { scale, zero },
  };
}

function logSoftmaxOf(node: Node, view: GraphView): Normaliser | undefined {
  if (node.opType !== "Exp") return undefined;
  const log = view.producer(node.inputs[0] ?? "");
  if (log?.opType !== "LogSoftmax") return undefined;
  return {
    node,
    score: log.inputs[0] ?? "",
    probability: node.outputs[0] ?? "",
    axis: axisOf(log, view),
    unmasked: null,
  };
}

/** A sigmoid of each score, or its part above zero, from which sparsemax, entmax and ReLU attention make weights. */
function activationOf(node: Node, view: GraphView): Normaliser | undefined {
  const score = node.opType === "Sigmoid" ? node.inputs[0] : aboveZero(node, view);
  if (score === undefined) return undefined;
  const unnormalised =
    node.opType === "Sigmoid" ? "a sigmoid of its score" : "its score above zero, or above a threshold";
  return { node, score, probability: node.outputs[0] ?? "", axis: undefined, unmasked: null, unnormalised };
}

/** x of max(x, 0), however it is written. */
function aboveZero(node: Node, view: GraphView): string | undefined {
  const [first = "", second = "", third = ""] = node.inputs;
  const isZero = (name: string) => {
    const values = view.values(name);
    return values !== undefined && values.length > 0 && values.every((value) => value === 0);
  };
  if (node.opType === "Relu") return first;
  if (node.opType === "Clip") {
    const [low, high] = ["min", "max"].map((name) => node.attributes.get(name)?.float);
    const open = third === "" && (high === undefined || high > 3e38);
    return open && (low === 0 || isZero(second)) ? first : undefined;
  }
  if (node.opType !== "Max" || node.inputs.length !== 2) return undefined;
  return isZero(second) ? first : isZero(first) ? second : undefined;
}

/** exp(x − log Σ exp(x)), the logarithm by ReduceLogSumExp or written out, with or without a maximum subtracted. */
function minusLogSum(node: Node, view: GraphView): Normaliser | undefined {
  const minus = node.opType === "Exp" ? view.producer(node.inputs[0] ?? "") : undefined;
  if (minus?.opType !== "Sub") return undefined;
  const [left = "", right = ""] = minus.inputs;
  const summed = behind(right, view, "ReduceLogSumExp", towardsSum);
  const logarithm = summed ? undefined : behind(right, view, "Log", towardsSum);
  const sum = summed ?? (logarithm && behind(logarithm.inputs[0] ?? "", view, "ReduceSum", towardsSum));
  const exponential = summed ? undefined : sum && behind(sum.inputs[0] ?? "", view, "Exp", sameValues);
  const exponent = summed ? summed.inputs[0] : exponential?.inputs[0];
  const score = withoutMaximum(left, view);
  if (!sum || exponent === undefined || withoutMaximum(exponent, view) !== score) return undefined;
  const axis = namedAxis(sum, view, view.shape(score)?.length);
  if (axis === undefined) return undefined;
  return {
    node,
    score,
    probability: node.outputs[0] ?? "",
    axis: axis < -1 ? undefined : axis,
    unmasked: null,
  };
}

const towardsSum = new Set(
  "Add Max Clip Cast Unsqueeze Squeeze Reshape Transpose Expand Identity Where".split(" "),
);
const sameValues = new Set("Transpose Identity Cast".split(" "));

function writtenOut(node: Node, view: GraphView): Normaliser | undefined {
  const [numerator, denominator] = quotient(node, view) ?? [];
  if (numerator === undefined || denominator === undefined) return undefined;
  const exponential = behind(numerator, view, "Exp", maskOperators);
  const sum = behind(denominator, view, "ReduceSum", towardsSum);
  if (!exponential || !sum) return undefined;
  // The sum must be of the same exponentials, perhaps transposed.
  let summed = sum.inputs[0] ?? "";
  let axis = namedAxis(sum, view, view.shape(summed)?.length);
  if (axis === undefined) return undefined;
  for (let steps = 0; summed !== numerator && steps < 4; steps++) {
    const by = view.producer(summed);
    if (!by || !sameValues.has(by.opType)) return undefined;
    const perm = by.attributes.get("perm")?.ints;
    if (by.opType === "Transpose") axis = perm ? Number(perm[axis]) : NaN;
    summed = by.inputs[0] ?? "";
  }
  if (summed !== numerator) return undefined;
  return {
    node,
    score: withoutMaximum(exponential.inputs[0] ?? "", view),
    probability: node.outputs[0] ?? "",
    axis: axis >= -1 ? axis : undefined,
    unmasked: exponential.outputs[0] === numerator ? null : (exponential.outputs[0] ?? null),
  };
}

/** (exp(x) · V) / Σ exp(x): the exponentials meet the values, and their sum follows. */
function dividedLate(node: Node, view: GraphView): Normaliser | undefined {
  if (node.opType !== "Div") return undefined;
  const [numerator = "", divisor = ""] = node.inputs;
  const sum = behind(divisor, view, "ReduceSum", towardsSum);
  const probability = sum?.inputs[0] ?? "";
  const exponential = sum && behind(probability, view, "Exp", maskOperators);
  const made = view.producer(probability);
  const dims = view.shape(probability);
  const axis = sum && namedAxis(sum, view, dims?.length);
  if (!made || !exponential || !dims || axis === undefined) return undefined;
  // What divides must stand beside the shares as it does beside the values.
  const beside = view.shape(divisor);
  if (beside?.length !== dims.length || beside[axis] !== 1) return undefined;
  const product = view.producer(numerator);
  if (!product || !isProduct(product, view) || !product.inputs.includes(probability)) return undefined;
  return {
    node: made,
    score: withoutMaximum(exponential.inputs[0] ?? "", view),
    probability,
    axis,
    unmasked: exponential.outputs[0] === probability ? null : (exponential.outputs[0] ?? null),
    divisor,
  };
}

const maskOperators = new Set(["Where", "Mul", "Cast", "Identity"]);

/** Numerator and denominator of a / b or a · (1 / b). */
function quotient(node: Node, view: GraphView): [string, string] | undefined {
  const [a = "", b = ""] = node.inputs;
  if (node.opType === "Div") return [a, b];
  if (node.opType !== "Mul") return undefined;
  for (const [share, inverse] of [
    [a, b],
    [b, a],
  ] as const) {
    const by = view.producer(inverse);
    if (by?.opType === "Reciprocal") return [share, by.inputs[0] ?? ""];
  }
  return undefined;
}

/** The nearest node of a type behind a value, through operators that may stand in between. */
function behind(
  value: string,
  view: GraphView,
  opType: string,
  through: ReadonlySet<string>,
): Node | undefined {
  let queue = [value];
  const seen = new Set<string>();
  for (let steps = 0; steps < 8 && queue.length > 0; steps++) {
    const next: string[] = [];
    for (const name of queue) {
      if (seen.has(name)) continue;
      seen.add(name);
      const node = view.producer(name);
      if (node?.opType === opType) return node;
      if (node && through.has(node.opType)) next.push(...node.inputs);
    }
    queue = next;
  }
  return undefined;
}

/** x of x − max(x): the maximum only keeps the exponentials small. */
function withoutMaximum(value: string, view: GraphView): string {
  const node = view.producer(value);
  if (node?.opType !== "Sub") return value;
  const maximum = behind(node.inputs[1] ?? "", view, "ReduceMax", towardsSum);
  return maximum ? (node.inputs[0] ?? value) : value;
}
