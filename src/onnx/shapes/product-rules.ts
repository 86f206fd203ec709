/** Operators that multiply and sum over axes, and what is made of them. */
import type { Dim } from "../../shared/model";
import { broadcast } from "../dim-algebra";
import type { Node } from "../model";
import type { Shape } from "../shapes";
import { einsumLetters } from "./einsum";
import { axesOf, intOf, intsOf, type Rule, shapeOf, type State, wrap } from "./state";

/** Reduce… along axes from an attribute or an input. */
export function reduce(node: Node, state: State): Shape | undefined {
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

function swapLastTwo(shape: Shape | undefined): Shape | undefined {
  if (!shape || shape.length < 2) return undefined;
  return [...shape.slice(0, -2), shape[shape.length - 1] as Dim, shape[shape.length - 2] as Dim];
}

export const productRules: Readonly<Record<string, Rule>> = {
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
