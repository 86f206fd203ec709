/** Operators that take some of a tensor's elements. */
import type { Dim } from "../../shared/model";
import { minus } from "../dim-algebra";
import type { Node } from "../model";
import type { Shape } from "../shapes";
import { intOf, intsOf, know, type Rule, shapeOf, type State, unknownOfRank, valuesOf, wrap } from "./state";

export const choiceRules: Readonly<Record<string, Rule>> = {
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
    // The rows of a table the other way round: exporters turn the pads of F.pad so.
    const [rows, columns] = shape;
    if (values && shape.length === 2 && typeof rows === "number" && typeof columns === "number") {
      const turned = axes.length === 1 && axes[0] === 0 && steps[0] === -1 && start === -1;
      if (turned && typeof end === "number" && end < -rows && values.length === rows * columns) {
        const row = (at: number) => values.slice(at * columns, (at + 1) * columns);
        know(node, Array.from({ length: rows }, (_, at) => row(rows - 1 - at)).flat(), state);
      }
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
  EmbedLayerNormalization: (node, state) => embedded(node, state),
  QEmbedLayerNormalization: (node, state) => embedded(node, state),
};

/** com.microsoft: ids [B, T] and tables [·, width] → sums [B, T, width], and the number of valid tokens of each row. */
function embedded(node: Node, state: State): readonly (Shape | undefined)[] {
  const ids = shapeOf(node, 0, state);
  const sums = ids && [...ids, shapeOf(node, 2, state)?.[1] ?? null];
  return [sums, ids && [ids[0] ?? null], sums];
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
