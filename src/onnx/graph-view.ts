/** A graph by its values: who makes a tensor, who uses it, and what is known of it. */
import type { Graph, Node, OnnxModel } from "./model";
import { type GraphShapes, inferShapes, type Shape } from "./shapes";
import type { ByteSource } from "./source";

export class GraphView {
  readonly graph: Graph;
  readonly opset: number;
  readonly outputs: ReadonlySet<string>;
  readonly #producer = new Map<string, Node>();
  readonly #consumers = new Map<string, Node[]>();
  readonly #shapes: GraphShapes;
  readonly #constant = new Map<string, boolean>();
  readonly #live: ReadonlySet<Node>;

  /** @param inputDims sizes of the graph's inputs where a run's arrays tell them */
  constructor(model: OnnxModel, source: ByteSource, inputDims?: ReadonlyMap<string, readonly number[]>) {
    this.graph = model.graph;
    this.opset = model.opset;
    this.outputs = new Set(model.graph.outputs.map((output) => output.name));
    for (const node of model.graph.nodes) {
      for (const output of node.outputs) if (output) this.#producer.set(output, node);
      for (const input of new Set(node.inputs)) {
        const list = this.#consumers.get(input);
        if (list) list.push(node);
        else this.#consumers.set(input, [node]);
      }
    }
    this.#shapes = inferShapes(model.graph, source, model.opset, inputDims);
    this.#live = this.#reachable();
  }

  producer(value: string): Node | undefined {
    return this.#producer.get(value);
  }

  consumers(value: string): readonly Node[] {
    return this.#consumers.get(value) ?? [];
  }

  shape(value: string): Shape | undefined {
    return this.#shapes.shape(value);
  }

  elementType(value: string): number {
    return this.#shapes.elementType(value);
  }

  values(value: string): ReturnType<GraphShapes["values"]> {
    return this.#shapes.values(value);
  }

  /** Whether a node's result reaches an output of the graph. */
  isLive(node: Node): boolean {
    return this.#live.has(node);
  }

  /** Whether a value follows from initializers and constants alone (no input of the graph upstream). */
  isConstant(value: string): boolean {
    const known = this.#constant.get(value);
    if (known !== undefined) return known;
    // Iterative, because graphs are deeper than a call stack.
    const stack = [value];
    const visiting = new Set<string>();
    while (stack.length > 0) {
      const current = stack[stack.length - 1] as string;
      if (this.#constant.has(current)) {
        stack.pop();
        continue;
      }
      const node = this.#producer.get(current);
      if (!node) {
        const isInput =
          this.graph.inputs.some((input) => input.name === current) && !this.graph.initializers.has(current);
        this.#constant.set(current, !isInput);
        stack.pop();
        continue;
      }
      if (node.opType.startsWith("Random")) {
        this.#constant.set(current, false);
        stack.pop();
        continue;
      }
      visiting.add(current);
      // A value that is being visited closes a cycle: no valid graph has one, and a broken one must still end.
      const open = node.inputs.filter((input) => input && !this.#constant.has(input) && !visiting.has(input));
      if (open.length === 0) {
        // Shape carries no values of its input: a tensor built from shapes alone is a constant of the run.
        const constant =
          node.opType === "Shape" ||
          node.inputs.every((input) => !input || this.#constant.get(input) === true);
        this.#constant.set(current, constant);
        stack.pop();
      } else stack.push(...open);
    }
    return this.#constant.get(value) === true;
  }

  #reachable(): ReadonlySet<Node> {
    const live = new Set<Node>();
    const queue = [...this.outputs];
    while (queue.length > 0) {
      const node = this.#producer.get(queue.pop() as string);
      if (!node || live.has(node)) continue;
      live.add(node);
      queue.push(...node.inputs);
      // Bodies of If, Loop and Scan read values of the outer graph by name.
      for (const attribute of node.attributes.values()) {
        for (const inner of attribute.graph?.nodes ?? []) queue.push(...inner.inputs);
      }
    }
    return live;
  }
}
