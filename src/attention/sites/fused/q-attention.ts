/**
 * com.microsoft.QAttention: Attention on 8-bit input and weights.
 * https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.QAttention
 *
 * input [B, T, D] int8 or uint8, weight [D, 3·D], bias, input_scale, weight_scale (one or one a column), mask_index,
 * input_zero_point, weight_zero_point, past. Both operands are dequantised, then it is Attention.
 */
import type { GraphView } from "../../../onnx/graph-view";
import type { Subgraph } from "../../../onnx/subgraph";
import { packedProjection } from "./attention";
import { shapeOfOneInput } from "./masked";
import { type FusedOperator, inputOf, required } from "./operator";
import { asFloat } from "./pieces";

/** (x − zero) · scale in float32. */
function dequantise(
  graph: Subgraph,
  view: GraphView,
  value: string,
  scale: string,
  zero: string | undefined,
): string {
  const real = graph.cast(value, 1);
  const centred = zero === undefined ? real : graph.sub(real, graph.cast(zero, 1));
  return graph.mul(centred, asFloat(graph, view, scale));
}

export const qAttention: FusedOperator = {
  domain: "com.microsoft",
  opType: "QAttention",
  shape: (node, view) => shapeOfOneInput(node, view, 8),
  parts(node, view, graph) {
    const weight = required(node, 1, "weight");
    const input = dequantise(
      graph,
      view,
      required(node, 0, "input"),
      required(node, 3, "input_scale"),
      inputOf(node, 6),
    );
    const weights = dequantise(graph, view, weight, required(node, 4, "weight_scale"), inputOf(node, 7));
    const projected = graph.add(
      graph.matmul(input, weights),
      asFloat(graph, view, required(node, 2, "bias")),
    );
    return packedProjection(node, view, graph, projected, { mask: 5, past: 8 });
  },
  noKernel: (node, view) =>
    view.elementType(node.inputs[0] ?? "") === 3 ? "no kernel for signed 8-bit input" : null,
};
