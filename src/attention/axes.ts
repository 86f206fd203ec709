/**
 * Where the axes of a tensor come from. Each axis is a list of factors (`Atom`); the trace follows them back through
 * transposes, reshapes, splits and element-wise operators to the projections that made them. A head axis is a part
 * of a projection's output features; what was never a feature is a batch, a window or a position.
 *
 * This is what tells [B, H, T, S] from [B·H, T, S], [B, T, H, S] or [B, K, G, T, S] without guessing by rank.
 */
import type { Dim } from "../shared/model";
import { over, times } from "../onnx/dim-algebra";
import type { GraphView } from "../onnx/graph-view";
import type { Node } from "../onnx/model";
import { einsumLetters, type Shape } from "../onnx/shapes";

/** `rows` and `columns` are the two free axes of the score product. */
export type Origin = "feature" | "position" | "rows" | "columns" | "repeat" | "unknown";
export interface Atom {
  readonly size: Dim;
  readonly origin: Origin;
  /** The product whose free axis this is, for rows and columns. */
  readonly product?: Node;
}
/** One list of atoms per axis, outermost first; an axis of size 1 has none. */
export type Axes = readonly (readonly Atom[])[];

/** Values that are asked for before they were reached in graph order are followed no deeper than this. */
const MAX_DEPTH = 100;

export class AxisTrace {
  readonly #view: GraphView;
  readonly #memo = new Map<string, Axes | undefined>();
  readonly #products: ReadonlySet<Node>;
  #depth = 0;

  /**
   * Follows the axes of every tensor, in graph order.
   * @param products score products: their two free axes are rows and columns, whatever their operands' axes are
   */
  constructor(view: GraphView, products: ReadonlySet<Node>) {
    this.#view = view;
    this.#products = products;
    for (const node of view.graph.nodes) for (const output of node.outputs) if (output) this.axes(output);
  }

