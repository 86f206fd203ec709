/**
 * Rebuilds the probabilities of a fused operator beside it, and proves them: probabilities times values must give the
 * operator's own output, and with the keys moved by one they must not (`decisions.md` 13).
 */
import { MASK_SCORE } from "../../../shared/page";
import type { GraphView } from "../../../onnx/graph-view";
import type { Subgraph } from "../../../onnx/subgraph";
import type { OperatorParts, Rebuilt } from "./operator";
import { asFloat, tail } from "./pieces";

/** Low enough to vanish in any softmax, and finite, so that a row without keys is not NaN. */
const LOWEST = -1e30;

export function rebuild(graph: Subgraph, parts: OperatorParts): Rebuilt {
  const { query, key, scale, softcap = 0, biases, visible, sink } = parts;
  const products = (queries: string, keys: string) =>
    graph.matmul(queries, graph.transpose(keys, 0, 1, 3, 2));
  const { apart, zeroRows } = parts;
  const product =
    apart === undefined
      ? products(query, key)
      : graph.where(apart.rows, products(apart.query, apart.key), products(query, key));
  let score =
    scale === null
      ? graph.div(product, graph.op("Sqrt", [graph.cast(graph.size(query, 3), 1)]))
      : graph.mul(product, graph.scalar(scale));
  const raw = score;
  if (softcap > 0)
    score = graph.mul(graph.op("Tanh", [graph.div(score, graph.scalar(softcap))]), graph.scalar(softcap));
  const before = score;
  for (const bias of biases) score = graph.add(score, bias);
  for (const mask of visible) score = graph.where(mask, score, graph.scalar(LOWEST));
  let valid = graph.greater(score, graph.scalar(MASK_SCORE));
  if (zeroRows !== undefined) valid = graph.and(valid, graph.not(zeroRows));
  let map: string;
  if (sink === undefined) map = graph.softmax(score, 4);
  else {
    const column = graph.add(graph.mul(graph.slice(score, 3, 0, 1), graph.scalar(0)), sink);
    map = graph.slice(graph.softmax(graph.concat([score, column], 3), 4), 3, 0, graph.size(key, 2));
  }
  if (parts.maskedRows === "zero") {
    const any = graph.greater(graph.reduce("Max", graph.cast(valid, 1), 3), graph.scalar(0));
    map = graph.where(any, map, graph.scalar(0));
  }
  if (zeroRows !== undefined) map = graph.where(zeroRows, graph.scalar(0), map);
  return { map, scores: { raw, before, after: score }, valid, context: contextOf(graph, parts, map) };
}

function contextOf(graph: Subgraph, parts: OperatorParts, map: string): string {
  const { apart } = parts;
  const plain = graph.matmul(map, parts.value);
  const context =
    apart === undefined ? plain : graph.where(apart.rows, graph.matmul(map, apart.value), plain);
  switch (parts.result) {
    case "BHTD":
      return context;
    case "BTD": {
      const flat = graph.reshape(graph.transpose(context, 0, 2, 1, 3), 0, 0, -1);
      return parts.repack ? parts.repack(flat) : flat;
    }
    case "TBD":
      return graph.reshape(graph.transpose(context, 2, 0, 1, 3), 0, 0, -1);
  }
}

/** Two scalars: the largest error of the rebuilt output over its largest value, and the same with keys moved by one. */
export function proof(
  graph: Subgraph,
  view: GraphView,
  parts: OperatorParts,
  rebuilt: Rebuilt,
  output: string,
): { error: string; control: string } {
  const actual = asFloat(graph, view, output);
  const most = (value: string) => graph.op("ReduceMax", [graph.op("Abs", [value])], { keepdims: { int: 0 } });
  const counted = (value: string) =>
    parts.compared === undefined ? value : graph.where(parts.compared, value, graph.scalar(0));
  const largest = graph.op("Max", [most(counted(actual)), graph.scalar(1e-12)]);
  const against = (context: string) => graph.div(most(counted(graph.sub(context, actual))), largest);
  const moved = graph.concat([tail(graph, rebuilt.map, 3, 1), graph.slice(rebuilt.map, 3, 0, 1)], 3);
  return { error: against(rebuilt.context), control: against(contextOf(graph, parts, moved)) };
}
