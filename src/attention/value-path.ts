/** The walk from a softmax's shares on to the product with the values: the map is what meets them. */
import type { GraphView } from "../onnx/graph-view";
import type { Node } from "../onnx/model";
import { einsumLetters } from "../onnx/shapes/einsum";
import { namedAxis } from "./named-axes";
import { dataInputs, isProduct, mixedOperand, productShare } from "./products";

const MAX_WALK = 400;
const MAX_NEIGHBOURS = 500;
/** Matrices, sums and norms that may stand between the shares and the values. */
const MAX_MIXES = 4;
/** Steps from one term of a sum of maps back to its softmax. */
const MAX_BACK = 40;

/** Operators between the softmax and the value product, and those of them that change a value. */
const afterSoftmax = new Set(
  "Cast CastLike Dropout Where Pad Mul Div Reshape Transpose Identity Slice Split Gather Squeeze Unsqueeze Flatten Expand Clip Max Min QuantizeLinear DequantizeLinear DynamicQuantizeLinear Pow LpNormalization".split(
    " ",
  ),
);
const changesValues = new Set("Where Mul Div Slice Split Gather Clip Max Min Pow LpNormalization".split(" "));
/** Operators that take a part of a map. */
const parts = new Set(["Slice", "Split", "Gather"]);
/** Parts of one map that are looked at. */
const MAX_PARTS = 8;
export const sums: ReadonlySet<string> = new Set(["Add", "Sub", "Sum"]);
const norms = new Set(["BatchNormalization", "InstanceNormalization", "LayerNormalization"]);

/** An axis of a tensor along which it was divided by its sum. */
export interface Renormalised {
  readonly tensor: string;
  readonly axis: number;
}

export interface ValuePath {
  /** The product with the values, or undefined where the probabilities meet none. */
  readonly product: Node | undefined;
  /** The map: the tensor after the last operator that changes a value. */
  readonly map: string;
  /** Whether anything between softmax and values changes a value. */
  readonly changed: boolean;
  /** Whether heads were mixed or maps were added: rows of the map need not sum to one, and cells may be negative. */
  readonly mixed: boolean;
  /** Other softmaxes, by their shares, that were added to the map or stand beside it in one tensor. */
  readonly terms: readonly string[];
  /** The last division by a sum: its axis holds the keys, whatever the softmax ran over. */
  readonly renormalised: Renormalised | undefined;
  /** All tensors on the way, from the softmax's output to the product's operand. */
  readonly tensors: readonly string[];
  /** How many of them hold all of the map: parts of it after that meet values of their own. */
  readonly whole: number;
}

interface Step {
  readonly tensors: readonly string[];
  readonly map: string;
  readonly changed: boolean;
  readonly mixes: number;
  readonly terms: readonly string[];
  readonly renormalised: Renormalised | undefined;
  readonly before: Step | undefined;
}

/** A way that leads nowhere. */
export function noPath(probability: string): ValuePath {
  const { tensors, map, changed, terms, renormalised } = startAt(probability);
  return { product: undefined, map, changed, mixed: false, terms, renormalised, tensors, whole: 1 };
}

function startAt(probability: string): Step {
  return {
    tensors: [probability],
    map: probability,
    changed: false,
    mixes: 0,
    terms: [],
    renormalised: undefined,
    before: undefined,
  };
}

/**
 * The way from a softmax's output to the values, shortest first. Where parts of the map meet values of their own (keys of
 * two sources, one product for each head), the map is the whole that they were cut from.
 * @param shares outputs of all softmaxes: what is added to a map must come from one of them, or be a constant
 */
export function valuePath(probability: string, view: GraphView, shares: ReadonlySet<string>): ValuePath {
  const last = walk(startAt(probability), view, shares);
  if (!last) return noPath(probability);
  const { product } = last;
  let [whole, step]: [Step, Step | undefined] = [last.step, last.step];
  while (step) {
    const before: Step | undefined = step.before;
    if (before && hasOtherPart(before, step.tensors.at(-1) as string, product, view, shares)) whole = before;
    step = before;
  }
  const { map, changed, mixes, terms, renormalised } = whole;
  const { tensors } = last.step;
  return {
    product,
    map,
    changed,
    mixed: mixes > 0,
    terms,
    renormalised,
    tensors,
    whole: whole.tensors.length,
  };
}

