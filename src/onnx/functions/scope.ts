/** Names of values where the nodes of a function are copied into a graph: none may meet another. */
import type { Graph, Node } from "../model";

/** All names of values in a model, so that new ones are told from them. */
export class Names {
  readonly #taken = new Set<string>();
  #next = 0;

  constructor(graph: Graph) {
    this.#take(graph);
  }

  /** The wanted name, or one like it. */
  fresh(wanted: string): string {
    let name = wanted;
    while (name === "" || this.#taken.has(name)) name = `${wanted}_${++this.#next}`;
    this.#taken.add(name);
    return name;
  }

  #take(graph: Graph): void {
    for (const name of defined(graph)) this.#taken.add(name);
    for (const node of graph.nodes) {
      for (const input of node.inputs) this.#taken.add(input);
      for (const attribute of node.attributes.values()) if (attribute.graph) this.#take(attribute.graph);
    }
  }
}

/** Values that a graph has of its own; others it sees from around it. */
function* defined(graph: Graph): Generator<string> {
  for (const input of graph.inputs) yield input.name;
  yield* graph.initializers.keys();
  for (const node of graph.nodes) yield* node.outputs;
}

/** What the values of a function, or of a body inside it, are called in its copy. */
export class Scope {
  readonly #names: Names;
  readonly #prefix: string;
  readonly #given: Map<string, string>;
  readonly #outer: Scope | undefined;

  private constructor(names: Names, prefix: string, given: Map<string, string>, outer?: Scope) {
    this.#names = names;
    this.#prefix = prefix;
    this.#given = given;
    this.#outer = outer;
  }

  /** @param given names of the function's inputs and outputs where it is called */
  static ofCall(names: Names, prefix: string, given: ReadonlyMap<string, string>): Scope {
    return new Scope(names, prefix, new Map(given));
  }

  /** The scope of a body: its own values hide those of the same name around it. */
  body(graph: Graph): Scope {
    const own = new Map<string, string>();
    for (const name of defined(graph)) {
      if (name !== "" && !own.has(name)) own.set(name, this.#names.fresh(this.#prefix + name));
    }
    return new Scope(this.#names, this.#prefix, own, this);
  }

  name(value: string): string {
    if (value === "") return "";
    const known = this.#given.get(value);
    if (known !== undefined) return known;
    if (this.#outer) return this.#outer.name(value);
    const name = this.#names.fresh(this.#prefix + value);
    this.#given.set(value, name);
    return name;
  }
}

/** A node's name without the slashes at its ends, or one made of its operator and place. */
export function labelOf(node: Node): string {
  return node.name.replace(/^\/+|\/+$/g, "") || `${node.opType}_${node.index}`;
}
