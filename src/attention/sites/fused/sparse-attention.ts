/**
 * com.microsoft.SparseAttention: causal grouped-query attention on blocks of keys.
 * https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.SparseAttention
 *
 * Like GroupQueryAttention, with keys and values written into the buffers past_key and past_value [B, KV, M, d] behind
 * what each row already holds; block_row_indices [L, R + 1] and block_col_indices [L, E] are one
 * compressed layout of visible blocks for every L-th head, of sparse_block_size tokens a side. Query i stands at
 * total − T + i, total from key_total_sequence_lengths [B].
 */
import type { Subgraph } from "../../../onnx/subgraph";
import { type FusedOperator, inputOf, intAttribute, NotRebuilt, required, scaleAttribute } from "./operator";
import { asFloat, repeatHeads, splitHeads, tail } from "./pieces";

/**
 * Bool [L, R, C]: whether a block of keys is visible to a block of queries.
 * @param rows [L, R + 1], @param columns [L, E]
 */
function visibleBlocks(graph: Subgraph, rows: string, columns: string): string {
  const float = (value: string) => graph.cast(value, 1);
  const [starts, ends] = [graph.slice(float(rows), 1, 0, -1), tail(graph, float(rows), 1, 1)];
  // Entry e of the layout belongs to row r if start ≤ e < end, and names one column.
  const entries = graph.unsqueeze(float(graph.range(graph.size(columns, 1))), 0, 1);
  const inRow = graph.and(
    graph.not(graph.less(entries, graph.unsqueeze(starts, 2))),
    graph.less(entries, graph.unsqueeze(ends, 2)),
  );
  const blocks = graph.unsqueeze(float(graph.range(graph.sub(graph.size(rows, 1), graph.ints(1)))), 0, 1);
  const isColumn = graph.op("Equal", [graph.cast(graph.unsqueeze(columns, 2), 7), graph.cast(blocks, 7)]);
  return graph.greater(graph.matmul(float(inRow), float(isColumn)), graph.scalar(0));
}

export const sparseAttention: FusedOperator = {
  domain: "com.microsoft",
  opType: "SparseAttention",
  shape(node, view) {
    const query = required(node, 0, "query");
    const shape = view.shape(query);
    if (intAttribute(node, "do_rotary", 0)) throw new NotRebuilt("it rotates its queries by tables");
    return {
      heads: intAttribute(node, "num_heads", 0),
      kvHeads: intAttribute(node, "kv_num_heads", 0),
      batch: shape?.[0] ?? null,
      queries: shape?.[1] ?? null,
      keys: view.values(inputOf(node, 7) ?? "")?.[0] ?? null,
      query,
      key: inputOf(node, 1) ?? query,
    };
  },
  parts(node, view, graph) {
    const heads = intAttribute(node, "num_heads", 0);
    const kvHeads = intAttribute(node, "kv_num_heads", 0);
    const block = intAttribute(node, "sparse_block_size", 0);
    const layouts = view.shape(required(node, 5, "block_row_indices"))?.[0];
    if (typeof layouts !== "number") throw new NotRebuilt("the number of its layouts cannot be told");
    const flat = asFloat(graph, view, required(node, 0, "query"));
    const packed = graph.reshape(flat, 0, 0, heads + 2 * kvHeads, -1);
    /** Heads [from, to) of a packed query as [B, ·, T, d]. */
    const part = (from: number, to: number) => graph.transpose(graph.slice(packed, 2, from, to), 0, 2, 1, 3);
    const own = (index: number) =>
      splitHeads(graph, asFloat(graph, view, required(node, index, "key or value")), kvHeads);
    const isPacked = inputOf(node, 1) === undefined;
    const query = isPacked ? part(0, heads) : splitHeads(graph, flat, heads);
    const newKey = isPacked ? part(heads, heads + kvHeads) : own(1);
    const newValue = isPacked ? part(heads + kvHeads, heads + 2 * kvHeads) : own(2);

    const total = graph.reshape(graph.cast(required(node, 7, "total_sequence_length"), 7), 1);
    const columns = graph.unsqueeze(graph.cast(graph.range(total), 1), 0);
    const rows = graph.unsqueeze(graph.cast(graph.range(graph.size(query, 2)), 1), 1);
    const lengths = graph.cast(required(node, 8, "key_total_sequence_lengths"), 1);
    // A prompt begins at 0 whatever its padding; a step stands at the end of its row.
    const isPrompt = graph.op("Equal", [graph.size(query, 2), total]);
    const steps = graph.cast(graph.size(query, 2), 1);
    const past = graph.reshape(
      graph.where(isPrompt, graph.scalar(0), graph.sub(lengths, steps)),
      -1,
      1,
      1,
      1,
    );
    /** [B, 1, T, 1] and [B, 1, S, 1]. */
    const at = graph.add(graph.unsqueeze(rows, 0, 1), past);
    const places = graph.reshape(columns, 1, 1, -1, 1);
    // Key j of a row is its cache's before `past`, and the step's number j − past from there on.
    const written = graph.op("Equal", [
      graph.cast(graph.sub(places, past), 7),
      graph.cast(graph.reshape(rows, 1, 1, 1, -1), 7),
    ]);
    const whole = (index: number, added: string) => {
      const cache = graph.slice(asFloat(graph, view, required(node, index, "past")), 2, 0, total);
      const before = graph.where(graph.less(places, past), cache, graph.scalar(0));
      return graph.add(before, graph.matmul(graph.cast(written, 1), added));
    };
    const [allKeys, allValues] = [whole(3, newKey), whole(4, newValue)];
    const returned = (index: number, all: string) => () =>
      graph.concat([all, tail(graph, asFloat(graph, view, required(node, index, "past")), 2, total)], 2);
    const key = repeatHeads(graph, allKeys, kvHeads, heads);
    const value = repeatHeads(graph, allValues, kvHeads, heads);
    const keys = graph.unsqueeze(columns, 0, 1);
    const causal = graph.less(keys, graph.add(at, graph.scalar(1)));
    const blocks = visibleBlocks(
      graph,
      required(node, 5, "block_row_indices"),
      required(node, 6, "block_col_indices"),
    );
    const blockOf = (place: string) =>
      graph.cast(graph.op("Floor", [graph.div(place, graph.scalar(block))]), 7);
    // [L, B, T, C] by rows of blocks, then [L, B, T, S] by columns; heads take the layouts in turn.
    const byRow = graph.op("Gather", [blocks, graph.reshape(blockOf(at), 0, -1)], { axis: { int: 1 } });
    const byKey = graph.op("Gather", [byRow, graph.reshape(blockOf(keys), -1)], { axis: { int: 3 } });
    const turns = graph.ints(...Array.from({ length: heads }, (_, head) => head % layouts));
    const visible = graph.transpose(graph.op("Gather", [byKey, turns], { axis: { int: 0 } }), 1, 0, 2, 3);
    return {
      query,
      key,
      value,
      scale: scaleAttribute(node),
      biases: [],
      visible: [causal, visible],
      maskedRows: "uniform",
      result: "BTD",
      others: { 1: returned(3, allKeys), 2: returned(4, allValues) },
      compared: graph.less(graph.reshape(at, 0, -1, 1), graph.reshape(lengths, -1, 1, 1)),
    };
  },
  noKernel: () => "its cache must share memory with its result, which cannot be arranged here",
};
