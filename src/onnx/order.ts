/** Nodes in an order in which every value is made before it is used. */
import type { Graph, Node } from "./model";

/** Values that a node reads, those of the graphs around its bodies too. */
function* reads(node: Node): Generator<string> {
  yield* node.inputs;
  for (const { graph } of node.attributes.values()) {
    if (graph) for (const inner of graph.nodes) yield* reads(inner);
  }
}

/** The graph with its nodes sorted; nodes of a cycle, which no valid graph has, stay where they are met. */
export function sorted(graph: Graph): Graph {
  const producer = new Map<string, Node>();
  for (const node of graph.nodes) for (const output of node.outputs) if (output) producer.set(output, node);
  const nodes: Node[] = [];
  const seen = new Set<Node>();
  for (const start of graph.nodes) {
    if (seen.has(start)) continue;
    seen.add(start);
    // Graphs are deeper than a call stack.
    const stack = [{ node: start, open: reads(start) }];
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const next = top.open.next();
      if (next.done) {
        nodes.push(top.node);
        stack.pop();
        continue;
      }
      const before = producer.get(next.value);
      if (!before || seen.has(before)) continue;
      seen.add(before);
      stack.push({ node: before, open: reads(before) });
    }
  }
  return { ...graph, nodes };
}
