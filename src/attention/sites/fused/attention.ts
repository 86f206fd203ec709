/**
 * com.microsoft.Attention: one input, packed projection weights.
 * https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.Attention
 *
 * input [B, T, D], weights [D, Dq + Dk + Dv], bias [Dq + Dk + Dv], mask_index (see `maskIndex`), past [2, B, H, P, d],
 * attention_bias [B | 1, H | 1, T, S]. Masked scores get `mask_filter_value` added, so a row without a visible key is
 * the softmax of its scores. `unidirectional` hides the keys after the query.
 */
import type { GraphView } from "../../../onnx/graph-view";
import type { Node } from "../../../onnx/model";
import type { Subgraph } from "../../../onnx/subgraph";
import { plus } from "../../../onnx/dim-algebra";
import {
  type FusedOperator,
  floatAttribute,
  inputOf,
  intAttribute,
  NotRebuilt,
  type OperatorParts,
  required,
  scaleAttribute,
} from "./operator";
import { asFloat, causalToTheEnd, filterBias, maskIndex, pick, splitHeads, withPast } from "./pieces";

/** The projected [B, T, Dq + Dk + Dv] of Attention and QAttention, split into heads, with what both share. */
export function packedProjection(
  node: Node,
  view: GraphView,
  graph: Subgraph,
  projected: string,
  sizes: readonly [number, number, number],
  inputs: { mask: number; past: number; bias?: number },
): OperatorParts {
  const heads = intAttribute(node, "num_heads", 0);
  const [q, k, v] = sizes;
  const part = (start: number, size: number) =>
    splitHeads(graph, graph.slice(projected, 2, start, start + size), heads);
  const past = inputOf(node, inputs.past);
  const query = part(0, q);
  const pastOf = (index: number) =>
    past === undefined ? undefined : pick(graph, asFloat(graph, view, past), 0, index);
  const key = withPast(graph, pastOf(0), part(q, k));
  const value = withPast(graph, pastOf(1), part(q + k, v));
  const filter = floatAttribute(node, "mask_filter_value", -10000);
  const biases: string[] = [];
  const mask = inputOf(node, inputs.mask);
  if (mask !== undefined) {
    const found = maskIndex(graph, view, mask, key, query, view.shape(node.inputs[0] ?? "")?.[0] ?? null);
    if ("reason" in found) throw new NotRebuilt(found.reason);
    biases.push(filterBias(graph, found.visible, filter));
  }
  const bias = inputs.bias === undefined ? undefined : inputOf(node, inputs.bias);
  if (bias !== undefined) biases.push(asFloat(graph, view, bias));
  const visible = intAttribute(node, "unidirectional", 0) === 1 ? [causalToTheEnd(graph, query, key)] : [];
  return {
    query,
    key,
    value,
    scale: scaleAttribute(node),
    biases,
    visible,
    maskedRows: "uniform",
    result: "BTD",
  };
}

/** Dq, Dk, Dv: from the attribute, else a third of the packed weights each. */
export function projectionSizes(node: Node, view: GraphView, weights: string): [number, number, number] {
  const given = node.attributes.get("qkv_hidden_sizes")?.ints?.map(Number);
  if (given?.length === 3) return given as [number, number, number];
  const columns = view.shape(weights)?.[1];
  if (typeof columns !== "number") throw new NotRebuilt("the size of its weights cannot be told");
  return [columns / 3, columns / 3, columns / 3];
}

export const attention: FusedOperator = {
  domain: "com.microsoft",
  opType: "Attention",
  shape(node, view) {
    const input = required(node, 0, "input");
    const shape = view.shape(input);
    const past = inputOf(node, 4);
    if (intAttribute(node, "do_rotary", 0))
      throw new NotRebuilt("it rotates queries and keys with tables of its own");
    if (intAttribute(node, "past_present_share_buffer", 0))
      throw new NotRebuilt("its past and present share one buffer");
    const length = shape?.[1] ?? null;
    return {
      heads: intAttribute(node, "num_heads", 0),
      kvHeads: null,
      batch: shape?.[0] ?? null,
      queries: length,
      keys: past === undefined ? length : plus(length, view.shape(past)?.[3] ?? null),
      query: input,
      key: input,
    };
  },
  parts(node, view, graph) {
    const weights = required(node, 1, "weights");
    let projected = graph.matmul(
      asFloat(graph, view, required(node, 0, "input")),
      asFloat(graph, view, weights),
    );
    const bias = inputOf(node, 2);
    if (bias !== undefined) projected = graph.add(projected, asFloat(graph, view, bias));
    return packedProjection(node, view, graph, projected, projectionSizes(node, view, weights), {
      mask: 3,
      past: 4,
      bias: 5,
    });
  },
  noKernel: (node) =>
    inputOf(node, 2) === undefined
      ? "ONNX Runtime 1.30 ends with a segmentation fault on this operator without a bias"
      : null,
};