  axes(value: string): Axes | undefined {
    if (this.#memo.has(value)) return this.#memo.get(value);
    if (this.#depth > MAX_DEPTH) return undefined;
    this.#memo.set(value, undefined);
    this.#depth += 1;
    const shape = this.#view.shape(value);
    const node = this.#view.producer(value);
    const traced = node ? this.#ofNode(node, value, shape) : this.#ofLeaf(value, shape);
    const axes =
      traced && (!shape || traced.length === shape.length)
        ? traced
        : shape?.map((size) => [atom(size, "unknown")]);
    this.#memo.set(value, axes);
    this.#depth -= 1;
    return axes;
  }

  #ofLeaf(value: string, shape: Shape | undefined): Axes | undefined {
    const formal = this.#view.formal(value);
    if (formal) return this.axes(formal.from)?.filter((_, axis) => axis !== formal.axis);
    // The last axis of a table or of an input of numbers holds features; all others count something.
    const numbers = [1, 10, 11, 16].includes(this.#view.elementType(value));
    return shape?.map((size, axis) =>
      size === 1
        ? []
        : [atom(size, numbers && axis === shape.length - 1 && shape.length > 1 ? "feature" : "position")],
    );
  }

  #ofNode(node: Node, value: string, shape: Shape | undefined): Axes | undefined {
    const input = (index: number) => node.inputs[index] ?? "";
    switch (node.opType) {
      case "MatMul":
      case "FusedMatMul":
      case "MatMulInteger":
      case "MatMulIntegerToFloat":
        return this.#ofMatMul(node, [input(0), input(1)], shape);
      case "QLinearMatMul":
        return this.#ofMatMul(node, [input(0), input(3)], shape);
      case "ReduceSum":
        return this.#products.has(node) ? this.#ofSummedProduct(node, shape) : undefined;
      case "Gemm": {
        if (this.#products.has(node) && shape) {
          const free = (axis: number, origin: Origin) =>
            shape[axis] === 1 ? [] : [atom(shape[axis] ?? null, origin, node)];
          return [free(0, "rows"), free(1, "columns")];
        }
        const rows = this.axes(input(0))?.[Number(node.attributes.get("transA")?.int ?? 0n) ? 1 : 0];
        return rows && shape && [rows, [atom(shape[1] ?? null, "feature")]];
      }
      case "Einsum":
        return this.#ofEinsum(node, shape);
      case "Conv":
        return shape?.map((size, axis) =>
          axis === 0 ? (this.axes(input(0))?.[0] ?? []) : [atom(size, axis === 1 ? "feature" : "position")],
        );
      case "Transpose": {
        const axes = this.axes(input(0));
        const perm =
          node.attributes.get("perm")?.ints?.map(Number) ?? axes?.map((_, axis) => axes.length - 1 - axis);
        return axes && perm?.map((axis) => axes[axis] ?? []);
      }
      case "Reshape":
      case "Flatten":
      case "Squeeze":
      case "Unsqueeze": {
        const axes = this.axes(input(0));
        return axes && shape && regroup(axes, shape);
      }
      case "Concat":
      case "Slice":
      case "Split":
      case "Pad": {
        const from = node.inputs.find((name) => !this.#view.isConstant(name)) ?? input(0);
        return this.#resized(from, shape);
      }
      case "Gather":
        return this.#ofGather(node, shape);
      case "Expand":
      case "Tile": {
        const axes = this.axes(input(0));
        if (!axes || !shape) return undefined;
        const padded = [
          ...new Array<readonly Atom[]>(Math.max(0, shape.length - axes.length)).fill([]),
          ...axes,
        ];
        return padded.map((atoms, axis) =>
          atoms.length === 0 && shape[axis] !== 1 ? [atom(shape[axis] ?? null, "repeat")] : atoms,
        );
      }
      case "QLinearAdd":
      case "QLinearMul":
        return this.#ofElementwise([input(0), input(3)], shape);
      case "Where":
        return this.#ofElementwise([input(1), input(2)], shape);
      case "Add":
      case "Sub":
      case "Mul":
      case "Div":
      case "Min":
      case "Max":
      case "Pow":
      case "Sum":
        return this.#ofElementwise(node.inputs, shape);
      default:
        return sameAxes.has(node.opType) && value === node.outputs[0] ? this.axes(input(0)) : undefined;
    }
  }

  #ofMatMul(
    node: Node,
    [left, right]: readonly [string, string],
    shape: Shape | undefined,
  ): Axes | undefined {
    if (!shape || shape.length < 2) return undefined;
    const a = this.axes(left);
    const b = this.axes(right);
    const rank = shape.length;
    const leading = shape.slice(0, -2).map((size, axis) => {
      if (size === 1) return [];
      const fromA = a?.[axis - rank + a.length] ?? [];
      const fromB = b?.[axis - rank + b.length] ?? [];
      // Either operand may broadcast; one that says "feature" knows more than one that says "position".
      if (fromA.length === 0) return fromB;
      if (fromB.length === 0 || isFeature(fromA)) return fromA;
      return isFeature(fromB) && sameSize(fromA, fromB) ? fromB : fromA;
    });
    const rows = shape[rank - 2] ?? null;
    const columns = shape[rank - 1] ?? null;
    if (this.#products.has(node)) {
      return [
        ...leading,
        rows === 1 ? [] : [atom(rows, "rows", node)],
        columns === 1 ? [] : [atom(columns, "columns", node)],
      ];
    }
    const weight = this.#view.isConstant(right);
    return [
      ...leading,
      a?.[a.length - 2] ?? [atom(rows, "unknown")],
      weight ? [atom(columns, "feature")] : (b?.[b.length - 1] ?? []),
    ];
  }

  #ofEinsum(node: Node, shape: Shape | undefined): Axes | undefined {
    const letters = einsumLetters(
      node,
      node.inputs.map((name) => this.#view.shape(name)?.length),
    );
    if (!letters || !shape) return undefined;
    const product = this.#products.has(node);
    return [...letters.result].map((letter, axis) => {
      const size = shape[axis] ?? null;
      if (size === 1) return [];
      const holders = letters.operands
        .map((operand, index) => ({ operand, name: node.inputs[index] ?? "" }))
        .filter(({ operand }) => operand.includes(letter));
      if (product && holders.length === 1) {
        const [{ name, operand }] = holders as [{ operand: string; name: string }];
        const own = this.axes(name)?.[operand.indexOf(letter)] ?? [];
        // Groups of heads stand beside the queries in one operand alone; the queries are the last such axis.
        const exclusive = [...letters.result].filter(
          (each) =>
            letters.operands.filter((other) => other.includes(each)).length === 1 && operand.includes(each),
        );
        if (isFeature(own) || exclusive[exclusive.length - 1] !== letter)
          return own.length > 0 ? own : [atom(size, "position")];
        return [atom(size, name === node.inputs[0] ? "rows" : "columns", node)];
      }
      const traced = holders.map(({ operand, name }) =>
        this.#view.isConstant(name)
          ? [atom(size, "feature")]
          : (this.axes(name)?.[operand.indexOf(letter)] ?? [atom(size, "unknown")]),
      );
      return traced.find(isFeature) ?? traced[0] ?? [];
    });
  }

  /** A product written as Mul and ReduceSum: rows are spread by the second factor, columns by the first. */
  #ofSummedProduct(node: Node, shape: Shape | undefined): Axes | undefined {
    const times = this.#view.producer(node.inputs[0] ?? "");
    const product = this.#view.shape(node.inputs[0] ?? "");
    const reduced = node.attributes.get("axes")?.ints?.map(Number) ?? this.#view.values(node.inputs[1] ?? "");
    if (!times || !product || !shape || reduced?.length !== 1 || typeof reduced[0] !== "number")
      return undefined;
    const at = reduced[0] < 0 ? reduced[0] + product.length : reduced[0];
    const [left = "", right = ""] = times.inputs;
    const dims = (name: string, axis: number) => {
      const own = this.#view.shape(name);
      return own?.[axis - product.length + own.length] ?? 1;
    };
    const atoms = (name: string, axis: number) => {
      const own = this.axes(name);
      return own?.[axis - product.length + own.length] ?? [];
    };
    const all = product.map((size, axis): readonly Atom[] => {
      if (size === 1) return [];
      if (dims(right, axis) === 1)
        return atoms(left, axis).some((each) => each.origin === "feature")
          ? atoms(left, axis)
          : [atom(size, "rows", node)];
      if (dims(left, axis) === 1)
        return atoms(right, axis).some((each) => each.origin === "feature")
          ? atoms(right, axis)
          : [atom(size, "columns", node)];
      return isFeature(atoms(right, axis)) ? atoms(right, axis) : atoms(left, axis);
    });
    return shape.length === product.length
      ? all.map((each, axis) => (axis === at ? [] : each))
      : all.filter((_, axis) => axis !== at);
  }

