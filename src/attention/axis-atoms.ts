/** What an axis of a tensor is made of: factors (`Atom`) that reshapes merge and split, each with its origin. */
import type { Dim } from "../shared/model";
import { over, times } from "../onnx/dim-algebra";
import type { Node } from "../onnx/model";
import type { Shape } from "../onnx/shapes";

/** `rows` and `columns` are the two free axes of the score product. */
export type Origin = "feature" | "position" | "rows" | "columns" | "repeat" | "unknown";

/** An axis on which positions stand in a row, before anything cut it. */
export interface Line {
  readonly tensor: string;
  readonly axis: number;
  readonly length: Dim;
  /** One of the axes of an image: a convolution made it. */
  readonly spatial: boolean;
}

/** Cell i of a factor is cell (i · stride + shift) mod length of its line. */
export interface Place {
  readonly line: Line;
  readonly stride: Dim;
  readonly shift: number;
}

export interface Atom {
  readonly size: Dim;
  readonly origin: Origin;
  /** The product whose free axis this is, for rows and columns. */
  readonly product?: Node;
  /** A feature by its place among the axes of an input alone: no projection made it. */
  readonly guessed?: boolean;
  /** Length of the input's axis that a guessed feature is of: reshapes may have cut it. */
  readonly ofAxis?: Dim;
  /** Where its cells stood before reshapes; null where that can't be told, and not set for features. */
  readonly place?: Place | null;
}

/** One list of atoms per axis, outermost first; an axis of size 1 has none. */
export type Axes = readonly (readonly Atom[])[];

export function atom(size: Dim, origin: Origin, product?: Node): Atom {
  return product ? { size, origin, product } : { size, origin };
}

/**
 * Rows of a projection. What was taken for features because it is an input's last axis, and then stands uncut in a row
 * of a projection (the series of a table, each projected by itself), counts something: features are what is projected.
 */
export function projectedRows(atoms: readonly Atom[]): readonly Atom[] {
  return atoms.map((each) =>
    each.guessed === true && each.ofAxis === each.size ? atom(each.size, "position") : each,
  );
}

export function isFeature(atoms: readonly Atom[]): boolean {
  return atoms.some((each) => each.origin === "feature");
}

export function sizeOf(atoms: readonly Atom[]): Dim {
  return atoms.reduce<Dim>((all, each) => times(all, each.size), 1);
}

export function sameSize(a: readonly Atom[], b: readonly Atom[]): boolean {
  return sizeOf(a) === sizeOf(b);
}

/** Atoms of a tensor after a reshape to `shape`: merged and split in row-major order; undefined when sizes do not meet. */
export function regroup(axes: Axes, shape: Shape): Axes | undefined {
  const queue = axes.flat().filter((each) => each.size !== 1);
  const result: Atom[][] = [];
  for (const [position, dim] of shape.entries()) {
    const group: Atom[] = [];
    result.push(group);
    if (dim === 1) continue;
    const next = queue[0];
    // An unknown size, or a fixed one for a free axis: one atom, if what is left on both sides agrees in number.
    if (dim === null || (typeof dim === "number" && next !== undefined && typeof next.size !== "number")) {
      const left = shape.slice(position).filter((each) => each !== 1).length;
      const one = queue.length === left;
      if (one && next) {
        group.push(next);
        queue.shift();
        continue;
      }
      if (dim === null) return undefined;
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
      group.push({ ...outer(next, remainder), size: need });
      queue[0] = { ...next, size: remainder };
      need = 1;
    }
  }
  return queue.length === 0 ? result : undefined;
}

/** The outer part of an atom that is cut into parts of `inner` cells. */
function outer(each: Atom, inner: Dim): Atom {
  if (!each.place) return each;
  return { ...each, place: { ...each.place, stride: times(each.place.stride, inner) } };
}

/** Atoms without a place get one of their own, where they are a whole axis of `tensor`. */
export function placed(axes: Axes, tensor: string, spatialFrom = Infinity): Axes {
  return axes.map((atoms, axis) => {
    const [only] = atoms;
    if (atoms.length !== 1 || !only || only.place !== undefined || only.origin === "feature") return atoms;
    const line: Line = { tensor, axis, length: only.size, spatial: axis >= spatialFrom };
    return [{ ...only, place: { line, stride: 1, shift: 0 } }];
  });
}

/** The line that the atoms of one axis are all of, in order, from its first cell to its last; else undefined. */
export function wholeLine(atoms: readonly Atom[]): Place | undefined {
  const last = atoms.at(-1)?.place;
  let stride: Dim = 1;
  for (const each of [...atoms].reverse()) {
    if (!last || each.place?.line !== last.line || each.place.shift !== last.shift) return undefined;
    if (each.place.stride !== stride) return undefined;
    stride = times(stride, each.size);
  }
  return last && stride === last.line.length ? { ...last, stride: 1 } : undefined;
}
