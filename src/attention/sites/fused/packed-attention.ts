/**
 * com.microsoft.PackedAttention and PackedMultiHeadAttention: batches without their padding.
 * https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.PackedAttention
 *
 * Tokens [N, D] of all rows one after the other; token_offset [B, T]: the places of the N tokens in the padded batch,
 * then those of the padding; cumulative_sequence_length [B + 1]. The padding is put back, so maps are [B, H, T, T] with
 * the keys of the padding hidden; its queries are computed from zeros and are not compared.
 */
import type { GraphView } from "../../../onnx/graph-view";
import type { Node } from "../../../onnx/model";
import type { Subgraph } from "../../../onnx/subgraph";
import { projectedInput, projectionSizes } from "./attention";
import {
  type FusedOperator,
  inputOf,
  intAttribute,
  NotRebuilt,
  type OperatorParts,
  type OperatorShape,
  required,
  scaleAttribute,
} from "./operator";
import { asFloat, beforeLength, pick, splitHeads, tail } from "./pieces";

/** Places of the tokens in the padded batch, [N, 1] int64. */
function places(graph: Subgraph, offsets: string, tokens: string): string {
  const flat = graph.reshape(graph.cast(offsets, 7), -1);
  return graph.unsqueeze(graph.slice(flat, 0, 0, graph.size(tokens, 0)), 1);
}

/** [N, X] → [B, T, X] with zeros for the padding. */
function padded(graph: Subgraph, tokens: string, offsets: string): string {
  const cells = graph.op("Size", [offsets]);
  const width = graph.size(tokens, 1);
  const zeros = graph.op("Expand", [graph.scalar(0), graph.concat([graph.reshape(cells, 1), width], 0)]);
  const all = graph.op("ScatterND", [zeros, places(graph, offsets, tokens), tokens]);
  return graph.op("Reshape", [all, graph.concat([graph.op("Shape", [offsets]), width], 0)]);
}

function shapeOf(node: Node, view: GraphView, offsets: number): OperatorShape {
  const places = view.shape(required(node, offsets, "token_offset"));
  const input = required(node, 0, "input");
  return {
    heads: intAttribute(node, "num_heads", 0),
    kvHeads: null,
    batch: places?.[0] ?? null,
    queries: places?.[1] ?? null,
    keys: places?.[1] ?? null,
    query: input,
    key: inputOf(node, 1) !== undefined && offsets === 4 ? (inputOf(node, 1) ?? input) : input,
  };
}

interface Flat {
  readonly query: string;
  readonly key: string;
  readonly value: string;
}

/** @param flat projected tokens [N, D] each, biases added */
function partsOf(node: Node, view: GraphView, graph: Subgraph, flat: Flat, offsets: number): OperatorParts {
  const heads = intAttribute(node, "num_heads", 0);
  const offset = required(node, offsets, "token_offset");
  const split = (tokens: string) => splitHeads(graph, padded(graph, tokens, offset), heads);
  const [query, key, value] = [split(flat.query), split(flat.key), split(flat.value)];
  const ends = required(node, offsets + 1, "cumulative_sequence_length");
  const lengths = graph.sub(
    graph.cast(tail(graph, ends, 0, 1), 7),
    graph.cast(graph.slice(ends, 0, 0, -1), 7),
  );
  const bias = inputOf(node, offsets + 2);
  return {
    query,
    key,
    value,
    scale: scaleAttribute(node),
    biases: bias === undefined ? [] : [asFloat(graph, view, bias)],
    visible: [beforeLength(graph, key, lengths)],
    maskedRows: "uniform",
    result: "BTD",
    repack: (context) => {
      const rows = graph.op("Reshape", [context, graph.concat([graph.ints(-1), graph.size(context, 2)], 0)]);
      return graph.op("GatherND", [rows, places(graph, offset, flat.query)]);
    },
  };
}

const noKernel = () => "no kernel on this provider";

export const packedAttention: FusedOperator = {
  domain: "com.microsoft",
  opType: "PackedAttention",
  shape: (node, view) => shapeOf(node, view, 3),
  parts(node, view, graph) {
    const weights = required(node, 1, "weights");
    required(node, 2, "bias");
    const projected = projectedInput(node, view, graph);
    const [q, k, v] = projectionSizes(node, view, weights);
    const part = (start: number, size: number) => graph.slice(projected, 1, start, start + size);
    return partsOf(node, view, graph, { query: part(0, q), key: part(q, k), value: part(q + k, v) }, 3);
  },
  noKernel,
};

export const packedMultiHeadAttention: FusedOperator = {
  domain: "com.microsoft",
  opType: "PackedMultiHeadAttention",
  shape: (node, view) => shapeOf(node, view, 4),
  parts(node, view, graph) {
    const query = asFloat(graph, view, required(node, 0, "query"));
    const [key, value] = [inputOf(node, 1), inputOf(node, 2)];
    const bias = inputOf(node, 3);
    const flat = (index: number, name: string | undefined): string => {
      // Packed with keys and values as [N, H, 3, d].
      const tokens =
        key === undefined
          ? graph.reshape(pick(graph, query, 2, index), 0, -1)
          : asFloat(graph, view, name ?? "");
      if (bias === undefined) return tokens;
      const width = view.shape(bias)?.[0];
      if (typeof width !== "number") throw new NotRebuilt("the size of its bias cannot be told");
      const third = width / 3;
      return graph.add(
        tokens,
        graph.slice(asFloat(graph, view, bias), 0, index * third, (index + 1) * third),
      );
    };
    return partsOf(node, view, graph, { query: flat(0, query), key: flat(1, key), value: flat(2, value) }, 4);
  },
  noKernel,
};