  #ofGather(node: Node, shape: Shape | undefined): Axes | undefined {
    const [data = "", indices = ""] = node.inputs;
    if (!shape) return undefined;
    const axis = Number(node.attributes.get("axis")?.int ?? 0n);
    if (this.#view.isConstant(data) && !this.#view.isConstant(indices)) {
      const from = this.axes(indices) ?? [];
      return shape.map((size, at) => from[at] ?? [atom(size, "feature")]);
    }
    const axes = this.axes(data);
    const indexRank = this.#view.shape(indices)?.length;
    if (!axes || indexRank === undefined) return undefined;
    const at = axis < 0 ? axis + axes.length : axis;
    const inserted = shape
      .slice(at, at + indexRank)
      .map((size) =>
        size === 1
          ? []
          : [atom(size, (axes[at] ?? []).length === 1 ? (axes[at]?.[0]?.origin ?? "unknown") : "unknown")],
      );
    return [...axes.slice(0, at), ...inserted, ...axes.slice(at + 1)];
  }

  /** The axes of a part or an extension of `value`: an axis whose size changed keeps where it comes from. */
  #resized(value: string, shape: Shape | undefined): Axes | undefined {
    const axes = this.axes(value);
    const before = this.#view.shape(value);
    if (!axes || !shape) return undefined;
    return axes.map((atoms, axis) => {
      const size = shape[axis] ?? null;
      if (size === 1) return [];
      if (before && before[axis] === size && size !== null) return atoms;
      const origins = new Set(atoms.map((each) => each.origin));
      return origins.size === 1 && atoms[0] ? [{ ...atoms[0], size }] : [atom(size, "position")];
    });
  }

  #ofElementwise(inputs: readonly string[], shape: Shape | undefined): Axes | undefined {
    if (!shape) return undefined;
    // The operand that carries the data first: not constant, and of full rank.
    const operands = inputs
      .map((name) => ({
        axes: this.#view.isConstant(name) ? this.#ofLeaf(name, this.#view.shape(name)) : this.axes(name),
        constant: this.#view.isConstant(name),
      }))
      .sort(
        (a, b) => Number(a.constant) - Number(b.constant) || (b.axes?.length ?? 0) - (a.axes?.length ?? 0),
      );
    return shape.map((size, axis) => {
      if (size === 1) return [];
      const candidates = operands
        .map(({ axes }) => axes?.[axis - shape.length + axes.length])
        .filter((atoms) => atoms !== undefined && atoms.length > 0);
      return (
        // The scores themselves say more than a bias that is added to them.
        candidates.find((atoms) =>
          atoms?.every((each) => each.origin === "rows" || each.origin === "columns"),
        ) ??
        candidates.find((atoms) => atoms?.every((each) => each.origin !== "unknown")) ??
        candidates[0] ?? [atom(size, "unknown")]
      );
    });
  }
}

