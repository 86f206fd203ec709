/** Axes of what takes parts of a tensor, puts parts together, reduces one, or slides over an image or a sequence. */
import type { GraphView } from "../onnx/graph-view";
import type { Node } from "../onnx/model";
import type { Shape } from "../onnx/shapes";
import { type Atom, atom, type Axes, wholeLine } from "./axis-atoms";
import { pools } from "./axis-operators";
import type { Traced } from "./axes-of-products";
import { namedAxes } from "./named-axes";

export function axesOfGather(
  node: Node,
  shape: Shape | undefined,
  { view, axes: axesAt }: Traced,
): Axes | undefined {
  const [data = "", indices = ""] = node.inputs;
  if (!shape) return undefined;
  const axis = Number(node.attributes.get("axis")?.int ?? 0n);
  if (view.isConstant(data) && !view.isConstant(indices)) {
    const from = axesAt(indices) ?? [];
    return shape.map((size, at) => from[at] ?? [atom(size, "feature")]);
  }
  const axes = axesAt(data);
  const indexRank = view.shape(indices)?.length;
  if (!axes || indexRank === undefined) return undefined;
  const at = axis < 0 ? axis + axes.length : axis;
  const cut = cutByIndices(axes[at] ?? [], view.shape(indices) ?? [], tableOf(indices, view));
  if (cut) return [...axes.slice(0, at), ...cut, ...axes.slice(at + 1)];
  const inserted = shape
    .slice(at, at + indexRank)
    .map((size) =>
      size === 1
        ? []
        : [atom(size, (axes[at] ?? []).length === 1 ? (axes[at]?.[0]?.origin ?? "unknown") : "unknown")],
    );
  return [...axes.slice(0, at), ...inserted, ...axes.slice(at + 1)];
}

/**
 * One axis that a table of indices cuts into windows without overlap (im2col): cell (i, j) is cell i · a + j · b of it.
 * Undefined for other indices.
 */
function cutByIndices(
  own: readonly Atom[],
  [rows, columns, ...more]: Shape,
  values: readonly unknown[] | undefined,
): Axes | undefined {
  const place = wholeLine(own);
  const [first] = own;
  if (!place || !first || more.length > 0 || typeof rows !== "number" || typeof columns !== "number")
    return undefined;
  const [a, b] = [Number(values?.[columns] ?? NaN), Number(values?.[1] ?? NaN)];
  const length = rows * columns;
  const whole = values?.length === length && place.line.length === length;
  if (!whole || !((a === 1 && b === rows) || (b === 1 && a === columns))) return undefined;
  if (!values.every((value, index) => value === Math.floor(index / columns) * a + (index % columns) * b))
    return undefined;
  const factor = (size: number, stride: number): readonly Atom[] =>
    size === 1 ? [] : [{ ...first, size, place: { ...place, stride } }];
  return [factor(rows, a), factor(columns, b)];
}

/** The values of a constant table; exporters also write it as the sum of a row and a column. */
function tableOf(name: string, view: GraphView): readonly number[] | undefined {
  const size = (value: string) =>
    (view.shape(value) ?? [null]).reduce<number>(
      (all, dim) => all * (typeof dim === "number" ? dim : NaN),
      1,
    );
  const count = size(name);
  const own = Number.isInteger(count) ? view.firstValues(name, count) : undefined;
  const by = view.producer(name);
  if (own || by?.opType !== "Add") return own;
  const vector = (value: string) => {
    const behind = view.producer(value)?.inputs[0] ?? "";
    return (view.firstValues(value, size(value)) ?? view.values(behind))?.map(Number);
  };
  const [first = "", second = ""] = by.inputs;
  const [column, row] = view.shape(first)?.[1] === 1 ? [first, second] : [second, first];
  if (view.shape(column)?.[1] !== 1 || view.shape(row)?.[0] !== 1) return undefined;
  const along = vector(row);
  return along && vector(column)?.flatMap((start) => along.map((step) => start + step));
}

/** Batch stays, channels are made, and an image's axes stay only where their size does. */
export function axesOfConvolution(
  node: Node,
  shape: Shape | undefined,
  { view, axes: axesAt }: Traced,
): Axes | undefined {
  const image = axesAt(node.inputs[0] ?? "");
  const before = view.shape(node.inputs[0] ?? "");
  return shape?.map((size, axis) => {
    const own = image?.[axis] ?? [];
    if (size === 1) return [];
    // A pool or a change of size keeps its channels.
    if (axis === 1) return own.length > 0 && pools.has(node.opType) ? own : [atom(size, "feature")];
    if (axis === 0) return own;
    const same = size !== null && size === before?.[axis] && own.length > 0;
    // An input's last axis was taken for features; an image's is none.
    return same && !own.some(({ guessed }) => guessed) ? own : [atom(size, "position")];
  });
}

export function axesOfReduction(
  node: Node,
  shape: Shape | undefined,
  { view, axes: axesAt }: Traced,
): Axes | undefined {
  const axes = axesAt(node.inputs[0] ?? "");
  const reduced = namedAxes(node, view, axes?.length);
  if (!axes || !shape || !reduced) return undefined;
  const gone = new Set(reduced);
  return shape.length === axes.length
    ? axes.map((atoms, axis) => (gone.has(axis) ? [] : atoms))
    : axes.filter((_, axis) => !gone.has(axis));
}

/** All states [T, directions, B, hidden] (layout 1: [B, T, directions, hidden]), and the last one without T. */
export function axesOfRecurrence(
  node: Node,
  value: string,
  shape: Shape | undefined,
  { axes: axesAt }: Traced,
): Axes | undefined {
  const [first = [], second = []] = axesAt(node.inputs[0] ?? "") ?? [];
  const features = (axis: number) => (shape?.[axis] === 1 ? [] : [atom(shape?.[axis] ?? null, "feature")]);
  const batchFirst = node.attributes.get("layout")?.int === 1n;
  if (value !== node.outputs[0])
    return batchFirst ? [first, features(1), features(2)] : [features(0), second, features(2)];
  return batchFirst ? [first, second, features(2), features(3)] : [first, features(1), second, features(3)];
}

/** The axes of a part or an extension: an axis whose size changed keeps what it is, not where its cells stood. */
export function axesOfPart(
  node: Node,
  shape: Shape | undefined,
  { view, axes: axesAt }: Traced,
): Axes | undefined {
  const value = node.inputs.find((name) => !view.isConstant(name)) ?? node.inputs[0] ?? "";
  const axes = axesAt(value);
  const before = view.shape(value);
  if (!axes || !shape) return undefined;
  const said = Number(node.attributes.get("axis")?.int ?? 0n);
  const joined = node.opType === "Concat" ? (said < 0 ? said + axes.length : said) : -1;
  return axes.map((atoms, axis) => {
    const size = shape[axis] ?? null;
    if (size === 1) return [];
    if (before && before[axis] === size && size !== null) return atoms;
    const origins = new Set(atoms.map((each) => each.origin));
    const [first] = atoms;
    const one = origins.size === 1 && first ? first : undefined;
    const resized = atom(size, one?.origin ?? "position", one?.product);
    // What was put together of parts is in an order that nothing here tells.
    return [axis === joined ? { ...resized, place: null } : resized];
  });
}
