/**
 * com.microsoft.PagedAttention: samples of unequal length one after the other, keys and values in blocks of a table.
 * https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.PagedAttention
 *
 * query [N, H·d] or packed with keys and values [N, (H + 2·KV)·d]; key and value [N, KV·d]; key_cache and value_cache
 * [blocks, size, KV, d]; cumulative_sequence_length [B + 1]; past_seqlens [B]; block_table [B, M]: key j of sample b lies
 * in slot j mod size of block block_table[b, j / size]. New keys are written first: to those places, or to slot_mapping
 * [N] (−1 writes nothing). cos_cache and sin_cache [·, r / 2], head_sink [H], q_norm_weight and k_norm_weight [d].
 *
 * The map is [B, H, T, S] with T the longest query and S the longest past with its new tokens. Query i stands at
 * past + i, and sees keys up to itself (unless is_causal is 0), with a window w those with i − j < w.
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
  stringAttribute,
} from "./operator";
import { asFloat, pick, repeatHeads, tail } from "./pieces";
import { rotated } from "./rotary";

const LATENT = "LATENT";

/** Where every token of the batch is, all int64. */
interface Places {
  /** Keys before the first query, new tokens, and where a sample's tokens begin: [B] each. */
  readonly past: string;
  readonly added: string;
  readonly starts: string;
  /** Of each token [N]: its sample, and its place in the sample behind the past. */
  readonly sample: string;
  readonly position: string;
}

function placesOf(node: Node, graph: Subgraph): Places {
  const ends = graph.cast(required(node, 5, "cumulative_sequence_length"), 7);
  const past = graph.cast(required(node, 6, "past_seqlens"), 7);
  const [starts, after] = [graph.slice(ends, 0, 0, -1), tail(graph, ends, 0, 1)];
  const tokens = graph.range(graph.size(required(node, 0, "query"), 0));
  // As many samples as end at or before a token lie before it.
  const ended = graph.not(graph.less(graph.unsqueeze(tokens, 1), graph.unsqueeze(after, 0)));
  const sample = graph.reshape(graph.reduce("Sum", graph.cast(ended, 7), 1), -1);
  const offset = graph.sub(tokens, graph.op("Gather", [starts, sample]));
  return {
    past,
    added: graph.sub(after, starts),
    starts,
    sample,
    position: graph.add(offset, graph.op("Gather", [past, sample])),
  };
}

/** Slots in the cache of keys at some places. @param samples of the places, the same shape */
function slotsOf(node: Node, graph: Subgraph, samples: string, places: string): string {
  const table = graph.cast(required(node, 7, "block_table"), 7);
  const size = graph.size(required(node, 3, "key_cache"), 1);
  // A place behind the end of a row of the table is hidden; it only must be one that exists.
  const blocks = graph.op("Min", [graph.div(places, size), graph.sub(graph.size(table, 1), graph.ints(1))]);
  const at = graph.concat([graph.unsqueeze(samples, -1), graph.unsqueeze(blocks, -1)], -1);
  return graph.add(graph.mul(graph.op("GatherND", [table, at]), size), graph.op("Mod", [places, size]));
}

/** Root mean square over the last axis to 1, times a weight [d]. */
function normed(graph: Subgraph, states: string, weight: string, epsilon: number): string {
  const size = graph.cast(graph.size(states, 3), 1);
  const mean = graph.div(graph.reduce("Sum", graph.mul(states, states), 3), size);
  return graph.mul(graph.div(states, graph.op("Sqrt", [graph.add(mean, graph.scalar(epsilon))])), weight);
}