const sameAxes = new Set(
  "Identity Cast Dropout Softmax LogSoftmax Tanh Clip Neg Exp Log Sqrt Relu Gelu Erf Sigmoid Abs LayerNormalization SimplifiedLayerNormalization RMSNormalization SkipLayerNormalization BatchNormalization InstanceNormalization GroupNormalization RotaryEmbedding DequantizeLinear QuantizeLinear DynamicQuantizeLinear QLinearSoftmax Reciprocal CastLike LpNormalization ScatterND ScatterElements".split(
    " ",
  ),
);

function atom(size: Dim, origin: Origin, product?: Node): Atom {
  return product ? { size, origin, product } : { size, origin };
}

function isFeature(atoms: readonly Atom[]): boolean {
  return atoms.some((each) => each.origin === "feature");
}

function sameSize(a: readonly Atom[], b: readonly Atom[]): boolean {
  const size = (atoms: readonly Atom[]) => atoms.reduce<Dim>((all, each) => times(all, each.size), 1);
  return size(a) === size(b);
}

/** Atoms of a tensor after a reshape to `shape`: merged and split in row-major order; undefined when sizes do not meet. */
export function regroup(axes: Axes, shape: Shape): Axes | undefined {
  const queue = axes.flat().filter((each) => each.size !== 1);
  const result: Atom[][] = [];
  for (const [position, dim] of shape.entries()) {
    const group: Atom[] = [];
    result.push(group);
    if (dim === 1) continue;
    if (dim === null) {
      // An unknown size: one atom, if atoms and dimensions that are left agree in number.
      const left = shape.slice(position).filter((each) => each !== 1).length;
      const next = queue.shift();
      if (!next || queue.length + 1 !== left) return undefined;
      group.push(next);
      continue;
    }
    let need: Dim = dim;
    while (need !== 1) {
      const next = queue[0];
      if (!next || need === null) return undefined;
      const rest: Dim = over(need, next.size);
      if (rest !== null) {
        group.push(next);
        queue.shift();
        need = rest;
        continue;
      }
      const remainder = over(next.size, need);
      if (remainder === null) return undefined;
      group.push({ ...next, size: need });
      queue[0] = { ...next, size: remainder };
      need = 1;
    }
  }
  return queue.length === 0 ? result : undefined;
}