interface Reached {
  readonly step: Step;
  readonly product: Node;
}

function walk(start: Step, view: GraphView, shares: ReadonlySet<string>): Reached | undefined {
  const queue = [start];
  const seen = new Set<string>(start.tensors);
  for (let steps = 0; queue.length > 0 && steps < MAX_WALK; steps++) {
    const step = queue.shift() as Step;
    const value = step.tensors[step.tensors.length - 1] as string;
    for (const node of view.consumers(value).slice(0, MAX_NEIGHBOURS)) {
      const product = valueProduct(node, value, view);
      if (product) return { product, step };
      const taken = takes(node, value, step, view, shares);
      if (!taken) continue;
      for (const output of node.opType === "Split" ? node.outputs : node.outputs.slice(0, 1)) {
        if (!output || seen.has(output)) continue;
        seen.add(output);
        const { isMap, ...rest } = taken;
        const tensors = [...step.tensors, output];
        queue.push({ ...rest, tensors, map: isMap ? output : step.map, before: step });
      }
    }
  }
  return undefined;
}

/** Whether a part was taken of a map here, and another part of it meets values in another product. */
function hasOtherPart(
  { tensors, ...step }: Step,
  part: string,
  product: Node,
  view: GraphView,
  shares: ReadonlySet<string>,
): boolean {
  const map = tensors.at(-1) as string;
  if (!parts.has(view.producer(part)?.opType ?? "")) return false;
  const others = view
    .consumers(map)
    .slice(0, MAX_NEIGHBOURS)
    .filter((node) => parts.has(node.opType) && node.inputs[0] === map)
    .flatMap((node) => node.outputs)
    .filter((name) => name !== "" && name !== part)
    .slice(0, MAX_PARTS);
  return others.some((other) => {
    const reached = walk({ ...step, tensors: [...tensors, other] }, view, shares);
    return reached !== undefined && reached.product !== product;
  });
}

interface Taken extends Omit<Step, "tensors" | "map" | "before"> {
  /** Whether the node's output is the map from here on. */
  readonly isMap: boolean;
}

/** The step after a node that the shares pass through. */
function takes(
  node: Node,
  value: string,
  step: Step,
  view: GraphView,
  shares: ReadonlySet<string>,
): Taken | undefined {
  const changedHere = { ...step, isMap: true, changed: true };
  if (sums.has(node.opType)) {
    const others = node.inputs.filter((input) => input !== value && !view.isConstant(input));
    const terms = others.map((input) => softmaxBehind(input, view, shares));
    if (step.mixes >= MAX_MIXES || !terms.every((term) => term !== undefined)) return undefined;
    return { ...changedHere, mixes: step.mixes + 1, terms: [...step.terms, ...terms] };
  }
  if (node.opType === "Concat") {
    // Softmaxes of parts of the keys, put side by side before they meet the values of all.
    const others = node.inputs.filter((input) => input !== value && !view.isConstant(input));
    const terms = others.slice(0, MAX_PARTS).map((input) => softmaxBehind(input, view, shares));
    if (others.length === 0 || others.length > MAX_PARTS || terms.includes(undefined)) return undefined;
    return { ...changedHere, terms: [...step.terms, ...terms.filter((term) => term !== undefined)] };
  }
  if (mixedOperand(node, view) === value || (norms.has(node.opType) && node.inputs[0] === value))
    return step.mixes < MAX_MIXES ? { ...changedHere, mixes: step.mixes + 1 } : undefined;
  if (!afterSoftmax.has(node.opType) || !dataInputs(node).includes(value)) return undefined;
  if (node.opType === "Gather" && !view.isConstant(node.inputs[1] ?? "")) return undefined;
  const changes = changesValues.has(node.opType) && !isMaskless(node, view);
  // What was rounded to 8 bits is what meets the values; a weight that became 0 by it is not masked.
  const requantised = node.opType === "DequantizeLinear";
  return {
    ...step,
    isMap: changes || requantised,
    changed: step.changed || changes,
    renormalised: renormalisation(node, value, view) ?? step.renormalised,
  };
}

