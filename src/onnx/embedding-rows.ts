/** How many rows the embedding tables have that an integer input indexes: the ids that a made-up input may hold. */
import type { GraphView } from "./graph-view";

const passes = new Set(
  "Cast Reshape Squeeze Unsqueeze Identity Slice Transpose Gather Split Flatten Add Clip Expand Where".split(
    " ",
  ),
);
/** An input that feeds more nodes than this directly is followed into the first of them. */
const MAX_CONSUMERS = 1_000;
const integerTypes = new Set([2, 3, 4, 5, 6, 7, 12, 13]);

/**
 * Rows of the smallest table that each integer input reaches, through changes of layout and through offsets, which
 * leave that many fewer ids.
 */
export function embeddingRows(view: GraphView): Map<string, number> {
  const rows = new Map<string, number>();
  for (const input of view.graph.inputs) {
    if (!integerTypes.has(input.elementType)) continue;
    const queue = [{ value: input.name, offset: 0 }];
    const seen = new Set([input.name]);
    while (queue.length > 0 && seen.size < 500) {
      const { value, offset } = queue.shift() as { value: string; offset: number };
      for (const node of view.consumers(value).slice(0, MAX_CONSUMERS)) {
        const table = view.graph.initializers.get(node.inputs[0] ?? "");
        const isLookup =
          (node.opType === "Gather" || node.opType === "EmbedLayerNormalization") && node.inputs[0] !== value;
        const size = table?.dims[0];
        if (isLookup && size !== undefined) {
          rows.set(input.name, Math.max(1, Math.min(rows.get(input.name) ?? Infinity, size - offset)));
        }
        if (isLookup || !passes.has(node.opType)) continue;
        const added =
          node.opType === "Add" ? largest(node.inputs.find((other) => other !== value) ?? "", view) : 0;
        for (const output of node.outputs) {
          if (seen.has(output)) continue;
          seen.add(output);
          queue.push({ value: output, offset: offset + added });
        }
      }
    }
  }
  return rows;
}

/** The largest value of a small constant; 0 where it is not known. */
function largest(value: string, view: GraphView): number {
  const numbers = (view.values(value) ?? []).filter((each) => typeof each === "number");
  return numbers.reduce((most, number) => Math.max(most, number), 0);
}