/** Queries or keys of all tokens, [N, H·d], as [1, H, N, d], normed and turned as the operator does. */
function prepared(
  node: Node,
  view: GraphView,
  graph: Subgraph,
  tokens: string,
  heads: number,
  norm: number,
  { position }: Places,
): string {
  let states = graph.transpose(graph.unsqueeze(graph.reshape(tokens, 0, heads, -1), 0), 0, 2, 1, 3);
  const weight = inputOf(node, norm);
  if (weight !== undefined)
    states = normed(
      graph,
      states,
      asFloat(graph, view, weight),
      floatAttribute(node, "qk_norm_epsilon", 1e-6),
    );
  if (intAttribute(node, "do_rotary", 0) === 0) return states;
  const [cosTable, sinTable] = [required(node, 8, "cos_cache"), required(node, 9, "sin_cache")];
  const half = view.shape(cosTable)?.[1];
  if (typeof half !== "number") throw new NotRebuilt("the size of its rotary tables cannot be told");
  const table = (name: string) =>
    graph.unsqueeze(graph.op("Gather", [asFloat(graph, view, name), position]), 0, 1);
  return rotated(graph, states, {
    cos: table(cosTable),
    sin: table(sinTable),
    half,
    interleaved: intAttribute(node, "rotary_interleaved", 0) === 1,
    offset: intAttribute(node, "rotary_offset", 0),
  });
}

/** The cache with the new keys or values in it, as [slots, KV, d]. @param added [N, KV, d] */
function written(
  node: Node,
  view: GraphView,
  graph: Subgraph,
  cache: string,
  added: string,
  places: Places,
): string {
  const given = inputOf(node, 10);
  const slots =
    given === undefined ? slotsOf(node, graph, places.sample, places.position) : graph.cast(given, 7);
  const shape = graph.op("Shape", [cache]);
  const flat = graph.op("Reshape", [
    asFloat(graph, view, cache),
    graph.concat([graph.ints(-1), tail(graph, shape, 0, 2)], 0),
  ]);
  // −1 is written to a slot behind the last, which is then cut off.
  const end = graph.size(flat, 0);
  const spare = graph.mul(graph.slice(flat, 0, 0, 1), graph.scalar(0));
  const at = graph.where(graph.less(slots, graph.ints(0)), end, slots);
  const all = graph.op("ScatterND", [graph.concat([flat, spare], 0), graph.unsqueeze(at, 1), added]);
  return graph.slice(all, 0, 0, end);
}

