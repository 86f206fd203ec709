/** How many nodes the calls of a graph stand for, told without copying one: functions may double at every step. */
import type { LocalFunction, Node } from "../model";
import { keyOf, NotCopied } from "./call";

/** Copies of all calls together; the largest model known so far has about 100,000 nodes. */
const MAX_NODES = 200_000;
const MAX_CALLS = 50;

/** Refuses calls that cannot be copied: of a function in itself, too deep, or too many. Throws `NotCopied`. */
export function checkCalls(nodes: readonly Node[], functions: ReadonlyMap<string, LocalFunction>): void {
  const counts = new Map<LocalFunction, number>();
  const open = new Set<LocalFunction>();
  const ofCall = (called: LocalFunction): number => {
    const known = counts.get(called);
    if (known !== undefined) return known;
    if (open.has(called)) throw new NotCopied(`the function ${called.name} calls itself`);
    if (open.size >= MAX_CALLS) throw new NotCopied(`functions call each other more than ${MAX_CALLS} deep`);
    open.add(called);
    const count = ofNodes(called.nodes);
    open.delete(called);
    counts.set(called, count);
    return count;
  };
  const ofNodes = (list: readonly Node[]): number =>
    list.reduce((all, node) => {
      const called = functions.get(keyOf(node));
      if (called) return all + ofCall(called);
      const inBodies = [...node.attributes.values()].map(({ graph }) => (graph ? ofNodes(graph.nodes) : 0));
      return all + 1 + inBodies.reduce((sum, each) => sum + each, 0);
    }, 0);
  if (ofNodes(nodes) - nodes.length > MAX_NODES)
    throw new NotCopied(`the copies of functions have more than ${MAX_NODES} nodes`);
}
