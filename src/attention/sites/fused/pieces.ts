/** Pieces that several operators are rebuilt from. Sizes that only a run tells are computed in the graph. */
import type { Dim } from "../../../shared/model";
import type { GraphView } from "../../../onnx/graph-view";
import type { Subgraph } from "../../../onnx/subgraph";

const END = 2 ** 31 - 1;

/** float32, whatever it was. */
export function asFloat(graph: Subgraph, view: GraphView, value: string): string {
  return view.elementType(value) === 1 ? value : graph.cast(value, 1);
}

/** [B, T, H·d] → [B, H, T, d]. */
export function splitHeads(graph: Subgraph, value: string, heads: number): string {
  return graph.transpose(graph.reshape(value, 0, 0, heads, -1), 0, 2, 1, 3);
}

/** [B, KV, S, d] → [B, H, S, d]: every key-value head serves H / KV query heads in a row. */
export function repeatHeads(graph: Subgraph, value: string, kvHeads: number, heads: number): string {
  if (kvHeads === heads) return value;
  const group = heads / kvHeads;
  const [batch, length, size] = [0, 2, 3].map((axis) => graph.size(value, axis)) as [string, string, string];
  const wide = graph.op("Expand", [
    graph.unsqueeze(value, 2),
    graph.concat([batch, graph.ints(kvHeads, group), length, size], 0),
  ]);
  return graph.op("Reshape", [wide, graph.concat([batch, graph.ints(heads), length, size], 0)]);
}

/** A cache and what a step adds to it, along the axis of tokens of [B, H, ·, d]. */
export interface Cache {
  /** Keys or values that the queries meet. */
  readonly all: string;
  /** What the operator returns: the same, or the whole buffer with the step written into it. */
  readonly returned: string;
}

/**
 * The past before the present.
 * @param used number of tokens of `past` that hold something, a vector of one int64; undefined where all do
 */
export function cached(graph: Subgraph, past: string | undefined, present: string, used?: string): Cache {
  if (past === undefined) return { all: present, returned: present };
  if (used === undefined) {
    const all = graph.concat([past, present], 2);
    return { all, returned: all };
  }
  const all = graph.concat([graph.slice(past, 2, 0, used), present], 2);
  return { all, returned: graph.concat([all, tail(graph, past, 2, graph.size(all, 2))], 2) };
}

/** Token numbers as float32 columns [T, 1] and rows [1, S], to compare with each other. */
export function positions(graph: Subgraph, query: string, key: string): { rows: string; columns: string } {
  return {
    rows: graph.unsqueeze(graph.cast(graph.range(graph.size(query, 2)), 1), 1),
    columns: graph.unsqueeze(graph.cast(graph.range(graph.size(key, 2)), 1), 0),
  };
}

/** Bool [T, S]: key j ≤ query i + (S − T), so that the last query sees the last key. */
export function causalToTheEnd(graph: Subgraph, query: string, key: string): string {
  const { rows, columns } = positions(graph, query, key);
  const past = graph.cast(graph.sub(graph.size(key, 2), graph.size(query, 2)), 1);
  return graph.less(columns, graph.add(graph.add(rows, past), graph.scalar(1)));
}

/** Bool [B, 1, 1, S]: keys before each row's length. @param lengths [B] of any integer type */
export function beforeLength(graph: Subgraph, key: string, lengths: string): string {
  const columns = graph.unsqueeze(graph.cast(graph.range(graph.size(key, 2)), 1), 0);
  const ends = graph.reshape(graph.cast(lengths, 1), -1, 1, 1, 1);
  return graph.less(graph.unsqueeze(columns, 0, 1), ends);
}

/** A mask of 0 and 1 as bool. */
export function nonZero(graph: Subgraph, mask: string): string {
  return graph.cast(graph.cast(mask, 6), 9);
}

/** (1 − visible) · filter: what operators add to the scores of keys that are not visible. */
export function filterBias(graph: Subgraph, visible: string, filter: number): string {
  return graph.where(visible, graph.scalar(0), graph.scalar(filter));
}

/** One index of an axis, the axis removed. */
export function pick(graph: Subgraph, value: string, axis: number, index: number): string {
  return graph.op("Gather", [value, graph.int(index)], { axis: { int: axis } });
}

/** From an index to the end of an axis. */
export function tail(graph: Subgraph, value: string, axis: number, start: number | string): string {
  return graph.slice(value, axis, start, END);
}

/**
 * Visible keys or a bias from the mask input that Attention, QAttention and MultiHeadAttention share:
 * [B] lengths, [2·B] ends and starts, [3·B + 2] lengths first, [B, S] or [B, T, S] of 0 and 1, [B, 1, M, M].
 * @param batch B as far as the graph tells it: ends and starts are told from lengths by it
 */
export function maskIndex(
  graph: Subgraph,
  view: GraphView,
  mask: string,
  key: string,
  query: string,
  batch: Dim,
): { visible: string } | { reason: string } {
  const shape = view.shape(mask);
  if (!shape) return { reason: "the rank of its mask cannot be told" };
  switch (shape.length) {
    case 1: {
      const length = shape[0];
      const ends = graph.slice(mask, 0, 0, graph.size(query, 0));
      const before = beforeLength(graph, key, ends);
      const twice =
        typeof length === "number" && typeof batch === "number" && length === 2 * batch && length !== batch;
      if (!twice) return { visible: before };
      const starts = graph.slice(mask, 0, graph.size(query, 0), END);
      return { visible: graph.and(before, graph.not(beforeLength(graph, key, starts))) };
    }
    case 2:
      return { visible: graph.unsqueeze(nonZero(graph, mask), 1, 2) };
    case 3:
      return { visible: graph.unsqueeze(nonZero(graph, mask), 1) };
    case 4: {
      // Megatron's square of the longest sequence: the rows of this step, the keys so far.
      const past = graph.sub(graph.size(key, 2), graph.size(query, 2));
      const rows = graph.slice(nonZero(graph, mask), 2, past, graph.size(key, 2));
      return { visible: graph.slice(rows, 3, 0, graph.size(key, 2)) };
    }
    default:
      return { reason: `its mask has rank ${shape.length}` };
  }
}
