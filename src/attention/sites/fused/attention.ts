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
import { asFloat, causalToTheEnd, filterBias, maskIndex, pick, splitHeads, cached } from "./pieces";

/** Input numbers that differ between the operators. */
interface PackedInputs {
  readonly mask: number;
  readonly past: number;
  readonly bias?: number;
  readonly pastLength?: number;
  /** How the keys of the cache are stored where that is not [B, H, M, d]: from the buffer, and to it. */
  readonly keyBuffer?: { readonly from: (buffer: string) => string; readonly to: (keys: string) => string };
}

/** The projected [B, T, Dq + Dk + Dv] of Attention and QAttention, split into heads, with what both share. */
export function packedProjection(
  node: Node,
  view: GraphView,
  graph: Subgraph,
  projected: string,
  sizes: readonly [number, number, number],
  inputs: PackedInputs,
): OperatorParts {
  const heads = intAttribute(node, "num_heads", 0);
  const [q, k, v] = sizes;
  const part = (start: number, size: number) =>
    splitHeads(graph, graph.slice(projected, 2, start, start + size), heads);
  const past = inputOf(node, inputs.past);
  const query = part(0, q);
  const pastOf = (index: number) =>
    past === undefined ? undefined : pick(graph, asFloat(graph, view, past), 0, index);
  const shared = intAttribute(node, "past_present_share_buffer", 0) === 1 && inputs.pastLength !== undefined;
  const used = shared
    ? graph.reshape(graph.cast(required(node, inputs.pastLength ?? 0, "past_sequence_length"), 7), 1)
    : undefined;
  const pastKeys = pastOf(0);
  const stored = pastKeys !== undefined && inputs.keyBuffer ? inputs.keyBuffer.from(pastKeys) : pastKeys;
  const keys = cached(graph, stored, part(q, k), used);
  const values = cached(graph, pastOf(1), part(q + k, v), used);
  const key = keys.all;
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
    value: values.all,
    scale: scaleAttribute(node),
    biases,
    visible,
    maskedRows: "uniform",
    result: "BTD",
    others: {
      1: () => {
        const keyBuffer = inputs.keyBuffer ? inputs.keyBuffer.to(keys.returned) : keys.returned;
        return graph.concat([graph.unsqueeze(keyBuffer, 0), graph.unsqueeze(values.returned, 0)], 0);
      },
    },
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

/**
 * com.microsoft.DecoderMaskedSelfAttention: Attention of one step on a cache that it shares with its result; the first
 * `past_sequence_length` tokens of the buffer are used.
 */
export const decoderMaskedSelfAttention: FusedOperator = {
  domain: "com.microsoft",
  opType: "DecoderMaskedSelfAttention",
  shape(node, view) {
    const input = required(node, 0, "input");
    const shape = view.shape(input);
    if (inputOf(node, 7) !== undefined) throw new NotRebuilt("it reorders its cache for beam search");
    if (intAttribute(node, "do_rotary", 0))
      throw new NotRebuilt("it rotates queries and keys with tables of its own");
    return {
      heads: intAttribute(node, "num_heads", 0),
      kvHeads: null,
      batch: shape?.[0] ?? null,
      queries: shape?.[1] ?? null,
      keys: null,
      query: input,
      key: input,
    };
  },
  parts(node, view, graph) {
    const weights = required(node, 1, "weights");
    const product = graph.matmul(
      asFloat(graph, view, required(node, 0, "input")),
      asFloat(graph, view, weights),
    );
    const projected = graph.add(product, asFloat(graph, view, required(node, 2, "bias")));
    const sizes = projectionSizes(node, view, weights);
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
    return packedProjection(node, view, graph, projected, sizes, inputs);
  },
  noKernel: () => "no kernel on this provider",
};
