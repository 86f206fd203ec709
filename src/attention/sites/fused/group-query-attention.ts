/**
 * com.microsoft.GroupQueryAttention: causal, grouped heads, rotary embedding inside.
 * https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.GroupQueryAttention
 *
 * query [B, T, H·d] or packed with keys and values [B, T, (H + 2·KV)·d]; present_key [B, KV, S, d] holds the keys after
 * rotary embedding, so they are read from there. seqlens_k [B] is the number of valid keys less one. Query i stands at
 * past + i, with past = 0 for a prompt and seqlens_k + 1 − T for a step; it sees keys up to itself, and with a window w
 * those with i − j < w. head_sink and smooth_softmax add a logit without a value: rows sum to less than 1.
 */
import type { GraphView } from "../../../onnx/graph-view";
import type { Node } from "../../../onnx/model";
import type { Subgraph } from "../../../onnx/subgraph";
import {
  type FusedOperator,
  floatAttribute,
  inputOf,
  intAttribute,
  NotRebuilt,
  required,
  scaleAttribute,
} from "./operator";
import { asFloat, positions, repeatHeads, splitHeads } from "./pieces";
import { rotated } from "./rotary";

/** [B, 1, 1, 1] float32: keys before the first query of each row. */
function pastLengths(node: Node, graph: Subgraph, query: string): string {
  const length = graph.cast(graph.size(query, 2), 1);
  const valid = graph.add(graph.cast(required(node, 5, "seqlens_k"), 1), graph.scalar(1));
  const total = graph.reshape(graph.cast(required(node, 6, "total_sequence_length"), 1), 1);
  const isPrompt = graph.op("Equal", [graph.cast(length, 7), graph.cast(total, 7)]);
  return graph.reshape(graph.where(isPrompt, graph.scalar(0), graph.sub(valid, length)), -1, 1, 1, 1);
}

/** Rotary embedding of [B, H, T, d] with tables [M, r / 2]. */
function rotate(node: Node, view: GraphView, graph: Subgraph, query: string, past: string): string {
  const [cosTable, sinTable] = [required(node, 7, "cos_cache"), required(node, 8, "sin_cache")];
  const half = view.shape(cosTable)?.[1];
  if (typeof half !== "number") throw new NotRebuilt("the size of its rotary tables cannot be told");
  const given = inputOf(node, 9);
  const counted = graph.unsqueeze(graph.cast(graph.range(graph.size(query, 2)), 1), 0);
  const place =
    given === undefined
      ? graph.cast(graph.add(counted, graph.reshape(past, -1, 1)), 7)
      : graph.cast(given, 7);
  /** [B, 1, T, r / 2] */
  const table = (name: string) =>
    graph.unsqueeze(graph.op("Gather", [asFloat(graph, view, name), place], { axis: { int: 0 } }), 1);
  return rotated(graph, query, {
    cos: table(cosTable),
    sin: table(sinTable),
    half,
    interleaved: intAttribute(node, "rotary_interleaved", 0) === 1,
  });
}

export const groupQueryAttention: FusedOperator = {
  domain: "com.microsoft",
  opType: "GroupQueryAttention",
  shape(node, view) {
    const query = required(node, 0, "query");
    if (!node.outputs[1] || !node.outputs[2]) throw new NotRebuilt("it returns no present keys and values");
    const shape = view.shape(query);
    const past = inputOf(node, 3);
    const total = view.values(inputOf(node, 6) ?? "")?.[0];
    return {
      heads: intAttribute(node, "num_heads", 0),
      kvHeads: intAttribute(node, "kv_num_heads", 0),
      batch: shape?.[0] ?? null,
      queries: shape?.[1] ?? null,
      keys: total ?? (past === undefined ? (shape?.[1] ?? null) : null),
      query,
      key: inputOf(node, 1) ?? query,
    };
  },
  parts(node, view, graph) {
    const heads = intAttribute(node, "num_heads", 0);
    const kvHeads = intAttribute(node, "kv_num_heads", 0);
    const flat = asFloat(graph, view, required(node, 0, "query"));
    let query =
      inputOf(node, 1) === undefined
        ? graph.transpose(
            graph.slice(graph.reshape(flat, 0, 0, heads + 2 * kvHeads, -1), 2, 0, heads),
            0,
            2,
            1,
            3,
          )
        : splitHeads(graph, flat, heads);
    const past = pastLengths(node, graph, query);
    if (intAttribute(node, "do_rotary", 0) === 1) query = rotate(node, view, graph, query, past);
    // The buffer of a cache may be longer than what is valid in any row.
    const total = graph.reshape(graph.cast(required(node, 6, "total_sequence_length"), 7), 1);
    const present = (output: number) =>
      repeatHeads(
        graph,
        graph.slice(asFloat(graph, view, node.outputs[output] ?? ""), 2, 0, total),
        kvHeads,
        heads,
      );
    const [key, value] = [present(1), present(2)];
    const { rows, columns } = positions(graph, query, key);
    const at = graph.add(graph.unsqueeze(rows, 0, 1), past);
    const visible = [graph.less(graph.unsqueeze(columns, 0, 1), graph.add(at, graph.scalar(1)))];
    const window = intAttribute(node, "local_window_size", -1);
    if (window > 0)
      visible.push(graph.greater(graph.unsqueeze(columns, 0, 1), graph.sub(at, graph.scalar(window))));
    const bias = inputOf(node, 10);
    const sink = inputOf(node, 11);
    const smooth = intAttribute(node, "smooth_softmax", 0) === 1;
    return {
      query,
      key,
      value,
      scale: scaleAttribute(node),
      softcap: floatAttribute(node, "softcap", 0),
      biases: bias === undefined ? [] : [asFloat(graph, view, bias)],
      visible,
      ...(sink !== undefined
        ? { sink: graph.reshape(asFloat(graph, view, sink), 1, heads, 1, 1) }
        : smooth
          ? { sink: graph.scalar(0) }
          : {}),
      maskedRows: "uniform",
      result: "BTD",
      compared: graph.less(
        graph.reshape(at, 0, -1, 1),
        graph.reshape(graph.add(graph.cast(required(node, 5, "seqlens_k"), 1), graph.scalar(1)), -1, 1, 1),
      ),
    };
  },
};
