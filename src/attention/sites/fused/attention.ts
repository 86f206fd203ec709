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
import { type MaskInputs, maskedParts, shapeOfOneInput, usedLength } from "./masked";
import {
  type FusedOperator,
  inputOf,
  intAttribute,
  NotRebuilt,
  type OperatorParts,
  required,
} from "./operator";
import { asFloat, cached, pick, splitHeads } from "./pieces";

interface PackedInputs extends MaskInputs {
  readonly past: number;
  /** How the keys of the cache are stored where that is not [B, H, M, d]: from the buffer, and to it. */
  readonly keyBuffer?: { readonly from: (buffer: string) => string; readonly to: (keys: string) => string };
}

/** input [B, T, D] · weights + bias as float32 [B, T, Dq + Dk + Dv], or of tokens without a batch axis. */
export function projectedInput(node: Node, view: GraphView, graph: Subgraph): string {
  const [input, weights] = [required(node, 0, "input"), required(node, 1, "weights")];
  const product = graph.matmul(asFloat(graph, view, input), asFloat(graph, view, weights));
  const bias = inputOf(node, 2);
  return bias === undefined ? product : graph.add(product, asFloat(graph, view, bias));
}

/** The projected [B, T, Dq + Dk + Dv] of Attention and QAttention, split into heads, with what both share. */
export function packedProjection(
  node: Node,
  view: GraphView,
  graph: Subgraph,
  projected: string,
  inputs: PackedInputs,
): OperatorParts {
  const heads = intAttribute(node, "num_heads", 0);
  const [q, k, v] = projectionSizes(node, view, required(node, 1, "weights"));
  const part = (start: number, size: number) =>
    splitHeads(graph, graph.slice(projected, 2, start, start + size), heads);
  const past = inputOf(node, inputs.past);
  const pastOf = (index: number) =>
    past === undefined ? undefined : pick(graph, asFloat(graph, view, past), 0, index);
  const used = usedLength(node, graph, inputs);
  const { keyBuffer } = inputs;
  const pastKeys = pastOf(0);
  const stored = pastKeys !== undefined && keyBuffer ? keyBuffer.from(pastKeys) : pastKeys;
  const query = part(0, q);
  const keys = cached(graph, stored, part(q, k), used);
  const values = cached(graph, pastOf(1), part(q + k, v), used);
  const returned = () => {
    const ownKeys = keyBuffer ? keyBuffer.to(keys.returned) : keys.returned;
    return graph.concat([graph.unsqueeze(ownKeys, 0), graph.unsqueeze(values.returned, 0)], 0);
  };
  const states = { query, key: keys.all, value: values.all };
  return { ...maskedParts(node, view, graph, states, inputs), others: { 1: returned } };
}

/** An operator that turns its own queries and keys by tables that are not among its inputs. */
function refuseRotary(node: Node): void {
  if (intAttribute(node, "do_rotary", 0))
    throw new NotRebuilt("it rotates queries and keys with tables of its own");
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
    refuseRotary(node);
    return shapeOfOneInput(node, view, 4);
  },
  parts: (node, view, graph) =>
    packedProjection(node, view, graph, projectedInput(node, view, graph), {
      mask: 3,
      past: 4,
      bias: 5,
      pastLength: 6,
    }),
  noKernel: (node) =>
    inputOf(node, 2) === undefined
      ? "ONNX Runtime 1.30 ends with a segmentation fault on this operator without a bias"
      : null,
};

/**
 * com.microsoft.DecoderMaskedSelfAttention: Attention of one step on a cache that it shares with its result; the first
 * `past_sequence_length` tokens of the buffer are used.
 */
export const decoderMaskedSelfAttention: FusedOperator = {
  domain: "com.microsoft",
  opType: "DecoderMaskedSelfAttention",
  shape(node, view) {
    if (inputOf(node, 7) !== undefined) throw new NotRebuilt("it reorders its cache for beam search");
    refuseRotary(node);
    return { ...shapeOfOneInput(node, view, 4), keys: null };
  },
  parts(node, view, graph) {
    required(node, 2, "bias");
    const projected = projectedInput(node, view, graph);
    const sizes = projectionSizes(node, view, required(node, 1, "weights"));
    const size = sizes[1] / intAttribute(node, "num_heads", 1);
    // Keys lie as [B, H, d / x, M, x] in the memory of [B, H, M, d], with x = 16 bytes.
    const x = view.elementType(required(node, 0, "input")) === 10 ? 8 : 4;
    const dims = (value: string, ...rest: string[]) =>
      graph.concat([graph.slice(graph.op("Shape", [value]), 0, 0, 2), ...rest], 0);
    const keyBuffer = {
      from: (buffer: string) => {
        const length = graph.size(buffer, 2);
        const lying = graph.op("Reshape", [
          buffer,
          dims(buffer, graph.ints(size / x), length, graph.ints(x)),
        ]);
        return graph.op("Reshape", [graph.transpose(lying, 0, 1, 3, 2, 4), graph.op("Shape", [buffer])]);
      },
      to: (keys: string) => {
        const parts = graph.op("Reshape", [keys, dims(keys, graph.size(keys, 2), graph.ints(size / x, x))]);
        return graph.op("Reshape", [graph.transpose(parts, 0, 1, 3, 2, 4), graph.op("Shape", [keys])]);
      },
    };
    const inputs = { mask: 3, past: 4, bias: 5, pastLength: 6, keyBuffer };
    return packedProjection(node, view, graph, projected, inputs);
  },
  noKernel: () => "no kernel on this provider",
};
