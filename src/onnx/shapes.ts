/**
 * Shapes and element types of a graph's tensors, as far as they follow from its inputs: sizes where they are
 * known, symbols where they are not, nothing where an operator is not known. Small integer tensors are followed by
 * value, because exporters compute the targets of Reshape and Expand from Shape, Gather and Concat.
 * Operators: https://onnx.ai/onnx/operators/
 */
import type { Dim } from "../shared/model";
import { broadcast, declaredDim, minus, over, plus, product, times } from "./dim-algebra";
import type { Graph, Node, TensorRef } from "./model";
import { smallValues } from "./small-tensor";
import type { ByteSource } from "./source";

export type Shape = readonly Dim[];

/** What a hostile graph could make of a shape that is longer, step by step: chains of Gather double a rank. */
const MAX_RANK = 64;
/** A small tensor that is followed by value has at most this many. */
const MAX_VALUES = 256;
/** An Einsum names an axis by one letter. */
const MAX_EQUATION = 1_000;

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

interface State {
  readonly source: ByteSource;
  readonly shapes: Map<string, Shape>;
  readonly types: Map<string, number>;
  readonly known: Map<string, readonly Dim[]>;
  readonly opset: number;
}

type Rule = (node: Node, state: State) => readonly (Shape | undefined)[];

/**
 * @param inputDims sizes of graph inputs that are known (from arrays of a run); others come from the graph
 * @param outside values that a body reads from the graph around it, and what its inputs are given
 */
