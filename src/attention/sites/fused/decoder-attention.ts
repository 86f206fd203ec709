/**
 * com.microsoft.DecoderAttention: a decoder's self or cross attention with its projections, tokens before the batch.
 * https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.DecoderAttention
 *
 * query [T, B, D], key [S, B, D], q_weight [D, D], kv_weight [D, 2·D], bias [3·D], key_padding_mask [B, S] (true hides),
 * key_cache and value_cache [B, H, P, d], and four flags: static_kv (keys come from the cache alone, or from `key`),
 * use_past, has_layer_state, has_key_padding_mask.
 */
import type { GraphView } from "../../../onnx/graph-view";
import type { Node } from "../../../onnx/model";
import { type FusedOperator, floatAttribute, intAttribute, NotRebuilt, required } from "./operator";
import { asFloat, cached, filterBias } from "./pieces";

interface Flags {
  readonly staticKeys: boolean;
  readonly usePast: boolean;
  readonly masked: boolean;
}

function flagsOf(node: Node, view: GraphView): Flags {
  const flag = (index: number, name: string) => {
    const value = view.values(required(node, index, name))?.[0];
    if (typeof value !== "number") throw new NotRebuilt(`its flag ${name} is not a constant`);
    return value !== 0;
  };
  return {
    staticKeys: flag(8, "static_kv"),
    usePast: flag(9, "use_past"),
    masked: flag(11, "has_key_padding_mask"),
  };
}

export const decoderAttention: FusedOperator = {
  domain: "com.microsoft",
  opType: "DecoderAttention",
  shape(node, view) {
    const query = required(node, 0, "query");
    const shape = view.shape(query);
    const { staticKeys, usePast } = flagsOf(node, view);
    const key = staticKeys ? required(node, 1, "key") : query;
    return {
      heads: intAttribute(node, "num_heads", 0),
      kvHeads: null,
      batch: shape?.[1] ?? null,
      queries: shape?.[0] ?? null,
      keys: usePast ? null : (view.shape(key)?.[0] ?? null),
      query,
      key,
    };
  },
  parts(node, view, graph) {
    const heads = intAttribute(node, "num_heads", 0);
    const { staticKeys, usePast, masked } = flagsOf(node, view);
    const width = view.shape(required(node, 2, "q_weight"))?.[1];
    if (typeof width !== "number") throw new NotRebuilt("the size of its weights cannot be told");
    const float = (index: number, name: string) => asFloat(graph, view, required(node, index, name));
    const bias = float(4, "bias");
    /** [·, B, D] → [B, H, ·, d]. */
    const split = (tokens: string, part: number) => {
      const biased = graph.add(tokens, graph.slice(bias, 0, part * width, (part + 1) * width));
      return graph.transpose(graph.reshape(biased, 0, 0, heads, -1), 1, 2, 0, 3);
    };
    const query = split(graph.matmul(float(0, "query"), float(2, "q_weight")), 0);
    const source = staticKeys ? float(1, "key") : float(0, "query");
    const both = graph.matmul(source, float(3, "kv_weight"));
    const projected = (part: number) => split(graph.slice(both, 2, (part - 1) * width, part * width), part);
    const kept = (part: number, index: number) => {
      if (usePast && staticKeys) return float(index, "cache");
      return cached(graph, usePast ? float(index, "cache") : undefined, projected(part)).all;
    };
    const [key, value] = [kept(1, 6), kept(2, 7)];
    const filter = floatAttribute(node, "mask_filter_value", -10000);
    const hidden = masked ? graph.unsqueeze(required(node, 5, "key_padding_mask"), 1, 2) : undefined;
    return {
      query,
      key,
      value,
      scale: null,
      biases: hidden === undefined ? [] : [filterBias(graph, graph.not(hidden), filter)],
      visible: [],
      maskedRows: "uniform",
      result: "TBD",
      others: { 1: () => key, 2: () => value },
    };
  },
  noKernel: () => "no kernel on this provider",
};
