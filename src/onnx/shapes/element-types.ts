/** Element types of a node's outputs, from its operator and what it is given. */
import type { Node } from "../model";
import type { State } from "./state";

const boolResult = new Set(
  "And Equal Greater GreaterOrEqual IsInf IsNaN Less LessOrEqual Not Or Xor".split(" "),
);
const int64Result = new Set("Shape Size ArgMax ArgMin NonZero".split(" "));

/** ONNX element type number, 0 when unknown. */
export function inferType(node: Node, state: State, output: number): number {
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
