/** A graph by its values: who makes a tensor, who uses it, and what is known of it. */
import type { Dim } from "../shared/model";
import { elementBytes, type Graph, type Node, type OnnxModel } from "./model";
import { type GraphShapes, inferShapes, type KnownValue, type Shape } from "./shapes";
import { smallValues } from "./small-tensor";
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
  readonly #inputs: ReadonlySet<string>;

  readonly #outer: GraphView | undefined;
  readonly #source: ByteSource;
  readonly #formals = new Map<string, { readonly from: string; readonly axis: number | null }>();

  /** @param inputDims sizes of the graph's inputs where a run's arrays tell them */
  static of(
    model: OnnxModel,
    source: ByteSource,
    inputDims?: ReadonlyMap<string, readonly Dim[]>,
  ): GraphView {
    const shapes = inferShapes(model.graph, source, model.opset, inputDims);
    return new GraphView(model.graph, model.opset, shapes, source);
  }

  /** The body of an If, a Loop or a Scan, which sees the values of this graph by name. */
  body(node: Node, graph: Graph): GraphView {
    const known = bodyInputs(node, graph, this);
    const view = new GraphView(
      graph,
      this.opset,
      inferShapes(graph, this.#source, this.opset, undefined, known),
      this.#source,
      this,
    );
    for (const { name, from, axis } of known) {
      if (from !== undefined && from !== name) view.#formals.set(name, { from, axis: axis ?? null });
    }
    return view;
  }

  private constructor(
    graph: Graph,
    opset: number,
    shapes: GraphShapes,
    source: ByteSource,
    outer?: GraphView,
  ) {
    this.graph = graph;
    this.opset = opset;
    this.#outer = outer;
    this.#source = source;
    this.outputs = new Set(graph.outputs.map((output) => output.name));
    this.#inputs = new Set(graph.inputs.map((input) => input.name));
    for (const node of graph.nodes) {
      for (const output of node.outputs) if (output) this.#producer.set(output, node);
      for (const input of new Set(node.inputs)) {
        const list = this.#consumers.get(input);
        if (list) list.push(node);
        else this.#consumers.set(input, [node]);
      }
    }
    this.#shapes = shapes;
    this.#live = this.#reachable();
  }

  producer(value: string): Node | undefined {
    return this.#producer.get(value) ?? this.#outer?.producer(value);
  }

  consumers(value: string): readonly Node[] {
    return this.#consumers.get(value) ?? [];
  }

  shape(value: string): Shape | undefined {
    return this.#shapes.shape(value) ?? this.#outer?.shape(value);
  }

  elementType(value: string): number {
    return this.#shapes.elementType(value) || (this.#outer?.elementType(value) ?? 0);
  }

  values(value: string): ReturnType<GraphShapes["values"]> {
    return this.#shapes.values(value) ?? this.#outer?.values(value);
  }

  /** The first values of an initializer or a Constant, in order; undefined where they are not at hand or too many. */
  firstValues(value: string, count: number): readonly number[] | undefined {
    const tensor =
      this.graph.initializers.get(value) ?? this.#producer.get(value)?.attributes.get("value")?.tensor;
    const bytes = elementBytes[tensor?.elementType ?? 0];
    if (!tensor?.data || bytes === undefined) return undefined;
    const length = Math.min(tensor.data.length, count * bytes);
    return smallValues(this.#source, { ...tensor, dims: [count], data: { ...tensor.data, length } });
  }

  /** What an input of a body is given from outside: the value, and the axis that a Scan takes off it. */
  formal(value: string): { readonly from: string; readonly axis: number | null } | undefined {
    return this.#formals.get(value);
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
        const isOwn = this.graph.initializers.has(current);
        const isInput = !isOwn && this.#inputs.has(current);
        this.#constant.set(current, isOwn || (!isInput && (this.#outer?.isConstant(current) ?? true)));
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
        queue.push(...readInside(attribute.graph));
      }
    }
    return live;
  }
}

/** Inputs of all nodes of a body, and of bodies in it. */
function readInside(graph: Graph | undefined): string[] {
  return (graph?.nodes ?? []).flatMap((node) => [
    ...node.inputs,
    ...[...node.attributes.values()].flatMap((attribute) => readInside(attribute.graph)),
  ]);
}

/** What is known of the values that a body reads from outside, and of its own inputs. */
function bodyInputs(
  node: Node,
  graph: Graph,
  outer: GraphView,
): (KnownValue & { from?: string; axis?: number })[] {
  const given = (name: string, from: string) => ({
    name,
    from,
    shape: outer.shape(from),
    elementType: outer.elementType(from),
  });
  const made = new Set(graph.nodes.flatMap((inner) => inner.outputs));
  const captured = [...new Set(graph.nodes.flatMap((inner) => inner.inputs))]
    .filter((name) => name && !made.has(name) && !graph.initializers.has(name))
    .map((name) => ({ ...given(name, name), values: outer.values(name) }));
  const formal = graph.inputs.map((input, index) => {
    const { name } = input;
    const from = node.inputs[index] ?? "";
    if (node.opType === "Loop" && index < 2) return { name, shape: [], elementType: index === 0 ? 7 : 9 };
    if (node.opType === "Loop") return given(name, from);
    if (node.opType !== "Scan") return { name, shape: undefined, elementType: 0 };
    const states = graph.inputs.length - Number(node.attributes.get("num_scan_inputs")?.int ?? 0n);
    if (index < states) return given(name, from);
    const shape = outer.shape(from);
    const said = Number(node.attributes.get("scan_input_axes")?.ints?.[index - states] ?? 0n);
    const axis = said < 0 ? said + (shape?.length ?? 0) : said;
    return { ...given(name, from), shape: shape?.filter((_, at) => at !== axis), axis };
  });
  return [...captured, ...formal];
}