export function inferShapes(
  graph: Graph,
  source: ByteSource,
  opset: number,
  inputDims: ReadonlyMap<string, readonly number[]> = new Map(),
  outside: readonly KnownValue[] = [],
): GraphShapes {
  const state: State = { source, shapes: new Map(), types: new Map(), known: new Map(), opset };
  const bound = new Map<string, number>();
  for (const input of graph.inputs) {
    const given = inputDims.get(input.name);
    input.dims?.forEach((dim, axis) => {
      if (typeof dim === "string" && given?.[axis] !== undefined) bound.set(dim, given[axis]);
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
  for (const node of graph.nodes) {
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

/** A size that can be; what a broken graph makes of one is unknown. */
function possible(dim: Dim | undefined): Dim {
  return typeof dim === "number" ? (Number.isSafeInteger(dim) && dim >= 0 ? dim : null) : (dim ?? null);
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

function defineConstant(name: string, tensor: TensorRef, state: State): void {
  state.shapes.set(name, tensor.dims.map(possible));
  state.types.set(name, tensor.elementType);
  const values = smallValues(state.source, tensor);
  if (values && tensor.dims.length <= 1) state.known.set(name, values);
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
const boolResult = new Set(
  "And Equal Greater GreaterOrEqual IsInf IsNaN Less LessOrEqual Not Or Xor".split(" "),
);
const int64Result = new Set("Shape Size ArgMax ArgMin NonZero".split(" "));

function inferType(node: Node, state: State, output: number): number {
  if (boolResult.has(node.opType)) return 9;
  if (int64Result.has(node.opType)) return 7;
  const first = state.types.get(node.inputs[0] ?? "") ?? 0;
  switch (node.opType) {
    case "Cast":
      return Number(node.attributes.get("to")?.int ?? 0n);
    case "CastLike":
    case "Where":
      return state.types.get(node.inputs[1] ?? "") ?? 0;
    case "Constant":
    case "ConstantOfShape":
      return (
        node.attributes.get("value")?.tensor?.elementType ??
        (node.attributes.has("value_int") || node.attributes.has("value_ints") ? 7 : 1)
      );
    case "If":
    case "Loop":
    case "Scan": {
      const body = [...node.attributes.values()].find(({ graph }) => graph)?.graph;
      // A loop's body gives its condition first.
      return body?.outputs[node.opType === "Loop" ? output + 1 : output]?.elementType ?? 0;
    }
    case "EmbedLayerNormalization":
      return output === 1 ? 6 : (state.types.get(node.inputs[2] ?? "") ?? 0);
    case "QEmbedLayerNormalization":
      return output === 1 ? 6 : 1;
    case "DequantizeLinear":
      return state.types.get(node.inputs[1] ?? "") ?? 0;
    case "OneHot":
      return state.types.get(node.inputs[2] ?? "") ?? 0;
    case "TopK":
      return output === 1 ? 7 : first;
    case "MatMulInteger":
    case "ConvInteger":
      return 6;
    case "DynamicQuantizeLinear":
      return output === 1 ? 1 : 2;
    case "QuantizeLinear":
      return state.types.get(node.inputs[2] ?? "") ?? 2;
    case "MatMulIntegerToFloat":
      return 1;
    case "QLinearConcat":
      return state.types.get(node.inputs[2] ?? "") ?? 2;
    case "QLinearMatMul":
      return state.types.get(node.inputs[7] ?? "") ?? 2;
    default:
      return first;
  }
}

function shapeOf(node: Node, input: number, state: State): Shape | undefined {
  return state.shapes.get(node.inputs[input] ?? "");
}

function valuesOf(node: Node, input: number, state: State): readonly Dim[] | undefined {
  return state.known.get(node.inputs[input] ?? "");
}

function intOf(node: Node, name: string, fallback: number): number {
  return Number(node.attributes.get(name)?.int ?? BigInt(fallback));
}

function intsOf(node: Node, name: string): number[] | undefined {
  return node.attributes.get(name)?.ints?.map(Number);
}

/** Axes from the attribute (older opsets) or from an input (newer ones). */
function axesOf(node: Node, input: number, state: State): number[] | undefined {
  const values = intsOf(node, "axes") ?? valuesOf(node, input, state);
  return values?.every((value) => typeof value === "number") ? (values as number[]) : undefined;
}

function wrap(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** Let a small integer tensor's value be followed. */
function know(node: Node, values: readonly Dim[] | undefined, state: State): void {
  const output = node.outputs[0];
  if (values && output && values.length <= MAX_VALUES) state.known.set(output, values);
}

function elementwiseValues(node: Node, state: State, act: (a: Dim, b: Dim) => Dim): void {
  const a = valuesOf(node, 0, state);
  const b = valuesOf(node, 1, state);
  if (!a || !b) return;
  const length = Math.max(a.length, b.length);
  if ((a.length !== length && a.length !== 1) || (b.length !== length && b.length !== 1)) return;
  know(
    node,
    Array.from({ length }, (_, index) =>
      act(a[a.length === 1 ? 0 : index] as Dim, b[b.length === 1 ? 0 : index] as Dim),
    ),
    state,
  );
}

function arithmetic(act: (a: Dim, b: Dim) => Dim): Rule {
  return (node, state) => {
    elementwiseValues(node, state, act);
    return [broadcast(node.inputs.map((input) => state.shapes.get(input)))];
  };
}

function reduce(node: Node, state: State): Shape | undefined {
  const shape = shapeOf(node, 0, state);
  if (!shape) return undefined;
  const keep = intOf(node, "keepdims", 1) === 1;
  const given = axesOf(node, 1, state);
  if (!given && (node.inputs[1] ?? "") !== "") return undefined;
  if (!given && intOf(node, "noop_with_empty_axes", 0) === 1) return shape;
  const axes = new Set((given ?? shape.map((_, axis) => axis)).map((axis) => wrap(axis, shape.length)));
  return keep
    ? shape.map((dim, axis) => (axes.has(axis) ? 1 : dim))
    : shape.filter((_, axis) => !axes.has(axis));
}

function matmul(a: Shape | undefined, b: Shape | undefined): Shape | undefined {
  if (!a || !b || a.length === 0 || b.length === 0) return undefined;
  const left = a.length === 1 ? [1, ...a] : a;
  const right = b.length === 1 ? [...b, 1] : b;
  const batch = broadcast([left.slice(0, -2), right.slice(0, -2)]) ?? [];
  const rows = a.length === 1 ? [] : [left[left.length - 2] as Dim];
  const columns = b.length === 1 ? [] : [right[right.length - 1] as Dim];
  return [...batch, ...rows, ...columns];
}

/**
 * Letters of an Einsum equation: one string per operand and one for the result. An ellipsis becomes capitals, as many
 * as the operands' ranks leave for it; undefined where a rank is needed and not known.
 */
export function einsumLetters(
  node: Node,
  ranks: readonly (number | undefined)[],
): { operands: string[]; result: string } | undefined {
  const equation = node.attributes.get("equation")?.string?.replace(/\s/g, "");
  if (!equation || equation.length > MAX_EQUATION) return undefined;
  const [left = "", right] = equation.split("->");
  const written = left.split(",");
  const hidden = written.map((operand, index) => {
    if (!operand.includes("...")) return 0;
    const rank = ranks[index];
    return rank === undefined ? NaN : rank - (operand.length - 3);
  });
  const most = Math.max(0, ...hidden);
  if (!(most >= 0 && most <= 16) || hidden.some((count) => !(count >= 0))) return undefined;
  const capitals = "ABCDEFGHIJKLMNOP".slice(0, most);
  const fill = (text: string, count: number) => text.replace("...", capitals.slice(most - count));
  const operands = written.map((operand, index) => fill(operand, hidden[index] ?? 0));
  const once = (letter: string) => operands.join("").split(letter).length === 2;
  const implied = () =>
    capitals + [...new Set(operands.join("").replace(/[A-P]/g, ""))].filter(once).sort().join("");
  return { operands, result: right === undefined ? implied() : fill(right, most) };
}

function swapLastTwo(shape: Shape | undefined): Shape | undefined {
  if (!shape || shape.length < 2) return undefined;
  return [...shape.slice(0, -2), shape[shape.length - 1] as Dim, shape[shape.length - 2] as Dim];
}

const rules: Readonly<Record<string, Rule>> = {
  Constant: (node, state) => {
    const output = node.outputs[0] ?? "";
    const tensor = node.attributes.get("value")?.tensor;
    if (tensor) {
      defineConstant(output, tensor, state);
      return [tensor.dims];
    }
    const int = node.attributes.get("value_int")?.int;
    const ints = node.attributes.get("value_ints")?.ints;
    if (int !== undefined) know(node, [Number(int)], state);
    if (ints) know(node, ints.map(Number), state);
    if (ints) return [[ints.length]];
    const floats = node.attributes.get("value_floats")?.floats;
    return [floats ? [floats.length] : []];
  },
  Shape: (node, state) => {
    const shape = shapeOf(node, 0, state);
    if (!shape) return [[null]];
    const start = intOf(node, "start", 0);
    const end = intOf(node, "end", shape.length);
    const part = shape.slice(start, end);
    know(node, part, state);
    return [[part.length]];
  },
  Size: (node, state) => {
    const shape = shapeOf(node, 0, state);
    if (shape) know(node, [product(shape)], state);
    return [[]];
  },
  Identity: (node, state) => {
    know(node, valuesOf(node, 0, state), state);
    return [shapeOf(node, 0, state)];
  },
  Cast: (node, state) => {
    know(node, valuesOf(node, 0, state), state);
    return [shapeOf(node, 0, state)];
  },
  Add: arithmetic(plus),
  Sub: arithmetic(minus),
  Mul: arithmetic(times),
  Div: arithmetic((a, b) =>
    typeof a === "number" && typeof b === "number" ? (b === 0 ? null : Math.trunc(a / b)) : over(a, b),
  ),
  Mod: arithmetic((a, b) =>
    typeof a === "number" && typeof b === "number" && b !== 0 ? a - b * Math.floor(a / b) : null,
  ),
  Max: arithmetic((a, b) =>
    typeof a === "number" && typeof b === "number" ? Math.max(a, b) : a === b ? a : null,
  ),
  Min: arithmetic((a, b) =>
    typeof a === "number" && typeof b === "number" ? Math.min(a, b) : a === b ? a : null,
  ),
  Equal: arithmetic((a, b) =>
    a === null || b === null ? null : a === b ? 1 : typeof a === "number" && typeof b === "number" ? 0 : null,
  ),
  Where: (node, state) => {
    const [condition, yes, no] = [0, 1, 2].map((input) => valuesOf(node, input, state));
    if (condition && yes && no && condition.length === yes.length && yes.length === no.length) {
      const chosen = condition.map((flag, index) =>
        flag === null ? null : ((flag ? yes[index] : no[index]) as Dim),
      );
      know(node, chosen, state);
    }
    return [broadcast(node.inputs.map((input) => state.shapes.get(input)))];
  },
  ConstantOfShape: (node, state) => {
    const target = valuesOf(node, 0, state);
    const tensor = node.attributes.get("value")?.tensor;
    const value = tensor ? smallValues(state.source, tensor)?.[0] : 0;
    const length = target?.length === 1 ? possible(target[0]) : null;
    if (typeof length === "number" && length <= MAX_VALUES && value !== undefined) {
      know(node, new Array<number>(length).fill(value), state);
    }
    return [target ?? unknownOfRank(shapeOf(node, 0, state))];
  },
  Range: (node, state) => {
    const [start, limit, delta] = [0, 1, 2].map((input) => valuesOf(node, input, state)?.[0]);
    if (start === 0 && delta === 1 && limit !== undefined) return [[limit]];
    if (typeof start === "number" && typeof limit === "number" && typeof delta === "number" && delta !== 0) {
      return [[Math.max(0, Math.ceil((limit - start) / delta))]];
    }
    return [[null]];
  },
  Reshape: (node, state) => {
    const input = shapeOf(node, 0, state);
    const target = valuesOf(node, 1, state);
    if (valuesOf(node, 0, state)) know(node, valuesOf(node, 0, state), state);
    if (!target) return [unknownOfRank(shapeOf(node, 1, state))];
    const allowZero = intOf(node, "allowzero", 0) === 1;
    const dims: Dim[] = target.map((dim, axis) => (dim === 0 && !allowZero ? (input?.[axis] ?? null) : dim));
    const open = dims.indexOf(-1);
    if (open >= 0) {
      // Dimensions that stay the same cancel, so that an unknown one does not hide what the rest implies.
      const rest = [...dims.slice(0, open), ...dims.slice(open + 1)];
      dims[open] = input ? over(product(input), product(rest)) : null;
    }
    const gap = dims.indexOf(null);
    if (open < 0 && gap >= 0 && gap === dims.lastIndexOf(null) && input) {
      dims[gap] = over(product(input), product([...dims.slice(0, gap), ...dims.slice(gap + 1)]));
    }
    return [dims];
  },
  Flatten: (node, state) => {
    const shape = shapeOf(node, 0, state);
    const axis = wrap(intOf(node, "axis", 1), shape?.length ?? 0);
    return [shape && [product(shape.slice(0, axis)), product(shape.slice(axis))]];
  },
  Transpose: (node, state) => {
    const shape = shapeOf(node, 0, state);
    const perm = intsOf(node, "perm") ?? shape?.map((_, axis) => shape.length - 1 - axis);
    return [shape && perm?.map((axis) => shape[axis] ?? null)];
  },
  Squeeze: (node, state) => {
    const shape = shapeOf(node, 0, state);
    const values = valuesOf(node, 0, state);
    if (values) know(node, values, state);
    const given = axesOf(node, 1, state);
    if (!shape || (!given && (node.inputs[1] ?? "") !== "")) return [undefined];
    const axes = new Set(
      (given ?? shape.flatMap((dim, axis) => (dim === 1 ? [axis] : []))).map((axis) =>
        wrap(axis, shape.length),
      ),
    );
    return [shape.filter((_, axis) => !axes.has(axis))];
  },
  Unsqueeze: (node, state) => {
    const shape = shapeOf(node, 0, state);
    know(node, valuesOf(node, 0, state), state);
    const given = axesOf(node, 1, state);
    if (!shape || !given) return [undefined];
    const rank = shape.length + given.length;
    const axes = new Set(given.map((axis) => wrap(axis, rank)));
    let next = 0;
    return [Array.from({ length: rank }, (_, axis) => (axes.has(axis) ? 1 : (shape[next++] ?? null)))];
  },
  Concat: (node, state) => {
    const shapes = node.inputs.map((input) => state.shapes.get(input));
    const parts = node.inputs.map((input) => state.known.get(input));
    const first = shapes.find((shape) => shape !== undefined);
    if (!first) return [undefined];
    if (first.length === 1 && parts.length <= MAX_VALUES && parts.some((part) => part !== undefined)) {
      const values = parts.map((part, index) => part ?? unknownValues(shapes[index]));
      if (values.every((value) => value !== undefined)) know(node, values.flat(), state);
    }
    const axis = wrap(intOf(node, "axis", 0), first.length);
    return [
      first.map((dim, at) =>
        at === axis
          ? shapes.reduce<Dim>((sum, shape) => plus(sum, shape?.[at] ?? null), 0)
          : (shapes.map((shape) => shape?.[at]).find((other) => typeof other === "number") ?? dim),
      ),
    ];
  },
  Split: (node, state) => {
    const shape = shapeOf(node, 0, state);
    if (!shape) return [];
    const axis = wrap(intOf(node, "axis", 0), shape.length);
    const sizes = intsOf(node, "split") ?? valuesOf(node, 1, state);
    const count = node.outputs.length;
    return node.outputs.map((_, index) =>
      shape.map((dim, at) => (at !== axis ? dim : sizes ? (sizes[index] ?? null) : over(dim, count))),
    );
  },
  Slice: (node, state) => {
    const shape = shapeOf(node, 0, state);
    if (!shape) return [undefined];
    const starts = intsOf(node, "starts") ?? valuesOf(node, 1, state);
    const ends = intsOf(node, "ends") ?? valuesOf(node, 2, state);
    const axes = intsOf(node, "axes") ?? valuesOf(node, 3, state) ?? starts?.map((_, axis) => axis);
    const steps = valuesOf(node, 4, state) ?? starts?.map(() => 1);
    if (!starts || !ends || !axes || !steps) {
      const touched = axes?.every((axis) => typeof axis === "number")
        ? new Set(axes.map((axis) => wrap(axis as number, shape.length)))
        : undefined;
      return [
        touched ? shape.map((dim, axis) => (touched.has(axis) ? null : dim)) : unknownOfRank([shape.length]),
      ];
    }
    const result = [...shape];
    axes.forEach((axisValue, index) => {
      if (typeof axisValue !== "number") return;
      const axis = wrap(axisValue, shape.length);
      result[axis] = sliced(
        shape[axis] ?? null,
        starts[index] ?? null,
        ends[index] ?? null,
        steps[index] ?? null,
      );
    });
    const values = valuesOf(node, 0, state);
    const [start, end] = [starts[0], ends[0]];
    if (
      values &&
      shape.length === 1 &&
      typeof start === "number" &&
      typeof end === "number" &&
      (steps[0] ?? 1) === 1
    ) {
      know(node, values.slice(start, end > values.length ? undefined : end), state);
    }
    return [result];
  },
  Gather: (node, state) => {
    const data = shapeOf(node, 0, state);
    const indices = shapeOf(node, 1, state);
    const axis = wrap(intOf(node, "axis", 0), data?.length ?? 1);
    const values = valuesOf(node, 0, state);
    const at = valuesOf(node, 1, state);
    if (values && at?.every((index) => typeof index === "number")) {
      know(
        node,
        at.map((index) => values[wrap(index as number, values.length)] ?? null),
        state,
      );
    }
    return [data && indices && [...data.slice(0, axis), ...indices, ...data.slice(axis + 1)]];
  },
  EmbedLayerNormalization: (node, state) => embedded(node, state),
  QEmbedLayerNormalization: (node, state) => embedded(node, state),
  GatherElements: (node, state) => [shapeOf(node, 1, state)],
  GatherND: (node, state) => {
    const data = shapeOf(node, 0, state);
    const indices = shapeOf(node, 1, state);
    const last = indices?.[indices.length - 1];
    const batch = intOf(node, "batch_dims", 0);
    return [
      data && indices && typeof last === "number"
        ? [...indices.slice(0, -1), ...data.slice(batch + last)]
        : undefined,
    ];
  },
  Expand: (node, state) => {
    const shape = shapeOf(node, 0, state);
    const target = valuesOf(node, 1, state);
    if (!target) return [unknownOfRank(shapeOf(node, 1, state))];
    return [shape && broadcast([shape, target])];
  },
  Tile: (node, state) => {
    const shape = shapeOf(node, 0, state);
    const repeats = valuesOf(node, 1, state);
    return [shape && shape.map((dim, axis) => times(dim, repeats?.[axis] ?? null))];
  },
  Pad: (node, state) => {
    const shape = shapeOf(node, 0, state);
    const pads = intsOf(node, "pads") ?? valuesOf(node, 1, state);
    const axes = axesOf(node, 3, state) ?? shape?.map((_, axis) => axis);
    if (!shape || !axes) return [undefined];
    const result: Dim[] = [...shape];
    axes.forEach((axisValue, index) => {
      const axis = wrap(axisValue, shape.length);
      const amount = pads ? plus(pads[index] ?? null, pads[index + axes.length] ?? null) : null;
      result[axis] = plus(shape[axis] ?? null, amount);
    });
    return [result];
  },
  MatMul: (node, state) => [matmul(shapeOf(node, 0, state), shapeOf(node, 1, state))],
  MatMulInteger: (node, state) => [matmul(shapeOf(node, 0, state), shapeOf(node, 1, state))],
  MatMulIntegerToFloat: (node, state) => [matmul(shapeOf(node, 0, state), shapeOf(node, 1, state))],
  QLinearMatMul: (node, state) => [matmul(shapeOf(node, 0, state), shapeOf(node, 3, state))],
  QLinearAdd: (node, state) => [broadcast([shapeOf(node, 0, state), shapeOf(node, 3, state)])],
  QLinearMul: (node, state) => [broadcast([shapeOf(node, 0, state), shapeOf(node, 3, state)])],
  QLinearSoftmax: (node, state) => [shapeOf(node, 0, state)],
  DynamicQuantizeLinear: (node, state) => [shapeOf(node, 0, state), [], []],
  FusedMatMul: (node, state) => {
    const a = shapeOf(node, 0, state);
    const b = shapeOf(node, 1, state);
    return [
      matmul(intOf(node, "transA", 0) ? swapLastTwo(a) : a, intOf(node, "transB", 0) ? swapLastTwo(b) : b),
    ];
  },
  Gemm: (node, state) => {
    const a = shapeOf(node, 0, state);
    const b = shapeOf(node, 1, state);
    const rows = a?.[intOf(node, "transA", 0) ? 1 : 0];
    const columns = b?.[intOf(node, "transB", 0) ? 0 : 1];
    return [rows === undefined || columns === undefined ? undefined : [rows, columns]];
  },
  Einsum: (node, state) => {
    const letters = einsumLetters(
      node,
      node.inputs.map((_, input) => shapeOf(node, input, state)?.length),
    );
    if (!letters) return [undefined];
    const sizes = new Map<string, Dim>();
    letters.operands.forEach((operand, input) => {
      const shape = shapeOf(node, input, state);
      [...operand].forEach((letter, axis) => {
        const dim = shape?.[axis] ?? null;
        if (!sizes.has(letter) || sizes.get(letter) === null || sizes.get(letter) === 1)
          sizes.set(letter, dim);
      });
    });
    return [[...letters.result].map((letter) => sizes.get(letter) ?? null)];
  },
  Conv: (node, state) => {
    const input = shapeOf(node, 0, state);
    const weight = shapeOf(node, 1, state);
    if (!input || !weight) return [undefined];
    const spatial = input.slice(2).map((dim, axis) => {
      const kernel = weight[axis + 2] ?? null;
      const pads = intsOf(node, "pads");
      const same = node.attributes.get("auto_pad")?.string;
      const stride = intsOf(node, "strides")?.[axis] ?? 1;
      const dilation = intsOf(node, "dilations")?.[axis] ?? 1;
      const padding = (pads?.[axis] ?? 0) + (pads?.[axis + input.length - 2] ?? 0);
      if (typeof dim !== "number" || typeof kernel !== "number") return null;
      if (same?.startsWith("SAME")) return Math.ceil(dim / stride);
      return Math.floor((dim + padding - dilation * (kernel - 1) - 1) / stride) + 1;
    });
    return [[input[0] ?? null, weight[0] ?? null, ...spatial]];
  },
  QLinearConcat: (node, state) => {
    const parts = node.inputs.filter((_, index) => index >= 2 && index % 3 === 2);
    const shapes = parts.map((input) => state.shapes.get(input));
    const first = shapes.find((shape) => shape !== undefined);
    const axis = wrap(intOf(node, "axis", 0), first?.length ?? 1);
    return [
      first?.map((dim, at) =>
        at === axis ? shapes.reduce<Dim>((sum, shape) => plus(sum, shape?.[at] ?? null), 0) : dim,
      ),
    ];
  },
  QGemm: (node, state) => {
    const a = shapeOf(node, 0, state);
    const b = shapeOf(node, 3, state);
    const rows = a?.[intOf(node, "transA", 0) ? 1 : 0];
    const columns = b?.[intOf(node, "transB", 0) ? 0 : 1];
    return [rows === undefined || columns === undefined ? undefined : [rows, columns]];
  },
  MatMulNBits: (node, state) => {
    const a = shapeOf(node, 0, state);
    return [a && [...a.slice(0, -1), intOf(node, "N", 0) || null]];
  },
  LSTM: (node, state) => recurrence(node, state),
  GRU: (node, state) => recurrence(node, state),
  RNN: (node, state) => recurrence(node, state),
  AveragePool: (node, state) => pooled(node, state),
  MaxPool: (node, state) => pooled(node, state),
  LpPool: (node, state) => pooled(node, state),
  GlobalMaxPool: (node, state) => [shapeOf(node, 0, state)?.map((dim, axis) => (axis < 2 ? dim : 1))],
  GlobalAveragePool: (node, state) => [shapeOf(node, 0, state)?.map((dim, axis) => (axis < 2 ? dim : 1))],
  ArgMax: (node, state) => {
    const shape = shapeOf(node, 0, state);
    const axis = wrap(intOf(node, "axis", 0), shape?.length ?? 1);
    const keep = intOf(node, "keepdims", 1) === 1;
    return [keep ? shape?.map((dim, at) => (at === axis ? 1 : dim)) : shape?.filter((_, at) => at !== axis)];
  },
  OneHot: (node, state) => {
    const indices = shapeOf(node, 0, state);
    const depth = valuesOf(node, 1, state)?.[0] ?? null;
    const axis = wrap(intOf(node, "axis", -1), (indices?.length ?? 0) + 1);
    return [indices && [...indices.slice(0, axis), depth, ...indices.slice(axis)]];
  },
  TopK: (node, state) => {
    const shape = shapeOf(node, 0, state);
    const k = valuesOf(node, 1, state)?.[0] ?? null;
    const axis = wrap(intOf(node, "axis", -1), shape?.length ?? 1);
    const result = shape?.map((dim, at) => (at === axis ? k : dim));
    return [result, result];
  },
};

/** [B, C, …] → the same with as many cells along each axis as windows of `kernel_shape` fit. */
function pooled(node: Node, state: State): readonly (Shape | undefined)[] {
  const input = shapeOf(node, 0, state);
  const kernel = intsOf(node, "kernel_shape");
  if (!input || !kernel) return [undefined];
  const pads = intsOf(node, "pads");
  const strides = intsOf(node, "strides");
  const same = node.attributes.get("auto_pad")?.string?.startsWith("SAME") === true;
  const round = intOf(node, "ceil_mode", 0) === 1 ? Math.ceil : Math.floor;
  const cells = input.slice(2).map((dim, axis) => {
    const stride = strides?.[axis] ?? 1;
    if (typeof dim !== "number") return null;
    if (same) return Math.ceil(dim / stride);
    const padding = (pads?.[axis] ?? 0) + (pads?.[axis + kernel.length] ?? 0);
    const dilation = intsOf(node, "dilations")?.[axis] ?? 1;
    return round((dim + padding - dilation * ((kernel[axis] ?? 1) - 1) - 1) / stride) + 1;
  });
  const shape = [...input.slice(0, 2), ...cells];
  return [shape, shape];
}

/** [T, B, ·] → all states [T, directions, B, hidden] and the last [directions, B, hidden]; batch first with layout 1. */
function recurrence(node: Node, state: State): readonly (Shape | undefined)[] {
  const x = shapeOf(node, 0, state);
  if (x?.length !== 3) return [];
  const hidden = intOf(node, "hidden_size", 0) || (shapeOf(node, 2, state)?.[2] ?? null);
  const directions = node.attributes.get("direction")?.string === "bidirectional" ? 2 : 1;
  const [first = null, second = null] = x;
  const batchFirst = intOf(node, "layout", 0) === 1;
  const last: Shape = batchFirst ? [first, directions, hidden] : [directions, second, hidden];
  return [batchFirst ? [first, second, directions, hidden] : [first, directions, second, hidden], last, last];
}

/** com.microsoft: ids [B, T] and tables [·, width] → sums [B, T, width], and the number of valid tokens of each row. */
function embedded(node: Node, state: State): readonly (Shape | undefined)[] {
  const ids = shapeOf(node, 0, state);
  const sums = ids && [...ids, shapeOf(node, 2, state)?.[1] ?? null];
  return [sums, ids && [ids[0] ?? null], sums];
}

function unknownOfRank(shapeOfTarget: Shape | undefined): Shape | undefined {
  const rank = shapeOfTarget?.[0];
  return typeof rank === "number" && rank >= 0 && rank <= 16 ? new Array<Dim>(rank).fill(null) : undefined;
}

function unknownValues(shape: Shape | undefined): Dim[] | undefined {
  const length = shape?.[0];
  return typeof length === "number" && length >= 0 && length <= MAX_VALUES
    ? new Array<Dim>(length).fill(null)
    : undefined;
}

function sliced(dim: Dim, start: Dim, end: Dim, step: Dim): Dim {
  if (typeof start !== "number" || typeof step !== "number" || step === 0) return null;
  const whole = typeof end === "number" && end > 2 ** 30;
  if (start === 0 && step === 1 && (whole || (end !== null && end === dim))) return dim;
  if (typeof dim !== "number" || typeof end !== "number") {
    if (start === 0 && step === 1 && end !== null && !(typeof end === "number" && end < 0) && dim === null)
      return null;
    if (start === 0 && step === 1 && typeof end === "string") return end;
    if (start >= 0 && step === 1 && whole) return minus(dim, start);
    return null;
  }
  const clamp = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);
  const from = clamp(start < 0 ? start + dim : start, 0, step > 0 ? dim : dim - 1);
  const to = clamp(end < 0 ? end + dim : end, step > 0 ? 0 : -1, dim);
  return Math.max(0, Math.ceil((to - from) / step));
}
