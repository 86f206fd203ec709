/**
 * ai.onnx Attention, opset 23 and later. https://onnx.ai/onnx/operators/onnx__Attention.html
 *
 * Q [B, H, T, d] or [B, T, H·d], K and V likewise with their own number of heads; attn_mask bool or additive, may be
 * shorter than the keys; past_key and past_value [B, KV, P, d]; nonpad_kv_seqlen [B] (24). `is_causal`: key j is visible
 * to query i if j ≤ i + offset, with offset = P, or nonpad − T. Windows (25) count from the same place. The softcap is
 * applied before the mask. A row without a visible key is a row of zeros.
 */
import type { Dim } from "../../../shared/model";
import { plus } from "../../../onnx/dim-algebra";
import type { GraphView } from "../../../onnx/graph-view";
import type { Node } from "../../../onnx/model";
import type { Subgraph } from "../../../onnx/subgraph";
import {
  type FusedOperator,
  floatAttribute,
  inputOf,
  intAttribute,
  NotRebuilt,
  type Rebuilt,
  required,
} from "./operator";
import { asFloat, beforeLength, positions, repeatHeads, splitHeads, cached } from "./pieces";

interface Sizes {
  readonly rank: number;
  readonly heads: number;
  readonly kvHeads: number;
}

function sizesOf(node: Node, view: GraphView): Sizes {
  const query = view.shape(required(node, 0, "Q"));
  const key = view.shape(required(node, 1, "K"));
  if (!query || !key) throw new NotRebuilt("the rank of its inputs cannot be told");
  const heads = query.length === 4 ? query[1] : intAttribute(node, "q_num_heads", 0);
  const kvHeads = key.length === 4 ? key[1] : intAttribute(node, "kv_num_heads", 0);
  if (typeof heads !== "number" || typeof kvHeads !== "number" || heads < 1 || kvHeads < 1)
    throw new NotRebuilt("its number of heads cannot be told");
  return { rank: query.length, heads, kvHeads };
}

/** The mask over all keys: padded with hidden keys where it is shorter, and its leading axes up to rank 4. */
function fullMask(
  graph: Subgraph,
  view: GraphView,
  mask: string,
  key: string,
): { visible?: string; bias?: string } {
  const shape = view.shape(mask);
  if (!shape) throw new NotRebuilt("the rank of its mask cannot be told");
  const isBool = view.elementType(mask) === 9;
  // Hidden keys as −∞ in float32; bool as 1 and 0.
  const value = isBool ? graph.cast(mask, 1) : asFloat(graph, view, mask);
  const missing = graph.op("Max", [
    graph.sub(graph.size(key, 2), graph.size(mask, shape.length - 1)),
    graph.ints(0),
  ]);
  const front = new Array<number>(shape.length * 2 - 1).fill(0);
  const padded = graph.op(
    "Pad",
    [value, graph.concat([graph.ints(...front), missing], 0), graph.scalar(isBool ? 0 : -1e30)],
    { mode: { string: "constant" } },
  );
  return isBool ? { visible: graph.cast(padded, 9) } : { bias: padded };
}

/** What the operator's fourth output holds: products, or probabilities. */
function products(node: Node, { map, scores }: Rebuilt): string {
  const mode = intAttribute(node, "qk_matmul_output_mode", 0);
  if (mode === 0) return scores.raw;
  if (mode === 3) return map;
  throw new NotRebuilt("its output of masked or capped products is used and cannot be rebuilt");
}

export const onnxAttention: FusedOperator = {
  domain: "",
  opType: "Attention",
  shape(node, view) {
    const { rank, heads, kvHeads } = sizesOf(node, view);
    const query = required(node, 0, "Q");
    const key = required(node, 1, "K");
    const past = inputOf(node, 4);
    const axis = rank === 4 ? 2 : 1;
    const present: Dim = view.shape(key)?.[axis] ?? null;
    return {
      heads,
      kvHeads: kvHeads === heads ? null : kvHeads,
      batch: view.shape(query)?.[0] ?? null,
      queries: view.shape(query)?.[axis] ?? null,
      keys: past === undefined ? present : plus(view.shape(past)?.[2] ?? null, present),
      query,
      key,
    };
  },
  parts(node, view, graph) {
    const { rank, heads, kvHeads } = sizesOf(node, view);
    const operand = (index: number, name: string, count: number) => {
      const value = asFloat(graph, view, required(node, index, name));
      return rank === 4 ? value : splitHeads(graph, value, count);
    };
    const past = (index: number) => {
      const name = inputOf(node, index);
      return name === undefined ? undefined : asFloat(graph, view, name);
    };
    const query = operand(0, "Q", heads);
    const present = {
      key: cached(graph, past(4), operand(1, "K", kvHeads)).all,
      value: cached(graph, past(5), operand(2, "V", kvHeads)).all,
    };
    const key = repeatHeads(graph, present.key, kvHeads, heads);
    const value = repeatHeads(graph, present.value, kvHeads, heads);
    const visible: string[] = [];
    const biases: string[] = [];
    const mask = inputOf(node, 3);
    if (mask !== undefined) {
      const full = fullMask(graph, view, mask, key);
      if (full.visible !== undefined) visible.push(full.visible);
      if (full.bias !== undefined) biases.push(full.bias);
    }
    const lengths = inputOf(node, 6);
    if (lengths !== undefined) visible.push(beforeLength(graph, key, lengths));
    const isCausal = intAttribute(node, "is_causal", 0) === 1;
    const left = intAttribute(node, "left_window_size", -1);
    const right = intAttribute(node, "right_window_size", -1);
    if (isCausal || left >= 0 || right >= 0) {
      const { rows, columns } = positions(graph, query, key);
      const pastKey = inputOf(node, 4);
      // [1, 1, T, 1] or [B, 1, T, 1]: where each query stands among the keys.
      const counted = graph.unsqueeze(rows, 0, 1);
      const at =
        pastKey !== undefined
          ? graph.add(counted, graph.cast(graph.size(pastKey, 2), 1))
          : lengths !== undefined
            ? graph.add(
                counted,
                graph.sub(
                  graph.reshape(graph.cast(lengths, 1), -1, 1, 1, 1),
                  graph.cast(graph.size(query, 2), 1),
                ),
              )
            : counted;
      const keys = graph.unsqueeze(columns, 0, 1);
      if (isCausal) visible.push(graph.less(keys, graph.add(at, graph.scalar(1))));
      if (left >= 0) visible.push(graph.greater(keys, graph.sub(at, graph.scalar(left + 1))));
      if (right >= 0) visible.push(graph.less(keys, graph.add(at, graph.scalar(right + 1))));
    }
    const scale = node.attributes.get("scale")?.float;
    return {
      query,
      key,
      value,
      scale: scale ?? null,
      softcap: floatAttribute(node, "softcap", 0),
      biases,
      visible,
      maskedRows: "zero",
      result: rank === 4 ? "BHTD" : "BTD",
      others: { 1: () => present.key, 2: () => present.value, 3: (rebuilt) => products(node, rebuilt) },
    };
  },
};
