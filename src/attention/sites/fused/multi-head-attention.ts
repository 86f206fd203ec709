/**
 * com.microsoft.MultiHeadAttention and DecoderMaskedMultiHeadAttention: projected queries, keys and values.
 * https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.MultiHeadAttention
 *
 * query [B, T, D] or packed [B, T, H, 3, d]; key [B, S, D], packed with values [B, S, H, 2, d], or [B, H, S, d] from a
 * cross-attention cache; bias [D + D + Dv]; key_padding_mask as `maskIndex`; attention_bias [B | 1, H | 1, T, S];
 * past_key and past_value [B, H, P, d].
 */
import type { Dim } from "../../../shared/model";
import { plus } from "../../../onnx/dim-algebra";
import type { GraphView } from "../../../onnx/graph-view";
import type { Node } from "../../../onnx/model";
import type { Subgraph } from "../../../onnx/subgraph";
import { type MaskInputs, maskedParts, usedLength } from "./masked";
import {
  type FusedOperator,
  inputOf,
  intAttribute,
  NotRebuilt,
  type OperatorParts,
  type OperatorShape,
  required,
} from "./operator";
import { asFloat, cached, pick, splitHeads } from "./pieces";

/** Input numbers that differ between the two operators. */
interface Inputs extends MaskInputs {
  readonly pastKey: number;
  readonly pastValue: number;
  /** Of the projections, [D + D + Dv]. */
  readonly projectionBias: number;
}

/** Queries, keys and values as [B, H, ·, d] in whichever of the forms they come. */
function operands(
  node: Node,
  view: GraphView,
  graph: Subgraph,
  inputs: Inputs,
): { query: string; key: string; value: string } {
  const heads = intAttribute(node, "num_heads", 0);
  const query = required(node, 0, "query");
  const key = inputOf(node, 1);
  const value = inputOf(node, 2);
  const bias = inputOf(node, inputs.projectionBias);
  const width = bias === undefined ? undefined : view.shape(bias)?.[0];
  /** The part of the packed bias that belongs to queries, keys or values. */
  const biased = (part: "q" | "k" | "v", flat: string): string => {
    if (bias === undefined) return flat;
    if (typeof width !== "number") throw new NotRebuilt("the size of its bias cannot be told");
    const d = view.shape(query)?.[2];
    const hidden = typeof d === "number" && view.shape(query)?.length === 3 ? d : width / 3;
    const [start, end] =
      part === "q" ? [0, hidden] : part === "k" ? [hidden, 2 * hidden] : [2 * hidden, width];
    return graph.add(flat, graph.slice(asFloat(graph, view, bias), 0, start, end));
  };
  const flatten = (packed: string) => graph.reshape(packed, 0, 0, -1);
  /** [B, S, D] → heads, with its bias. */
  const split = (part: "q" | "k" | "v", flat: string) =>
    splitHeads(graph, biased(part, asFloat(graph, view, flat)), heads);
  const rank = (name: string | undefined) => (name === undefined ? 0 : (view.shape(name)?.length ?? 0));
  if (key === undefined) {
    // Packed as [B, T, H, 3, d], or as [B, T, 3·D] by the decoders.
    const part = (index: number) =>
      rank(query) === 5
        ? flatten(pick(graph, query, 3, index))
        : pick(graph, graph.reshape(query, 0, 0, 3, -1), 2, index);
    return { query: split("q", part(0)), key: split("k", part(1)), value: split("v", part(2)) };
  }
  if (value === undefined) {
    if (rank(key) !== 5) throw new NotRebuilt("its keys come without values and are not packed");
    const part = (index: number) => flatten(pick(graph, key, 3, index));
    return { query: split("q", query), key: split("k", part(0)), value: split("v", part(1)) };
  }
  // Keys and values that were split into heads before carry no bias of their own.
  if (rank(key) === 4)
    return { query: split("q", query), key: asFloat(graph, view, key), value: asFloat(graph, view, value) };
  return { query: split("q", query), key: split("k", key), value: split("v", value) };
}

function lengths(node: Node, view: GraphView, inputs: Inputs): OperatorShape {
  const query = required(node, 0, "query");
  const key = inputOf(node, 1);
  const shape = view.shape(query);
  const keyShape = key === undefined ? shape : view.shape(key);
  const past = inputOf(node, inputs.pastKey);
  const present: Dim = keyShape?.[keyShape.length === 4 ? 2 : 1] ?? null;
  return {
    heads: intAttribute(node, "num_heads", 0),
    kvHeads: null,
    batch: shape?.[0] ?? null,
    queries: shape?.[1] ?? null,
    keys:
      past === undefined
        ? present
        : intAttribute(node, "past_present_share_buffer", 0)
          ? null
          : plus(view.shape(past)?.[2] ?? null, present),
    query,
    key: key ?? query,
  };
}

function partsOf(node: Node, view: GraphView, graph: Subgraph, inputs: Inputs): OperatorParts {
  const { query, key: newKey, value: newValue } = operands(node, view, graph, inputs);
  const past = (index: number) => {
    const name = inputOf(node, index);
    return name === undefined ? undefined : asFloat(graph, view, name);
  };
  const used = usedLength(node, graph, inputs);
  const keys = cached(graph, past(inputs.pastKey), newKey, used);
  const values = cached(graph, past(inputs.pastValue), newValue, used);
  const states = { query, key: keys.all, value: values.all };
  return {
    ...maskedParts(node, view, graph, states, inputs),
    others: { 1: () => keys.returned, 2: () => values.returned },
  };
}

const ofMultiHead: Inputs = { projectionBias: 3, mask: 4, bias: 5, pastKey: 6, pastValue: 7, pastLength: 8 };

export const multiHeadAttention: FusedOperator = {
  domain: "com.microsoft",
  opType: "MultiHeadAttention",
  shape: (node, view) => lengths(node, view, ofMultiHead),
  parts: (node, view, graph) => partsOf(node, view, graph, ofMultiHead),
};

const ofDecoder: Inputs = { mask: 3, bias: 4, pastKey: 5, pastValue: 6, projectionBias: 10, pastLength: 7 };

export const decoderMaskedMultiHeadAttention: FusedOperator = {
  domain: "com.microsoft",
  opType: "DecoderMaskedMultiHeadAttention",
  shape(node, view) {
    if (inputOf(node, 9) !== undefined) throw new NotRebuilt("it reorders its cache for beam search");
    return lengths(node, view, ofDecoder);
  },
  parts: (node, view, graph) => partsOf(node, view, graph, ofDecoder),
};
