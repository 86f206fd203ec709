/**
 * Sizes that an export baked into its constants although its inputs name symbols: a Reshape to numbers, a sum with a
 * constant of a fixed size, a product whose factors must agree. Such a model runs with these sizes and no others.
 */
import type { Dim } from "../shared/model";
import { product } from "./dim-algebra";
import { GraphView } from "./graph-view";
import type { Node, OnnxModel } from "./model";
import type { ByteSource } from "./source";

/** What one size tells lets others be told; more rounds than this are not needed by any real graph. */
const MAX_ROUNDS = 4;
const MAX_NODES = 50_000;

const broadcasts = new Set("Add Sub Mul Div Where Max Min Sum".split(" "));

/** Dimensions of the inputs with the symbols that the graph's constants tell in place; null where they tell none. */
export function bakedDims(model: OnnxModel, source: ByteSource): Map<string, readonly Dim[]> | null {
  const sizes = new Map<string, number>();
  let dims: Map<string, readonly Dim[]> | null = null;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const before = sizes.size;
    const view = GraphView.of(model, source, dims ?? undefined);
    for (const node of view.graph.nodes.slice(0, MAX_NODES)) collect(node, view, sizes);
    if (sizes.size === before) break;
    dims = new Map(
      model.graph.inputs.map(({ name, dims: declared }) => [
        name,
        (declared ?? []).map((dim) => (typeof dim === "string" ? (sizes.get(dim) ?? dim) : dim)),
      ]),
    );
  }
  return dims;
}

function collect(node: Node, view: GraphView, sizes: Map<string, number>): void {
  const equal = (a: Dim | undefined, b: Dim | undefined) => {
    for (const [symbol, size] of [
      [a, b],
      [b, a],
    ] as const) {
      if (typeof symbol !== "string" || typeof size !== "number" || size < 1) continue;
      const told = solved(symbol, size);
      if (told && !sizes.has(told.symbol)) sizes.set(told.symbol, told.size);
    }
  };
  const [a, b] = [view.shape(node.inputs[0] ?? ""), view.shape(node.inputs[1] ?? "")];
  if (node.opType === "Reshape" && a) {
    const target = view.values(node.inputs[1] ?? "");
    if (!target) return;
    // A zero copies the input's dimension, and one -1 is what is left.
    const wanted = target.map((dim, axis) => (dim === 0 ? (a[axis] ?? null) : dim));
    if (!wanted.includes(-1)) equal(product(a), product(wanted));
    else fromTheEnd(a, wanted, equal);
  } else if (node.opType === "MatMul" && a && b) {
    equal(a.at(-1), b.at(-2));
    aligned(a.slice(0, -2), b.slice(0, -2), equal);
  } else if (broadcasts.has(node.opType)) {
    const known = node.inputs.slice(0, 3).map((input) => view.shape(input));
    for (const one of known) for (const other of known) if (one && other) aligned(one, other, equal);
  }
}

type Equal = (a: Dim | undefined, b: Dim | undefined) => void;

/** Dimensions of a broadcast: both are the same where neither is 1. */
function aligned(a: readonly Dim[], b: readonly Dim[], equal: Equal): void {
  for (let back = 1; back <= Math.min(a.length, b.length); back++)
    if (a.at(-back) !== 1 && b.at(-back) !== 1) equal(a.at(-back), b.at(-back));
}

/** [B, H, t, d] to [-1, 6, d]: what is merged stands first, so that t must be 6. */
function fromTheEnd(from: readonly Dim[], to: readonly Dim[], equal: Equal): void {
  for (let back = 1; back <= Math.min(from.length, to.length); back++) {
    const [given, wanted] = [from.at(-back), to.at(-back)];
    if (wanted === -1) return;
    if (given !== wanted) {
      equal(given, wanted);
      return;
    }
  }
}

/** The symbol of a product such as 4·batch, and what it must be for the product to be `size`. */
function solved(dim: string, size: number): { symbol: string; size: number } | undefined {
  const parts = dim.split("·");
  const coefficient = /^\d+$/.test(parts[0] ?? "") ? Number(parts.shift()) : 1;
  const [symbol = ""] = parts;
  // A symbol that stands there twice is solved by its root; two symbols are not.
  if (parts.some((each) => each !== symbol) || !/^[A-Za-z_]\w*$/.test(symbol)) return undefined;
  const value = Math.round((size / coefficient) ** (1 / parts.length));
  return coefficient * value ** parts.length === size ? { symbol, size: value } : undefined;
}
