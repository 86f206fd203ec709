/**
 * How the tensor of a map is laid out, and the way from there to [batch, heads, queries, keys].
 * What the graph's own reshapes do not tell is assumed by rank, and said so.
 */
import type { Dim } from "../shared/model";
import { AttentionError } from "../shared/errors";
import type { Node } from "../onnx/model";
import { type Atom, type Axes, wholeLine } from "./axis-atoms";

export type AxisRole = "batch" | "head" | "query" | "key";
export interface Factor {
  readonly role: AxisRole;
  /** Known size, or a symbol or null that the run resolves. */
  readonly size: Dim;
}
/** Which free axis of the score product holds the keys. */
export type KeyOrigin = "rows" | "columns";

/** Factors of every axis of the tensor, outermost first. */
export type Layout = readonly (readonly Factor[])[];

export interface LayoutResult {
  readonly layout: Layout;
  readonly assumed: readonly string[];
}

/**
 * @param axes traced axes of the map's tensor
 * @param keyOrigin which free axis of the score product the softmax runs over
 * @param products the site's own score products: rows of another site's are positions here
 * @param oneQuery whether the products have no axis of queries: there is but one
 * @returns undefined when queries or keys are not among the axes
 */
export function layoutOf(
  axes: Axes,
  shape: readonly Dim[],
  keyOrigin: KeyOrigin,
  products: ReadonlySet<Node>,
  oneQuery = false,
): LayoutResult | undefined {
  const rank = axes.length;
  const assumed: string[] = [];
  const factors: Factor[][] = axes.map((atoms) =>
    atoms.map((atom) => ({ size: atom.size, role: roleOf(atom, keyOrigin, products) })),
  );
  if (!factors.flat().some((factor) => factor.role === "head")) {
    // Nothing was split from features: the graph starts after its heads, or an operator hides where they come from.
    const axis = rank >= 4 ? rank - 3 : 0;
    const atoms = axes[axis] ?? [];
    const hidden = atoms.some((atom) => atom.origin === "unknown");
    const leading = atoms.length > 0 && factors[axis]?.every((factor) => factor.role === "batch") === true;
    if (rank >= 3 && leading && (rank >= 4 || hidden) && !isCutOff(atoms)) {
      // Beside factors that are known to count something else, those that are not hold the heads.
      const mixed = hidden && atoms.some((atom) => atom.origin !== "unknown");
      factors[axis] = mixed
        ? atoms.map(({ origin, size }) => ({ role: origin === "unknown" ? "head" : "batch", size }))
        : [{ role: "head", size: shape[axis] ?? null }];
      assumed.push(`axis ${axis} of its map holds the heads`);
    }
  }
  // Axes of size 1 carry no atoms: one query or one key is still a query and a key axis.
  const has = (role: AxisRole) => factors.some((each) => each.some((factor) => factor.role === role));
  for (const role of ["key", "query"] as const) {
    if (has(role)) continue;
    const free = [rank - 1, rank - 2].find((axis) => axis >= 0 && factors[axis]?.length === 0);
    // One query that its product has no axis for (its heads stand there, or nothing does) needs none here.
    if (free === undefined && role === "query" && oneQuery) continue;
    if (free === undefined) return undefined;
    factors[free] = [{ role, size: 1 }];
  }
  return { layout: factors, assumed };
}

/** Whether an axis is a part of a longer one, as blocks of tokens are: those are no heads. */
function isCutOff(atoms: readonly Atom[]): boolean {
  return atoms.every(({ origin, place }) => origin === "position" && place) && wholeLine(atoms) === undefined;
}

function roleOf({ origin, product }: Atom, keyOrigin: KeyOrigin, products: ReadonlySet<Node>): AxisRole {
  if (origin === "feature") return "head";
  if (product === undefined || !products.has(product)) return "batch";
  return origin === keyOrigin ? "key" : "query";
}

/** Number of heads, or a symbol or null that the run resolves. */
export function headsOf(layout: Layout): Dim {
  const heads = layout.flat().filter((factor) => factor.role === "head");
  return heads.reduce<Dim>(
    (all, { size }) =>
      typeof all === "number" && typeof size === "number" ? all * size : heads.length === 1 ? size : null,
    1,
  );
}

export interface NormalisedDims {
  readonly batch: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
}

/** Sizes of all factors, resolved by the dimensions that a run returned. */
export function resolveFactors(layout: Layout, dims: readonly number[]): { role: AxisRole; size: number }[] {
  if (layout.length !== dims.length)
    throw new AttentionError("internal", `A map of rank ${dims.length}, expected ${layout.length}.`);
  return layout.flatMap((factors, axis) => {
    const dim = dims[axis] ?? 1;
    if (factors.length === 0) return [];
    if (factors.length === 1) return [{ role: (factors[0] as Factor).role, size: dim }];
    const known = factors.reduce((all, { size }) => (typeof size === "number" ? all * size : all), 1);
    const open = factors.filter(({ size }) => typeof size !== "number");
    if (open.length > 1 || dim % known !== 0 || (open.length === 0 && known !== dim)) {
      throw new AttentionError("internal", `An axis of ${dim} does not split as the graph says.`);
    }
    return factors.map(({ role, size }) => ({ role, size: typeof size === "number" ? size : dim / known }));
  });
}

const order: Record<AxisRole, number> = { batch: 0, head: 1, query: 2, key: 3 };

/**
 * The cells of a tensor as [batch, heads, queries, keys], row-major. Returns the array itself where it already is
 * in that order. A grouped-query head is h = kv·G + g, which is the order of its two head axes.
 */
export function normalise<A extends Float32Array | Uint8Array>(
  data: A,
  dims: readonly number[],
  layout: Layout,
): { data: A; dims: NormalisedDims } {
  const factors = resolveFactors(layout, dims);
  const size = (role: AxisRole) =>
    factors.filter((factor) => factor.role === role).reduce((all, factor) => all * factor.size, 1);
  const result = { batch: size("batch"), heads: size("head"), queries: size("query"), keys: size("key") };
  const permutation = factors
    .map((_, index) => index)
    .sort((a, b) => order[factors[a]?.role ?? "key"] - order[factors[b]?.role ?? "key"] || a - b);
  if (permutation.every((from, to) => from === to)) return { data, dims: result };
  const sizes = factors.map((factor) => factor.size);
  const strides = new Array<number>(sizes.length).fill(1);
  for (let axis = sizes.length - 2; axis >= 0; axis--)
    strides[axis] = (strides[axis + 1] as number) * (sizes[axis + 1] as number);
  const outSizes = permutation.map((axis) => sizes[axis] as number);
  const outStrides = permutation.map((axis) => strides[axis] as number);
  const out = (
    data instanceof Float32Array ? new Float32Array(data.length) : new Uint8Array(data.length)
  ) as A;
  const counter = new Array<number>(outSizes.length).fill(0);
  let from = 0;
  for (let to = 0; to < out.length; to++) {
    out[to] = data[from] as number;
    for (let axis = outSizes.length - 1; axis >= 0; axis--) {
      from += outStrides[axis] as number;
      counter[axis] = (counter[axis] as number) + 1;
      if ((counter[axis] as number) < (outSizes[axis] as number)) break;
      from -= (outStrides[axis] as number) * (outSizes[axis] as number);
      counter[axis] = 0;
    }
  }
  return { data: out, dims: result };
}
