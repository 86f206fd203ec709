/**
 * What Attention, QAttention, MultiHeadAttention and their decoder forms share once queries, keys and values are split
 * into heads: caches, the mask input, an additive bias and `unidirectional`.
 */
import { plus } from "../../../onnx/dim-algebra";
import type { GraphView } from "../../../onnx/graph-view";
import type { Node } from "../../../onnx/model";
import type { Subgraph } from "../../../onnx/subgraph";
import {
  floatAttribute,
  inputOf,
  intAttribute,
  NotRebuilt,
  type OperatorParts,
  type OperatorShape,
  required,
  scaleAttribute,
} from "./operator";
import { asFloat, causalToTheEnd, filterBias, maskIndex } from "./pieces";

/** Input numbers that differ between the operators. */
export interface MaskInputs {
  readonly mask: number;
  /** Additive, [B | 1, H | 1, T, S]. */
  readonly bias?: number;
  /** How much of a buffer that past and present share is used. */
  readonly pastLength?: number;
}

/** How many tokens of a cache hold something, where past and present share a buffer; undefined where all do. */
export function usedLength(node: Node, graph: Subgraph, { pastLength }: MaskInputs): string | undefined {
  if (pastLength === undefined || intAttribute(node, "past_present_share_buffer", 0) !== 1) return undefined;
  return graph.reshape(graph.cast(required(node, pastLength, "past_sequence_length"), 7), 1);
}

/**
 * Scores are masked by adding `mask_filter_value`, so that a row without a visible key is the softmax of its scores.
 * @param states queries [B, H, T, d], keys and values [B, H, S, ·] with those of the cache
 */
export function maskedParts(
  node: Node,
  view: GraphView,
  graph: Subgraph,
  states: { readonly query: string; readonly key: string; readonly value: string },
  inputs: MaskInputs,
): OperatorParts {
  const { query, key } = states;
  const biases: string[] = [];
  const mask = inputOf(node, inputs.mask);
  if (mask !== undefined) {
    const batch = view.shape(node.inputs[0] ?? "")?.[0] ?? null;
    const found = maskIndex(graph, view, mask, key, query, batch);
    if ("reason" in found) throw new NotRebuilt(found.reason);
    biases.push(filterBias(graph, found.visible, floatAttribute(node, "mask_filter_value", -10000)));
  }
  const bias = inputs.bias === undefined ? undefined : inputOf(node, inputs.bias);
  if (bias !== undefined) biases.push(asFloat(graph, view, bias));
  return {
    ...states,
    scale: scaleAttribute(node),
    biases,
    visible: intAttribute(node, "unidirectional", 0) === 1 ? [causalToTheEnd(graph, query, key)] : [],
    maskedRows: "uniform",
    result: "BTD",
  };
}

/** Sizes of an operator of one input [B, T, D]. @param past number of its cache [2, B, H, P, d] */
export function shapeOfOneInput(node: Node, view: GraphView, past: number): OperatorShape {
  const input = required(node, 0, "input");
  const shape = view.shape(input);
  const length = shape?.[1] ?? null;
  const cache = inputOf(node, past);
  const isShared = intAttribute(node, "past_present_share_buffer", 0) === 1;
  return {
    heads: intAttribute(node, "num_heads", 0),
    kvHeads: null,
    batch: shape?.[0] ?? null,
    queries: length,
    keys: cache === undefined ? length : isShared ? null : plus(length, view.shape(cache)?.[3] ?? null),
    query: input,
    key: input,
  };
}
