/**
 * Writes nodes that are added to a graph, one call an operator. Only operators whose meaning is the same from opset 11
 * on are used, or written in the form of the model's own opset.
 */
import type { AttributeValue, GraphExtension, NewNode, NewTensor } from "./append";

export class Subgraph {
  readonly #prefix: string;
  readonly #opset: number;
  readonly #nodes: NewNode[] = [];
  readonly #tensors = new Map<string, NewTensor>();
  readonly #outputs = new Set<string>();
  #next = 0;

  /** @param prefix of every name that is added; must be unique in the graph */
  constructor(prefix: string, opset: number) {
    this.#prefix = prefix;
    this.#opset = opset;
  }

  get extension(): GraphExtension {
    return { nodes: this.#nodes, tensors: [...this.#tensors.values()], outputs: [...this.#outputs] };
  }

  /** Return a tensor as a graph output. */
  output(value: string): string {
    this.#outputs.add(value);
    return value;
  }

  op(
    opType: string,
    inputs: readonly string[],
    attributes?: Record<string, AttributeValue>,
    domain?: string,
  ): string {
    return this.named(opType, inputs, `${this.#prefix}/${this.#next++}_${opType}`, attributes, domain);
  }

  /** An operator whose result has a name of its own, as when it takes the place of another node's. */
  named(
    opType: string,
    inputs: readonly string[],
    output: string,
    attributes?: Record<string, AttributeValue>,
    domain?: string,
  ): string {
    this.#nodes.push({
      opType,
      name: `${this.#prefix}/node_${this.#nodes.length}`,
      inputs,
      outputs: [output],
      ...(attributes ? { attributes } : {}),
      ...(domain ? { domain } : {}),
    });
    return output;
  }

  /** A float32 scalar. */
  scalar(value: number): string {
    return this.#constant(`float ${value}`, { type: "float32", dims: [], values: [value] });
  }

  /** An int64 vector. */
  ints(...values: number[]): string {
    return this.#constant(`ints ${values.join(" ")}`, { type: "int64", dims: [values.length], values });
  }

  /** An int64 scalar. */
  int(value: number): string {
    return this.#constant(`int ${value}`, { type: "int64", dims: [], values: [value] });
  }

  #constant(key: string, tensor: Omit<NewTensor, "name">): string {
    const known = this.#tensors.get(key);
    if (known) return known.name;
    const name = `${this.#prefix}/constant_${this.#tensors.size}`;
    this.#tensors.set(key, { name, ...tensor });
    return name;
  }

  add(a: string, b: string): string {
    return this.op("Add", [a, b]);
  }
  sub(a: string, b: string): string {
    return this.op("Sub", [a, b]);
  }
  mul(a: string, b: string): string {
    return this.op("Mul", [a, b]);
  }
  div(a: string, b: string): string {
    return this.op("Div", [a, b]);
  }
  matmul(a: string, b: string): string {
    return this.op("MatMul", [a, b]);
  }
  where(condition: string, yes: string, no: string): string {
    return this.op("Where", [condition, yes, no]);
  }
  and(a: string, b: string): string {
    return this.op("And", [a, b]);
  }
  not(a: string): string {
    return this.op("Not", [a]);
  }
  less(a: string, b: string): string {
    return this.op("Less", [a, b]);
  }
  greater(a: string, b: string): string {
    return this.op("Greater", [a, b]);
  }

  /** @param to ONNX element type number: 1 float32, 6 int32, 7 int64, 9 bool */
  cast(value: string, to: number): string {
    return this.op("Cast", [value], { to: { int: to } });
  }

  /** @param dims 0 keeps the dimension at its place, −1 takes what is left */
  reshape(value: string, ...dims: number[]): string {
    return this.op("Reshape", [value, this.ints(...dims)]);
  }

  transpose(value: string, ...perm: number[]): string {
    return this.op("Transpose", [value], { perm: { ints: perm } });
  }

  concat(values: readonly string[], axis: number): string {
    return values.length === 1 ? (values[0] as string) : this.op("Concat", values, { axis: { int: axis } });
  }

  /** [start, end) of one axis; ends may be tensors of one int64. */
  slice(value: string, axis: number, start: number | string, end: number | string): string {
    const ends = (bound: number | string) => (typeof bound === "number" ? this.ints(bound) : bound);
    return this.op("Slice", [value, ends(start), ends(end), this.ints(axis)]);
  }

  unsqueeze(value: string, ...axes: number[]): string {
    return this.#opset < 13
      ? this.op("Unsqueeze", [value], { axes: { ints: axes } })
      : this.op("Unsqueeze", [value, this.ints(...axes)]);
  }

  /** Softmax over the last axis of a tensor of rank `rank` (below opset 13 the default axis is another). */
  softmax(value: string, rank: number): string {
    return this.op("Softmax", [value], { axis: { int: this.#opset < 13 ? rank - 1 : -1 } });
  }

  reduce(kind: "Max" | "Sum", value: string, axis: number): string {
    const keepdims = { keepdims: { int: 1 } };
    const byInput = kind === "Sum" ? this.#opset >= 13 : this.#opset >= 18;
    return byInput
      ? this.op(`Reduce${kind}`, [value, this.ints(axis)], keepdims)
      : this.op(`Reduce${kind}`, [value], { ...keepdims, axes: { ints: [axis] } });
  }

  /** Size of one axis as an int64 vector of one. */
  size(value: string, axis: number): string {
    return this.op("Gather", [this.op("Shape", [value]), this.ints(axis)]);
  }

  /** 0, 1, … n − 1 as int64, for n a vector of one. */
  range(n: string): string {
    return this.op("Range", [this.int(0), this.op("Reshape", [n, this.#emptyShape()]), this.int(1)]);
  }

  #emptyShape(): string {
    return this.#constant("empty", { type: "int64", dims: [0], values: [] });
  }
}
