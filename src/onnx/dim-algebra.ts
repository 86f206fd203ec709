/**
 * Arithmetic on dimensions that may be symbols. A dimension is a size, a canonical product such as `4·batch`, or
 * null when nothing is known. Sums are symbols of their own: `(t+1)`.
 */
import type { Dim } from "../shared/model";

interface Product {
  readonly coefficient: number;
  /** Sorted symbols, repeated for powers. */
  readonly symbols: readonly string[];
}

/** Symbols that are longer say nothing to a person; a chain of sums of a symbol with itself doubles it each time. */
const MAX_SYMBOL = 200;

function parse(dim: number | string): Product {
  if (typeof dim === "number") return { coefficient: dim, symbols: [] };
  const parts = dim.split("·");
  const first = Number(parts[0]);
  return Number.isInteger(first) && parts[0] !== ""
    ? { coefficient: first, symbols: parts.slice(1) }
    : { coefficient: 1, symbols: parts };
}

function print({ coefficient, symbols }: Product): Dim {
  if (symbols.length === 0 || coefficient === 0) return coefficient;
  const sorted = [...symbols].sort();
  return short((coefficient === 1 ? sorted : [String(coefficient), ...sorted]).join("·"));
}

function short(symbol: string): Dim {
  return symbol.length <= MAX_SYMBOL ? symbol : null;
}

/**
 * A dimension as an exporter declares it: `batch`, or a product such as `4*batch`, which is the same as ours.
 * @param bound sizes of symbols that are known
 */
export function declaredDim(dim: string, bound: ReadonlyMap<string, number>): Dim {
  const known = bound.get(dim);
  if (known !== undefined) return known;
  if (!/^\w+(\*\w+)+$/.test(dim)) return dim;
  return dim
    .split("*")
    .map((part) => (/^\d+$/.test(part) ? Number(part) : (bound.get(part) ?? part)))
    .reduce<Dim>((all, part) => times(all, part), 1);
}

export function times(a: Dim, b: Dim): Dim {
  if (a === 0 || b === 0) return 0;
  if (a === null || b === null) return a === 1 ? b : b === 1 ? a : null;
  const left = parse(a);
  const right = parse(b);
  return print({
    coefficient: left.coefficient * right.coefficient,
    symbols: [...left.symbols, ...right.symbols],
  });
}

/** a / b where b divides a exactly, else null. */
export function over(a: Dim, b: Dim): Dim {
  if (a === null || b === null) return b === 1 ? a : null;
  const left = parse(a);
  const right = parse(b);
  if (right.coefficient === 0 || left.coefficient % right.coefficient !== 0) return null;
  const rest = [...left.symbols];
  for (const symbol of right.symbols) {
    const at = rest.indexOf(symbol);
    if (at < 0) return null;
    rest.splice(at, 1);
  }
  return print({ coefficient: left.coefficient / right.coefficient, symbols: rest });
}

export function plus(a: Dim, b: Dim): Dim {
  if (a === null || b === null) return null;
  if (typeof a === "number" && typeof b === "number") return a + b;
  if (a === 0) return b;
  if (b === 0) return a;
  const [first, second] = [String(a), String(b)].sort();
  return short(`(${first}+${second})`);
}

export function minus(a: Dim, b: Dim): Dim {
  if (a === null || b === null) return null;
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (b === 0) return a;
  if (a === b) return 0;
  return short(`(${a}−${b})`);
}

/** The broadcast of two dimensions; null when it cannot be told. */
export function broadcastDim(a: Dim, b: Dim): Dim {
  if (a === 1) return b;
  if (b === 1 || a === b) return a;
  if (typeof a === "number" && a > 1) return a;
  if (typeof b === "number" && b > 1) return b;
  return a === null || b === null ? null : a;
}

export function product(dims: readonly Dim[]): Dim {
  return dims.reduce<Dim>((all, dim) => times(all, dim), 1);
}

/** Broadcast of shapes by NumPy's rule; undefined when a rank is unknown. */
export function broadcast(shapes: readonly (readonly Dim[] | undefined)[]): Dim[] | undefined {
  let result: Dim[] = [];
  for (const shape of shapes) {
    if (!shape) return undefined;
    const rank = Math.max(result.length, shape.length);
    const left: Dim[] = [...new Array<Dim>(rank - result.length).fill(1), ...result];
    const right: Dim[] = [...new Array<Dim>(rank - shape.length).fill(1), ...shape];
    result = left.map((dim, axis) => broadcastDim(dim, right[axis] as Dim));
  }
  return result;
}
