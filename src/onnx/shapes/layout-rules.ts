/** Operators that change the layout of a tensor, join and part it. */
import type { Dim } from "../../shared/model";
import { broadcast, over, plus, product, times } from "../dim-algebra";
import {
  axesOf,
  intOf,
  intsOf,
  know,
  MAX_VALUES,
  possible,
  type Rule,
  shapeOf,
  unknownOfRank,
  unknownValues,
  valuesOf,
  wrap,
} from "./state";

export const layoutRules: Readonly<Record<string, Rule>> = {
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
    const values = valuesOf(node, 0, state);
    const [rows, columns] = shape ?? [];
    if (
      values &&
      shape?.length === 2 &&
      typeof rows === "number" &&
      typeof columns === "number" &&
      perm?.[0] === 1
    )
      know(
        node,
        values.map((_, at) => values[(at % rows) * columns + Math.floor(at / rows)] ?? null),
        state,
      );
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
  /** By sizes, else by scales: https://onnx.ai/onnx/operators/onnx__Resize.html */
  Resize: (node, state) => {
    const shape = shapeOf(node, 0, state);
    if (!shape) return [undefined];
    const axes = intsOf(node, "axes") ?? shape.map((_, axis) => axis);
    const sizes = valuesOf(node, 3, state);
    const scales = valuesOf(node, state.opset < 11 ? 1 : 2, state);
    const policy = node.attributes.get("keep_aspect_ratio_policy")?.string ?? "stretch";
    const resized = (dim: Dim, at: number): Dim => {
      const scale = scales?.[at];
      if (sizes?.length === axes.length) return policy === "stretch" ? possible(sizes[at]) : null;
      if (scale === 1) return dim;
      return typeof dim === "number" && typeof scale === "number" ? Math.floor(dim * scale) : null;
    };
    const result = [...shape];
    axes.forEach((axisValue, index) => {
      const axis = wrap(axisValue, shape.length);
      result[axis] = resized(shape[axis] ?? null, index);
    });
    return [result];
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
};
