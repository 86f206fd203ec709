/** Axes of what a product gives: matrices, Einsum, a Gemm, and a product written as Mul and ReduceSum. */
import type { GraphView } from "../onnx/graph-view";
import type { Node } from "../onnx/model";
import type { Shape } from "../onnx/shapes";
import { einsumLetters } from "../onnx/shapes/einsum";
import { namedAxis } from "./named-axes";
import { productOperands } from "./products";
import { type Atom, atom, type Axes, isFeature, projectedRows, sameSize } from "./axis-atoms";
import type { Dim } from "../shared/model";

/** What a rule needs of the trace that it is part of. */
export interface Traced {
  readonly view: GraphView;
  /** Score products: their two free axes are rows and columns, whatever their operands' axes are. */
  readonly products: ReadonlySet<Node>;
  readonly axes: (value: string) => Axes | undefined;
}

/**
 * A free axis of a score product. It keeps the factors of its operand's axis where all their sizes are known, so that
 * windows can still be told apart afterwards.
 */
function freeAxis(
  own: readonly Atom[],
  size: Dim,
  origin: "rows" | "columns",
  product: Node,
  channels = true,
): readonly Atom[] {
  if (size === 1) return [];
  // Heads that stand in the place of queries (one token and a cache) stay heads, unless channels attend to channels.
  if (!channels && own.some(({ origin, guessed }) => origin === "feature" && guessed !== true)) {
    const tokens = own.filter((each) => each.origin !== "feature");
    if (tokens.length === 0 || own.every((each) => typeof each.size === "number"))
      return own.map((each) => (each.origin === "feature" ? each : { ...each, origin, product }));
  }
  const known = own.reduce((all, each) => all * (typeof each.size === "number" ? each.size : NaN), 1);
  if (known !== size || own.some((each) => !each.place)) return [atom(size, origin, product)];
  return own.map((each) => ({ ...each, origin, product }));
}

/** An operand of FusedMatMul as it is multiplied: the first axis moved behind the batch, and the last two swapped. */
function turned(axes: Axes | undefined, batch: boolean, last: boolean): Axes | undefined {
  if (!axes || axes.length < 2) return axes;
  const moved = batch ? [...axes.slice(1, -1), axes[0] ?? [], axes.at(-1) ?? []] : axes;
  return last ? [...moved.slice(0, -2), moved.at(-1) ?? [], moved.at(-2) ?? []] : moved;
}

export function axesOfMatMul(
  node: Node,
  [left, right]: readonly [string, string],
  shape: Shape | undefined,
  { view, products, axes }: Traced,
): Axes | undefined {
  if (!shape || shape.length < 2) return undefined;
  const is = (name: string) => node.attributes.get(name)?.int === 1n;
  const a = turned(axes(left), is("transBatchA"), is("transA"));
  const b = turned(axes(right), is("transBatchB"), is("transB"));
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
  if (products.has(node)) {
    // Learnt keys that were stored transposed: what a table's last axis looks like here are the keys.
    const [ofRows, ofColumns] = [a?.at(-2) ?? [], view.isConstant(right) ? [] : (b?.at(-1) ?? [])];
    const channels = isFeature(ofRows) && isFeature(ofColumns);
    return [
      ...leading,
      freeAxis(ofRows, rows, "rows", node, channels),
      freeAxis(ofColumns, columns, "columns", node, channels),
    ];
  }
  const ofRows = a?.at(-2) ?? [atom(rows, "unknown")];
  return view.isConstant(right)
    ? [...leading.map(projectedRows), projectedRows(ofRows), [atom(columns, "feature")]]
    : [...leading, ofRows, b?.at(-1) ?? []];
}

export function axesOfGemm(
  node: Node,
  shape: Shape | undefined,
  { products, axes }: Traced,
): Axes | undefined {
  const [a = "", b = ""] = node.inputs;
  const flipped = (name: string) => node.attributes.get(name)?.int === 1n;
  const rows = axes(a)?.[flipped("transA") ? 1 : 0];
  if (products.has(node) && shape) {
    const columns = axes(b)?.[flipped("transB") ? 0 : 1];
    return [
      freeAxis(rows ?? [], shape[0] ?? null, "rows", node),
      freeAxis(columns ?? [], shape[1] ?? null, "columns", node),
    ];
  }
  return rows && shape && [projectedRows(rows), [atom(shape[1] ?? null, "feature")]];
}

