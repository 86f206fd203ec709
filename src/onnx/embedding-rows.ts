/** How many rows the embedding tables have that an integer input indexes: the ids that a made-up input may hold. */
import type { OnnxModel } from "./model";

const passes = new Set(
  "Cast Reshape Squeeze Unsqueeze Identity Slice Transpose Gather Split Flatten Add Sub Clip Expand Where".split(
    " ",
  ),
);

/** An input that feeds more nodes than this directly is followed into the first of them. */
const MAX_CONSUMERS = 1_000;

/** Rows of the smallest table that each integer input reaches, through changes of layout alone. */
export function embeddingRows(model: OnnxModel): Map<string, number> {
  const { graph } = model;
  const consumers = new Map<string, number[]>();
  graph.nodes.forEach((node, index) => {
    for (const input of node.inputs) {
      const list = consumers.get(input);
      if (list) list.push(index);
      else consumers.set(input, [index]);
    }
  });
  const rows = new Map<string, number>();
  for (const input of graph.inputs) {
    if (![2, 3, 4, 5, 6, 7, 12, 13].includes(input.elementType)) continue;
    const queue = [input.name];
    const seen = new Set(queue);
    for (let steps = 0; steps < queue.length && seen.size < 500; steps++) {
      const value = queue[steps] as string;
      for (const index of (consumers.get(value) ?? []).slice(0, MAX_CONSUMERS)) {
        const node = graph.nodes[index];
        if (!node) continue;
        const table = graph.initializers.get(node.inputs[0] ?? "");
        const isLookup =
          (node.opType === "Gather" || node.opType === "EmbedLayerNormalization") && node.inputs[0] !== value;
        const size = node.opType === "OneHot" ? undefined : table?.dims[0];
        if (isLookup && size !== undefined)
          rows.set(input.name, Math.min(rows.get(input.name) ?? Infinity, size));
        if (isLookup || !passes.has(node.opType)) continue;
        for (const output of node.outputs) {
          if (seen.has(output)) continue;
          seen.add(output);
          queue.push(output);
        }
      }
    }
  }
  return rows;
}
