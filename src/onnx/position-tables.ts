/**
 * Tables of positions that a graph looks up by counting its tokens, and whether they have rows for all of them: a Gather
 * by a Range, a running sum of a mask or a stored list of positions, or the first rows of a table cut off by a Slice.
 * Only what follows from sizes is told; ids that a run is given are not looked at.
 */
import type { GraphView } from "./graph-view";
import type { Node } from "./model";

export interface PositionTable {
  /** Name of the initializer. */
  readonly table: string;
  readonly rows: number;
  /** Rows that the graph's sizes ask for. */
  readonly needed: number;
}

/** Longest way from a lookup back to where its positions are counted. */
const MAX_DEPTH = 24;
/** Ends of a Slice that stand for "to the end". */
const TO_THE_END = 2 ** 31 - 1;

const floatTypes = new Set([1, 10, 11, 16]);
/** Operators whose result holds no number that their first input does not. */
const keepsNumbers = new Set([
  "Cast",
  "Identity",
  "Reshape",
  "Unsqueeze",
  "Squeeze",
  "Expand",
  "Transpose",
  "Flatten",
]);

/** Whether any table is so short that made-up sizes may exceed it: cheaper than to work the sizes out. */
export function hasTableBelow(view: GraphView, rows: number): boolean {
  return lookups(view).some(({ table }) => table.rows < rows);
}

/** Tables that need more rows than they have. @param view with the sizes of a run's inputs */
export function exceededTables(view: GraphView): PositionTable[] {
  return lookups(view).flatMap(({ node, table }) => {
    const needed = node.opType === "Gather" ? rowsGathered(node, view) : rowsSliced(node, view);
    return needed !== undefined && needed > table.rows
      ? [{ table: table.name, rows: table.rows, needed }]
      : [];
  });
}

interface Lookup {
  readonly node: Node;
  readonly table: { readonly name: string; readonly axis: number; readonly rows: number };
}

function lookups(view: GraphView): Lookup[] {
  return view.graph.nodes.flatMap((node): Lookup[] => {
    if (node.opType !== "Gather" && node.opType !== "Slice") return [];
    const name = node.inputs[0] ?? "";
    const tensor = view.graph.initializers.get(name);
    if (!tensor || tensor.dims.length < 2 || !floatTypes.has(tensor.elementType)) return [];
    const axis = node.opType === "Gather" ? gatherAxis(node, tensor.dims.length) : sliceAxis(node, view);
    const rows = axis === undefined ? undefined : tensor.dims.at(axis);
    return axis === undefined || rows === undefined ? [] : [{ node, table: { name, axis, rows } }];
  });
}

function gatherAxis(node: Node, rank: number): number {
  const axis = Number(node.attributes.get("axis")?.int ?? 0n);
  return axis < 0 ? axis + rank : axis;
}

/** The one axis that is cut; undefined where there are several, or it is not known. */
function sliceAxis(node: Node, view: GraphView): number | undefined {
  const axes = node.inputs[3] ? view.values(node.inputs[3]) : [0];
  const [axis] = axes ?? [];
  return axes?.length === 1 && typeof axis === "number" ? axis : undefined;
}

function rowsGathered(node: Node, view: GraphView): number | undefined {
  const most = largest(node.inputs[1] ?? "", view, MAX_DEPTH);
  return most === undefined ? undefined : most + 1;
}

/** The end of a cut whose end is counted; one that is written down is what its author wanted. */
function rowsSliced(node: Node, view: GraphView): number | undefined {
  const ends = node.inputs[2] ?? "";
  if (view.graph.initializers.has(ends) || view.producer(ends)?.opType === "Constant") return undefined;
  const [end] = view.values(ends) ?? [];
  return typeof end === "number" && end > 0 && end < TO_THE_END ? end : undefined;
}

/** The largest number of a tensor of counted positions; undefined where they are not counted, or it is not known. */
function largest(value: string, view: GraphView, depth: number): number | undefined {
  const node = view.producer(value);
  if (!node || depth === 0) return undefined;
  const of = (input: number) => largest(node.inputs[input] ?? "", view, depth - 1);
  const number = (input: number): number | undefined => {
    const [one] = view.values(node.inputs[input] ?? "") ?? [];
    return typeof one === "number" ? one : undefined;
  };
  switch (node.opType) {
    case "Range": {
      const [start, limit, delta] = [number(0), number(1), number(2)];
      return delta === 1 && start !== undefined && limit !== undefined && limit > start
        ? limit - 1
        : undefined;
    }
    case "CumSum": {
      // A running sum of a mask of ones ends at its length.
      const axis = number(1);
      const size = axis === undefined ? undefined : view.shape(value)?.at(axis);
      return typeof size === "number" ? size : undefined;
    }
    case "Mul": {
      // Positions times the mask that they were counted by.
      const found = [of(0), of(1)].filter((one) => one !== undefined);
      return found.length > 0 ? Math.max(...found) : undefined;
    }
    case "Add":
    case "Sub": {
      const sign = node.opType === "Add" ? 1 : -1;
      const [counted, added] = [of(0), number(1)];
      if (counted !== undefined && added !== undefined) return counted + sign * added;
      const [other, before] = [of(1), number(0)];
      return sign > 0 && other !== undefined && before !== undefined ? other + before : undefined;
    }
    case "Slice":
      return storedPositions(node, view) ?? of(0);
    default:
      return keepsNumbers.has(node.opType) ? of(0) : undefined;
  }
}

/** The largest of the first positions that are cut off a stored list 0, 1, 2 … */
function storedPositions(node: Node, view: GraphView): number | undefined {
  const name = node.inputs[0] ?? "";
  const first = view.firstValues(name, 4);
  if (!first || first.length < 2 || !first.every((each, index) => each === index)) return undefined;
  const [end] = view.values(node.inputs[2] ?? "") ?? [];
  return typeof end === "number" && end > 0 && end < TO_THE_END ? end - 1 : undefined;
}
