/** The axes that a reduction, a Squeeze or an Unsqueeze names, in an attribute (older opsets) or as its second input. */
import type { GraphView } from "../onnx/graph-view";
import type { Node } from "../onnx/model";

/**
 * All of them.
 * @param rank axes are counted from the front where it is known; else negative ones stay negative
 * @returns undefined where the graph does not tell them
 */
export function namedAxes(
  node: Node,
  view: GraphView,
  rank: number | undefined,
): readonly number[] | undefined {
  const given = node.attributes.get("axes")?.ints?.map(Number) ?? view.values(node.inputs[1] ?? "");
  if (!given?.every((axis) => typeof axis === "number")) return undefined;
  return given.map((axis) => (axis < 0 && rank !== undefined ? axis + rank : axis));
}

/** The axis, if one alone is named; see {@link namedAxes}. */
export function namedAxis(node: Node, view: GraphView, rank: number | undefined): number | undefined {
  const axes = namedAxes(node, view, rank);
  return axes?.length === 1 ? axes[0] : undefined;
}
