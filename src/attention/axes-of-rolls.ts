/** A roll along one axis, which exporters write as two parts put together the other way round, or as a Gather. */
import type { GraphView } from "../onnx/graph-view";
import type { Node } from "../onnx/model";
import type { Traced } from "./axes-of-products";
import { type Axes, wholeLine } from "./axis-atoms";

interface Part {
  readonly of: string;
  readonly from: number;
  readonly to: number;
}

/** The axes of a rolled tensor: its one axis holds the same line, shifted. Undefined where the node is no roll. */
export function axesOfRoll(node: Node, { view, axes: axesOf }: Traced): Axes | undefined {
  const [first = ""] = node.inputs;
  const of = node.opType === "Gather" ? first : (view.producer(first)?.inputs[0] ?? "");
  const axes = axesOf(of);
  const shape = view.shape(of);
  if (!axes || !shape) return undefined;
  const axis = wrapped(Number(node.attributes.get("axis")?.int ?? 0n), shape.length);
  const length = shape[axis];
  const place = wholeLine(axes[axis] ?? []);
  if (typeof length !== "number" || !place) return undefined;
  const by = node.opType === "Gather" ? byGather(node, length, view) : byParts(node, axis, length, view);
  if (by === undefined) return undefined;
  const shifted = { ...place, shift: (place.shift + by) % length };
  return axes.map((atoms, at) =>
    at === axis ? [{ size: length, origin: "position" as const, place: shifted }] : atoms,
  );
}

function wrapped(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** Cell i of the result is cell (i + n) mod length: n, where the indices say so. */
function byGather(node: Node, length: number, view: GraphView): number | undefined {
  const indices = view.values(node.inputs[1] ?? "");
  const [first] = indices ?? [];
  if (indices?.length !== length || typeof first !== "number") return undefined;
  const from = wrapped(first, length);
  const rolled = indices.every(
    (index, at) => typeof index === "number" && wrapped(index, length) === (from + at) % length,
  );
  return rolled ? from : undefined;
}

function byParts(node: Node, axis: number, length: number, view: GraphView): number | undefined {
  if (node.opType !== "Concat" || node.inputs.length !== 2) return undefined;
  const [tail, head] = node.inputs.map((name) => partOf(name, view, axis));
  if (!tail || tail.of !== head?.of) return undefined;
  return tail.to === length && head.from === 0 && tail.from === head.to ? tail.from : undefined;
}

/** Which cells of another tensor's axis a value is. */
export function partOf(value: string, view: GraphView, axis: number): Part | undefined {
  const node = view.producer(value);
  const of = node?.inputs[0] ?? "";
  const shape = view.shape(of);
  if (!node || !shape) return undefined;
  const list = (name: string, input: number) =>
    node.attributes.get(name)?.ints?.map(Number) ?? view.values(node.inputs[input] ?? "");
  if (node.opType === "Split") {
    const sizes = list("split", 1);
    const at = wrapped(Number(node.attributes.get("axis")?.int ?? 0n), shape.length);
    if (at !== axis || !isNumbers(sizes)) return undefined;
    const ends = sizes.map((_, index) => sizes.slice(0, index + 1).reduce((all, size) => all + size, 0));
    const index = node.outputs.indexOf(value);
    return { of, from: (ends[index] ?? NaN) - (sizes[index] ?? NaN), to: ends[index] ?? NaN };
  }
  if (node.opType !== "Slice") return undefined;
  const [starts, ends, axes] = [list("starts", 1), list("ends", 2), list("axes", 3)];
  const step = view.values(node.inputs[4] ?? "")?.[0] ?? 1;
  const [start, end, length, at] = [starts?.[0], ends?.[0], shape[axis], axes?.[0]];
  const one = axes?.length === 1 && typeof at === "number" && wrapped(at, shape.length) === axis;
  if (!one || step !== 1 || typeof start !== "number" || typeof end !== "number") return undefined;
  if (typeof length !== "number") return undefined;
  const within = (index: number) => Math.min(Math.max(wrapped(index, length), 0), length);
  return { of, from: within(start), to: within(end) };
}

function isNumbers(values: readonly unknown[] | undefined): values is readonly number[] {
  return values?.every((value) => typeof value === "number") === true;
}
