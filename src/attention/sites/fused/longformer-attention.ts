/**
 * com.microsoft.LongformerAttention: a window around each token, and tokens that see all and are seen by all.
 * https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.LongformerAttention
 *
 * input [B, T, D], weight [D, 3·D], bias [3·D], mask [B, T] (0, or a large negative number that is added to the scores),
 * global_weight [D, 3·D], global_bias [3·D], global [B, T] (1 for a global token). Query i sees key j if |i − j| ≤ window
 * or j is global. A global query sees every key, with queries, keys and values of the global weights. The row of a
 * masked query is zero.
 */
import type { GraphView } from "../../../onnx/graph-view";
import type { Node } from "../../../onnx/model";
import type { Subgraph } from "../../../onnx/subgraph";
import { type FusedOperator, intAttribute, NotRebuilt, required } from "./operator";
import { asFloat, nonZero, positions, splitHeads } from "./pieces";

/** Queries, keys and values as [B, H, T, d] from one packed projection. */
function projected(
  node: Node,
  view: GraphView,
  graph: Subgraph,
  weight: string,
  bias: string,
): { query: string; key: string; value: string } {
  const columns = view.shape(weight)?.[1];
  if (view.shape(weight)?.length !== 2 || typeof columns !== "number")
    throw new NotRebuilt("its weights are not one matrix of a known size");
  const width = columns / 3;
  const input = asFloat(graph, view, required(node, 0, "input"));
  const all = graph.add(graph.matmul(input, asFloat(graph, view, weight)), asFloat(graph, view, bias));
  const part = (index: number) =>
    splitHeads(
      graph,
      graph.slice(all, 2, index * width, (index + 1) * width),
      intAttribute(node, "num_heads", 0),
    );
  return { query: part(0), key: part(1), value: part(2) };
}

export const longformerAttention: FusedOperator = {
  domain: "com.microsoft",
  opType: "LongformerAttention",
  shape(node, view) {
    const input = required(node, 0, "input");
    const shape = view.shape(input);
    return {
      heads: intAttribute(node, "num_heads", 0),
      kvHeads: null,
      batch: shape?.[0] ?? null,
      queries: shape?.[1] ?? null,
      keys: shape?.[1] ?? null,
      query: input,
      key: input,
    };
  },
  parts(node, view, graph) {
    const local = projected(node, view, graph, required(node, 1, "weight"), required(node, 2, "bias"));
    const whole = projected(
      node,
      view,
      graph,
      required(node, 4, "global_weight"),
      required(node, 5, "global_bias"),
    );
    const mask = asFloat(graph, view, required(node, 3, "mask"));
    const isGlobal = nonZero(graph, required(node, 6, "global"));
    const [rows, keys] = [graph.unsqueeze(isGlobal, 1, 3), graph.unsqueeze(isGlobal, 1, 2)];
    const place = positions(graph, local.query, local.key);
    const distance = graph.op("Abs", [graph.sub(place.rows, place.columns)]);
    const near = graph.less(distance, graph.scalar(intAttribute(node, "window", 0) + 1));
    return {
      ...local,
      scale: null,
      biases: [graph.unsqueeze(mask, 1, 2)],
      visible: [graph.op("Or", [graph.op("Or", [near, keys]), rows])],
      apart: { rows, ...whole },
      zeroRows: graph.unsqueeze(graph.less(mask, graph.scalar(0)), 1, 3),
      maskedRows: "uniform",
      result: "BTD",
    };
  },
  noKernel: () => "no kernel on this provider",
};
