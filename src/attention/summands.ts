/**
 * The maps that a sum or a difference of softmaxes is made of (differential attention): each as it was before it was
 * weighted and added. They may come from softmaxes of their own or be parts of one.
 */
import type { GraphView } from "../onnx/graph-view";
import type { Node } from "../onnx/model";
import { dataInputs, onlyLayout } from "./products";
import { type ValuePath, sums } from "./value-path";

const MAX_BACK = 40;
const MAX_SUMMANDS = 8;

/** A weight of a summand, and what takes one softmax's output apart. */
const weights = new Set(["Mul", "Div", "Neg"]);
const parts = new Set([...onlyLayout, "Slice", "Split", "Gather", "Dropout", "Where"]);

export interface Summands {
  /** The node that adds them last. */
  readonly node: Node;
  /** Of each summand all tensors from the softmax's output to it. */
  readonly paths: readonly (readonly string[])[];
}

/** @param shares outputs of all softmaxes */
export function summandsOf(
  { tensors }: ValuePath,
  view: GraphView,
  shares: ReadonlySet<string>,
): Summands | undefined {
  const summed = tensors.findLast((value) => sums.has(view.producer(value)?.opType ?? ""));
  const node = summed === undefined ? undefined : view.producer(summed);
  if (!node) return undefined;
  const paths: (readonly string[])[] = [];
  const visit = (value: string, depth: number): boolean => {
    const by = view.producer(value);
    if (depth > MAX_SUMMANDS || paths.length > MAX_SUMMANDS || !by) return false;
    if (!shares.has(value)) {
      if (sums.has(by.opType)) return by.inputs.every((input) => visit(input, depth + 1));
      if (weights.has(by.opType)) {
        const weighted = by.inputs.filter((input) => pathFrom(input, view, shares) !== undefined);
        return weighted.length === 1 && visit(weighted[0] as string, depth + 1);
      }
    }
    const path = pathFrom(value, view, shares);
    if (path) paths.push(path);
    return path !== undefined;
  };
  const all = node.inputs.every((input) => visit(input, 0));
  return all && paths.length > 1 && new Set(paths.map((path) => path.at(-1))).size === paths.length
    ? { node, paths }
    : undefined;
}

/** From the softmax's output to a tensor; weights on the way are allowed, since only the first of them ends a summand. */
function pathFrom(value: string, view: GraphView, shares: ReadonlySet<string>): string[] | undefined {
  const path = [value];
  for (let steps = 0; steps < MAX_BACK; steps++) {
    const current = path[0] as string;
    if (shares.has(current)) return path;
    const node = view.producer(current);
    if (!node) return undefined;
    const next = weights.has(node.opType)
      ? node.inputs.filter((input) => !view.isConstant(input) && reaches(input, view, shares))
      : parts.has(node.opType)
        ? dataInputs(node).filter((input) => !view.isConstant(input))
        : [];
    if (next.length !== 1) return undefined;
    path.unshift(next[0] as string);
  }
  return undefined;
}

/** Whether a softmax's output is behind a value, through what neither weighs nor adds. */
function reaches(value: string, view: GraphView, shares: ReadonlySet<string>): boolean {
  let current = value;
  for (let steps = 0; steps < MAX_BACK; steps++) {
    if (shares.has(current)) return true;
    const node = view.producer(current);
    const next =
      node && parts.has(node.opType) ? dataInputs(node).filter((input) => !view.isConstant(input)) : [];
    if (next.length !== 1) return false;
    current = next[0] as string;
  }
  return false;
}