export function axesOfEinsum(
  node: Node,
  shape: Shape | undefined,
  { view, products, axes }: Traced,
): Axes | undefined {
  const letters = einsumLetters(
    node,
    node.inputs.map((name) => view.shape(name)?.length),
  );
  if (!letters || !shape) return undefined;
  const holdersOf = (letter: string) =>
    letters.operands
      .map((operand, index) => ({ operand, name: node.inputs[index] ?? "" }))
      .filter(({ operand }) => operand.includes(letter));
  const own = (letter: string) => {
    const [holder] = holdersOf(letter);
    return holder ? (axes(holder.name)?.[holder.operand.indexOf(letter)] ?? []) : [];
  };
  const factors = products.has(node) ? productOperands(node, view) : undefined;
  const free = factors && freeLetters(letters, node, shape, factors, own);
  return [...letters.result].map((letter, axis) => {
    const size = shape[axis] ?? null;
    if (size === 1) return [];
    const side = free?.indexOf(letter) ?? -1;
    if (side >= 0) return freeAxis(own(letter), size, side === 0 ? "rows" : "columns", node);
    const holders = holdersOf(letter);
    if (free && holders.length === 1) {
      const atoms = own(letter);
      return atoms.length > 0 ? atoms : [atom(size, "position")];
    }
    // What the input's own axis is counts, and a weight's only where the input has none.
    const ofInputs = holders.filter(({ name }) => !view.isConstant(name));
    const traced = ofInputs.map(
      ({ operand, name }) => axes(name)?.[operand.indexOf(letter)] ?? [atom(size, "unknown")],
    );
    return traced.find(isFeature) ?? traced[0] ?? [atom(size, "feature")];
  });
}

/**
 * The letters along which queries and keys stand: each in one factor alone. Heads and groups may stand beside them, so
 * the last that is no feature counts; channels that attend to channels are features on both sides.
 */
function freeLetters(
  letters: { readonly operands: readonly string[]; readonly result: string },
  node: Node,
  shape: Shape,
  factors: readonly [string, string],
  own: (letter: string) => readonly Atom[],
): readonly (string | undefined)[] {
  const isHead = (letter: string) => own(letter).some((each) => each.origin === "feature" && !each.guessed);
  const exclusive = factors.map((name) => {
    const operand = letters.operands[node.inputs.indexOf(name)] ?? "";
    return [...letters.result].filter(
      (letter, axis) =>
        shape[axis] !== 1 &&
        operand.includes(letter) &&
        letters.operands.filter((other) => other.includes(letter)).length === 1,
    );
  });
  const tokens = exclusive.map((each) => each.filter((letter) => !isHead(letter)));
  const channels = tokens.every((each) => each.length === 0);
  return (channels ? exclusive : tokens).map((each) => each.at(-1));
}

/** A product written as Mul and ReduceSum: rows are spread by the second factor, columns by the first. */
export function axesOfSummedProduct(node: Node, shape: Shape | undefined, traced: Traced): Axes | undefined {
  const { view } = traced;
  const multiplied = view.producer(node.inputs[0] ?? "");
  const product = view.shape(node.inputs[0] ?? "");
  const at = namedAxis(node, view, product?.length);
  if (!multiplied || !product || !shape || at === undefined) return undefined;
  const all = spread(multiplied, product, node, traced);
  return shape.length === product.length
    ? all.map((each, axis) => (axis === at ? [] : each))
    : all.filter((_, axis) => axis !== at);
}

/** Each query plus each key: rows and columns as of a product that is not summed yet. */
export function axesOfOuterSum(node: Node, shape: Shape | undefined, traced: Traced): Axes | undefined {
  return shape && spread(node, shape, node, traced);
}

/** Axes of an operator whose two inputs are spread over each other. */
function spread(by: Node, shape: Shape, node: Node, { view, axes }: Traced): readonly (readonly Atom[])[] {
  const [left = "", right = ""] = by.inputs;
  const dims = (name: string, axis: number) => {
    const own = view.shape(name);
    return own?.[axis - shape.length + own.length] ?? 1;
  };
  const atoms = (name: string, axis: number) => {
    const own = axes(name);
    return own?.[axis - shape.length + own.length] ?? [];
  };
  return shape.map((size, axis): readonly Atom[] => {
    if (size === 1) return [];
    for (const [long, short, origin] of [
      [left, right, "rows"],
      [right, left, "columns"],
    ] as const) {
      if (dims(short, axis) !== 1) continue;
      const own = atoms(long, axis);
      return isFeature(own) ? own : freeAxis(own, size, origin, node);
    }
    return isFeature(atoms(right, axis)) ? atoms(right, axis) : atoms(left, axis);
  });
}
