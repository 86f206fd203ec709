/** The graph output that holds a map as it is. */
import type { GraphView } from "../onnx/graph-view";
import { onlyLayout } from "./products";

/** Changes of layout of one map that are looked at. */
const MAX_LAYOUTS = 500;

/** A graph output that holds one of these tensors, perhaps in another layout. */
export function outputBehind(tensors: readonly string[], view: GraphView): string | undefined {
  const queue = [...tensors];
  const seen = new Set(queue);
  for (let steps = 0; steps < Math.min(queue.length, MAX_LAYOUTS); steps++) {
    const value = queue[steps] as string;
    if (view.outputs.has(value)) return value;
    for (const consumer of view.consumers(value).slice(0, MAX_LAYOUTS)) {
      const next = consumer.outputs[0];
      if (!onlyLayout.has(consumer.opType) || consumer.inputs[0] !== value || !next || seen.has(next))
        continue;
      seen.add(next);
      queue.push(next);
    }
  }
  return undefined;
}
