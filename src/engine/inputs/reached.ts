/** Which tensors of a graph an input's values reach: tokens of a text are not what a tower of pictures attends to. */
import type { Graph, Node } from "../../onnx/model";

/** What these give are sizes, which hold nothing of the values. */
const sizesOnly = new Set(["Shape", "Size"]);

/** The ways of values through the main graph of a model. */
export class ReachedTensors {
  readonly #graph: Graph;
  readonly #known = new Map<string, ReadonlySet<string>>();
  /** Bodies see values of this graph by name alone, so that nothing can be told where there are any. */
  readonly #hasBodies: boolean;
  readonly #made: ReadonlySet<string>;

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#hasBodies = graph.nodes.some(({ attributes }) =>
      [...attributes.values()].some((each) => each.graph !== undefined),
    );
    this.#made = new Set(graph.nodes.flatMap(({ outputs }) => outputs));
  }

  /** Whether it is certain that no value of an input is in a tensor. */
  excludes(input: string, tensor: string): boolean {
    const isInput = this.#graph.inputs.some(({ name }) => name === input);
    return isInput && !this.#hasBodies && this.#made.has(tensor) && !this.#from(input).has(tensor);
  }

  #from(input: string): ReadonlySet<string> {
    const known = this.#known.get(input);
    if (known) return known;
    const consumers = new Map<string, Node[]>();
    for (const node of this.#graph.nodes)
      for (const name of node.inputs) {
        const list = consumers.get(name);
        if (list) list.push(node);
        else consumers.set(name, [node]);
      }
    const reached = new Set([input]);
    // The set grows while it is gone through.
    for (const name of reached)
      for (const { opType, outputs } of consumers.get(name) ?? [])
        if (!sizesOnly.has(opType)) for (const output of outputs) if (output !== "") reached.add(output);
    this.#known.set(input, reached);
    return reached;
  }
}