export const pagedAttention: FusedOperator = {
  domain: "com.microsoft",
  opType: "PagedAttention",
  shape(node, view) {
    const query = required(node, 0, "query");
    for (const part of ["k", "v"]) {
      if (stringAttribute(node, `${part}_quant_type`, "NONE") !== "NONE")
        throw new NotRebuilt("its cache is quantised");
    }
    return {
      heads: intAttribute(node, "num_heads", 0),
      kvHeads: intAttribute(node, "kv_num_heads", 0),
      batch: view.shape(required(node, 6, "past_seqlens"))?.[0] ?? null,
      queries: null,
      keys: null,
      query,
      key: inputOf(node, 1) ?? query,
    };
  },
  parts(node, view, graph) {
    const heads = intAttribute(node, "num_heads", 0);
    const kvHeads = intAttribute(node, "kv_num_heads", 0);
    const isLatent = stringAttribute(node, "kv_cache_layout", "SEPARATE") === LATENT;
    const places = placesOf(node, graph);
    const all = asFloat(graph, view, required(node, 0, "query"));
    const isPacked = inputOf(node, 1) === undefined;
    const packed = isPacked ? graph.reshape(all, 0, heads + 2 * kvHeads, -1) : "";
    /** Heads [from, to) of a packed query, or an input of its own, as [N, ·]. */
    const tokensOf = (from: number, to: number, index: number, name: string) =>
      isPacked
        ? graph.reshape(graph.slice(packed, 1, from, to), 0, -1)
        : asFloat(graph, view, required(node, index, name));
    const [keysEnd, valuesEnd] = [heads + kvHeads, heads + 2 * kvHeads];
    const queries = prepared(node, view, graph, tokensOf(0, heads, 0, "query"), heads, 12, places);
    const keys = prepared(node, view, graph, tokensOf(heads, keysEnd, 1, "key"), kvHeads, 13, places);
    const newKeys = pick(graph, graph.transpose(keys, 0, 2, 1, 3), 0, 0);
    const keyCache = written(node, view, graph, required(node, 3, "key_cache"), newKeys, places);
    const valueSize = intAttribute(node, "v_head_size", 0);
    const ownValues = () => {
      const added = graph.reshape(tokensOf(keysEnd, valuesEnd, 2, "value"), 0, kvHeads, -1);
      return written(node, view, graph, required(node, 4, "value_cache"), added, places);
    };
    const valueCache = !isLatent
      ? ownValues()
      : valueSize > 0
        ? graph.slice(keyCache, 2, 0, valueSize)
        : keyCache;

    const [longest, most] = [places.added, graph.add(places.past, places.added)].map((each) =>
      graph.range(graph.op("ReduceMax", [each], { keepdims: { int: 1 } })),
    ) as [string, string];
    /** [B, T]: the tokens of every sample; what is behind its last is hidden, and only must be one that exists. */
    const last = graph.sub(graph.size(all, 0), graph.ints(1));
    const rows = graph.op("Min", [
      graph.add(graph.unsqueeze(places.starts, 1), graph.unsqueeze(longest, 0)),
      last,
    ]);
    const gathered = graph.op("Gather", [queries, rows], { axis: { int: 2 } });
    const query = graph.transpose(pick(graph, gathered, 0, 0), 1, 0, 2, 3);

    const totals = graph.unsqueeze(graph.add(places.past, places.added), 1);
    const zeros = graph.mul(graph.add(totals, graph.unsqueeze(most, 0)), graph.ints(0));
    const columns = graph.add(zeros, graph.unsqueeze(most, 0));
    const samples = graph.add(zeros, graph.unsqueeze(graph.range(graph.size(places.past, 0)), 1));
    const there = graph.less(columns, totals);
    const slots = graph.where(there, slotsOf(node, graph, samples, columns), graph.ints(0));
    /** Keys or values as [B, H, S, d], zeros behind the last of a sample. */
    const read = (cache: string) => {
      const found = graph.op("Gather", [cache, slots], { axis: { int: 0 } });
      const own = graph.where(graph.unsqueeze(there, 2, 3), found, graph.scalar(0));
      return repeatHeads(graph, graph.transpose(own, 0, 2, 1, 3), kvHeads, heads);
    };

    const float = (value: string) => graph.cast(value, 1);
    const at = graph.reshape(
      graph.add(graph.unsqueeze(float(places.past), 1), graph.unsqueeze(float(longest), 0)),
      0,
      1,
      -1,
      1,
    );
    const place = graph.reshape(float(most), 1, 1, 1, -1);
    const isQuery = graph.less(graph.unsqueeze(longest, 0), graph.unsqueeze(places.added, 1));
    const visible = [graph.unsqueeze(there, 1, 2), graph.unsqueeze(isQuery, 1, 3)];
    if (intAttribute(node, "is_causal", 1) !== 0)
      visible.push(graph.less(place, graph.add(at, graph.scalar(1))));
    const window = intAttribute(node, "local_window_size", -1);
    if (window > 0) visible.push(graph.greater(place, graph.sub(at, graph.scalar(window))));
    const sink = inputOf(node, 11);
    const returned = (cache: string, index: number) => () =>
      graph.op("Reshape", [cache, graph.op("Shape", [required(node, index, "cache")])]);
    return {
      query,
      key: read(keyCache),
      value: read(valueCache),
      scale: scaleAttribute(node),
      softcap: floatAttribute(node, "softcap", 0),
      biases: [],
      visible,
      ...(sink === undefined ? {} : { sink: graph.reshape(asFloat(graph, view, sink), 1, heads, 1, 1) }),
      maskedRows: "zero",
      result: "BTD",
      repack: (context) => {
        const flat = graph.op("Reshape", [
          context,
          graph.concat([graph.ints(-1), graph.size(context, 2)], 0),
        ]);
        const start = graph.mul(places.sample, graph.size(context, 1));
        const inSample = graph.sub(places.position, graph.op("Gather", [places.past, places.sample]));
        return graph.op("Gather", [flat, graph.add(start, inSample)], { axis: { int: 0 } });
      },
      others: { 1: returned(keyCache, 3), ...(isLatent ? {} : { 2: returned(valueCache, 4) }) },
    };
  },
  noKernel: () => "no kernel on this provider",
};
