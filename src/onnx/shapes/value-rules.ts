/** Operators whose small integer results are followed by value: what exporters compute the targets of Reshape from. */
import type { Dim } from "../../shared/model";
import { broadcast, minus, over, plus, product, times } from "../dim-algebra";
import type { Node } from "../model";
import { smallValues } from "../small-tensor";
import {
  defineConstant,
  intOf,
  know,
  MAX_VALUES,
  possible,
  type Rule,
  shapeOf,
  type State,
  unknownOfRank,
  valuesOf,
} from "./state";

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

export const valueRules: Readonly<Record<string, Rule>> = {
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
  Neg: (node, state) => {
    know(
      node,
      valuesOf(node, 0, state)?.map((value) => minus(0, value)),
      state,
    );
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
};