/** The shares that a term of a sum of maps was made of. */
function softmaxBehind(term: string, view: GraphView, shares: ReadonlySet<string>): string | undefined {
  const queue = [term];
  const seen = new Set(queue);
  for (let steps = 0; steps < Math.min(queue.length, MAX_BACK); steps++) {
    const value = queue[steps] as string;
    if (shares.has(value)) return value;
    const node = view.producer(value);
    if (!node) continue;
    const mixed = mixedOperand(node, view);
    const passed = afterSoftmax.has(node.opType) || sums.has(node.opType) || norms.has(node.opType);
    const inputs = mixed !== undefined ? [mixed] : passed ? dataInputs(node) : [];
    for (const input of inputs.slice(0, MAX_NEIGHBOURS)) {
      if (seen.has(input) || view.isConstant(input)) continue;
      seen.add(input);
      queue.push(input);
    }
  }
  return undefined;
}

const towardsSum = new Set("Add Max Clip Cast Unsqueeze Squeeze Reshape Expand Identity".split(" "));

/** x / sum(x), perhaps with something small added to the sum. */
function renormalisation(node: Node, value: string, view: GraphView): Renormalised | undefined {
  const rank = view.shape(value)?.length ?? NaN;
  if (node.opType === "LpNormalization" && Number(node.attributes.get("p")?.int ?? 2n) === 1) {
    const axis = Number(node.attributes.get("axis")?.int ?? -1n);
    return { tensor: value, axis: axis < 0 ? axis + rank : axis };
  }
  if (node.opType !== "Div" || node.inputs[0] !== value) return undefined;
  const queue = [node.inputs[1] ?? ""];
  for (let steps = 0; steps < Math.min(queue.length, MAX_BACK); steps++) {
    const by = view.producer(queue[steps] as string);
    if (!by) continue;
    if ((by.opType === "ReduceSum" || by.opType === "ReduceL1") && by.inputs[0] === value) {
      const axis = namedAxis(by, view, rank);
      return axis === undefined ? undefined : { tensor: value, axis };
    }
    if (towardsSum.has(by.opType)) queue.push(...by.inputs.filter((input) => !view.isConstant(input)));
  }
  return undefined;
}

/** The axis of the map over which its product with the values sums; undefined where that can't be told. */
export function summedAxis({ product, tensors }: ValuePath, view: GraphView): number | undefined {
  const operand = tensors[tensors.length - 1] ?? "";
  const rank = view.shape(operand)?.length;
  const at = product?.inputs.indexOf(operand) ?? -1;
  if (!product || at < 0 || rank === undefined) return undefined;
  if (product.opType === "MatMul" || product.opType === "FusedMatMul") {
    const turned = product.attributes.get(at === 0 ? "transA" : "transB")?.int === 1n;
    return (at === 0) === turned ? rank - 2 : rank - 1;
  }
  if (product.opType !== "Einsum") return undefined;
  const letters = einsumLetters(
    product,
    product.inputs.map((name) => view.shape(name)?.length),
  );
  const gone = [...(letters?.operands[at] ?? "")].flatMap((letter, axis) =>
    letters?.result.includes(letter) ? [] : [axis],
  );
  return gone.length === 1 ? gone[0] : undefined;
}

/** The product with the values that a consumer of the probabilities is, or begins. */
function valueProduct(node: Node, probabilities: string, view: GraphView): Node | undefined {
  if (node.opType !== "Mul") {
    // Values that are computed from constants alone: learnt queries that attend to each other.
    const share = productShare(node, view);
    return share === "none" || isProduct(node, view) ? node : undefined;
  }
  // Probabilities times values, summed over the keys: the probabilities are spread over the features.
  const other = node.inputs.find((input) => input !== probabilities) ?? "";
  const [given, values] = [view.shape(probabilities), view.shape(other)];
  const spread = given?.some(
    (dim, axis) => dim === 1 && (values?.[axis - given.length + values.length] ?? 1) !== 1,
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
