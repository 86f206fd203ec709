/**
 * Shapes and element types of a graph's tensors, as far as they follow from its inputs: sizes where they are
 * known, symbols where they are not, nothing where an operator is not known. Small integer tensors are followed by
 * value, because exporters compute the targets of Reshape and Expand from Shape, Gather and Concat.
 * Operators: https://onnx.ai/onnx/operators/
 */
import { sorted } from "./order";
import type { Dim } from "../shared/model";
import { broadcast, declaredDim } from "./dim-algebra";
import type { Graph, Node } from "./model";
import { choiceRules } from "./shapes/choice-rules";
import { inferType } from "./shapes/element-types";
import { layoutRules } from "./shapes/layout-rules";
import { productRules, reduce } from "./shapes/product-rules";
import { defineConstant, possible, type Rule, shapeOf, type State } from "./shapes/state";
import { valueRules } from "./shapes/value-rules";
import type { ByteSource } from "./source";

export type Shape = readonly Dim[];

/** What a hostile graph could make of a shape that is longer, step by step: chains of Gather double a rank. */
const MAX_RANK = 64;
export interface GraphShapes {
  shape(value: string): Shape | undefined;
  /** ONNX element type number, 0 when unknown. */
  elementType(value: string): number;
  /** Values of a small tensor that is constant or follows from shapes; null for an element that is unknown. */
  values(value: string): readonly (Dim | number)[] | undefined;
}

/** What is known of a value from outside the graph. */
export interface KnownValue {
  readonly name: string;
  readonly shape: Shape | undefined;
  readonly elementType: number;
  readonly values?: readonly Dim[] | undefined;
}

/**
 * @param inputDims sizes of graph inputs that are known (from arrays of a run); others come from the graph
 * @param outside values that a body reads from the graph around it, and what its inputs are given
 */
export function inferShapes(
  graph: Graph,
  source: ByteSource,
  opset: number,
  inputDims: ReadonlyMap<string, readonly Dim[]> = new Map(),
  outside: readonly KnownValue[] = [],
): GraphShapes {
  const state: State = { source, shapes: new Map(), types: new Map(), known: new Map(), opset };
  const bound = new Map<string, number>();
  for (const input of graph.inputs) {
    const given = inputDims.get(input.name);
    input.dims?.forEach((dim, axis) => {
      const size = given?.[axis];
      if (typeof dim === "string" && typeof size === "number") bound.set(dim, size);
    });
  }
  const resolve = (dims: readonly Dim[]): Dim[] =>
    dims.map((dim) =>
      typeof dim === "string" ? declaredDim(dim, bound) : typeof dim === "number" && dim < 0 ? null : dim,
    );
  for (const input of graph.inputs) {
    const given = inputDims.get(input.name);
    // An input whose dimensions are all declared zero-length lists is a scalar; null means that nothing is declared.
    if (given ?? input.dims) state.shapes.set(input.name, given ?? resolve(input.dims ?? []));
    state.types.set(input.name, input.elementType);
  }
  for (const { name, shape, elementType, values } of outside) {
    if (shape) state.shapes.set(name, shape);
    if (elementType) state.types.set(name, elementType);
    if (values) state.known.set(name, values);
  }
  for (const tensor of graph.initializers.values()) defineConstant(tensor.name, tensor, state);
  const declared = new Map(graph.valueInfos);
  for (const output of graph.outputs) declared.set(output.name, output);
  // Converters append casts at the end of a graph that read its inputs.
  for (const node of sorted(graph).nodes) {
    const inferred = infer(node, state);
    node.outputs.forEach((output, index) => {
      if (output === "") return;
      const info = declared.get(output);
      const shape = merge(inferred[index], info?.dims ? resolve(info.dims) : undefined, bound.size > 0);
      if (shape && shape.length <= MAX_RANK) state.shapes.set(output, shape.map(possible));
      const type = info?.elementType || inferType(node, state, index);
      if (type) state.types.set(output, type);
    });
  }
  return {
    shape: (value) => state.shapes.get(value),
    elementType: (value) => state.types.get(value) ?? 0,
    values: (value) => state.known.get(value),
  };
}

/** What follows from the inputs first; what the exporter declared where nothing follows. */
function merge(inferred: Shape | undefined, declared: Shape | undefined, bound: boolean): Shape | undefined {
  if (!inferred) return declared;
  if (!declared || declared.length !== inferred.length) return inferred;
  return inferred.map((dim, axis) => {
    const said = declared[axis] as Dim;
    if (dim === null) return said;
    // Before a run the exporter's own symbols read better than our sums; with bound inputs ours are sizes.
    return !bound && typeof dim === "string" && said !== null ? said : dim;
  });
}

function infer(node: Node, state: State): readonly (Shape | undefined)[] {
  if (node.domain !== "" && node.domain !== "com.microsoft") return [];
  // A node may be called like a property that every object has.
  const rule = Object.hasOwn(rules, node.opType) ? rules[node.opType] : undefined;
  if (rule) return rule(node, state);
  if (sameAsFirst.has(node.opType)) return [shapeOf(node, 0, state), shapeOf(node, 0, state)];
  if (elementwise.has(node.opType)) return [broadcast(node.inputs.map((input) => state.shapes.get(input)))];
  if (node.opType.startsWith("Reduce")) return [reduce(node, state)];
  return [];
}

const sameAsFirst = new Set(
  (
    "Abs Acos Asin Atan BitwiseNot Cast CastLike Ceil Celu Clip Cos Cosh CumSum Dropout Elu Erf Exp Floor Gelu FastGelu " +
    "BiasGelu QuickGelu HardSigmoid HardSwish Hardmax Identity InstanceNormalization BatchNormalization GroupNormalization " +
    "IsInf IsNaN LayerNormalization LeakyRelu Log LogSoftmax LpNormalization Mish Neg Not RMSNormalization Reciprocal Relu " +
    "Round RotaryEmbedding ScatterElements ScatterND Selu Sigmoid Sign SimplifiedLayerNormalization Sin Sinh " +
    "SkipLayerNormalization SkipSimplifiedLayerNormalization Softmax Softplus Softsign Sqrt Swish Tan Tanh " +
    "QLinearSigmoid QLinearLeakyRelu ThresholdedRelu Trilu Bernoulli EyeLike DequantizeLinear QuantizeLinear FusedGelu"
  ).split(" "),
);
const elementwise = new Set(
  "Add And BitShift BitwiseAnd BitwiseOr BitwiseXor Div Equal Greater GreaterOrEqual Less LessOrEqual Max Mean Min Mod Mul Or PRelu Pow Sub Sum Where Xor".split(
    " ",
  ),
);

const rules: Readonly<Record<string, Rule>> = {
  ...valueRules,
  ...layoutRules,
  ...choiceRules,
  ...productRules,
};
