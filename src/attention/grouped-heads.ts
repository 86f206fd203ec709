/** How many heads of keys and values there are where several query heads share one: read from the keys' own axes. */
import type { Dim } from "../shared/model";
import type { GraphView } from "../onnx/graph-view";
import type { Node } from "../onnx/model";
import { einsumLetters } from "../onnx/shapes/einsum";
import type { Atom, Axes } from "./axis-atoms";

/**
 * @param product of queries and keys
 * @param key its operand that holds the keys
 * @param heads number of query heads
 * @returns null where every head has keys of its own, or the graph does not tell
 */
export function kvHeadsOf(
  product: Node,
  key: string,
  heads: Dim,
  axesAt: (value: string) => Axes | undefined,
  view: GraphView,
): number | null {
  const result = axesAt(product.outputs[0] ?? "");
  const places = result && placesIn(product, key, result.length, view);
  const own = axesAt(key);
  if (!result || !places || !own || typeof heads !== "number") return null;
  let groups = 1;
  for (const [axis, atoms] of result.entries()) {
    const of = atoms.filter(({ origin }) => origin === "feature");
    if (of.length === 0) continue;
    const at = places(axis);
    // A key that has no such axis, or one of size 1, is shared by all heads along it.
    const shared =
      at === undefined || own[at]?.length === 0 ? of : repeated(own[at] ?? [], of.length < atoms.length);
    for (const { size } of shared) {
      if (typeof size !== "number") return null;
      groups *= size;
    }
  }
  return groups > 1 && heads % groups === 0 ? heads / groups : null;
}

/** Factors that an Expand or a Tile made; what comes first beside a batch may have repeated the batch. */
function repeated(atoms: readonly Atom[], besideBatch: boolean): readonly Atom[] {
  return atoms.filter(({ origin }, index) => origin === "repeat" && (index > 0 || !besideBatch));
}

/** Where the axes of a product's result lie in one of its operands; undefined for products that are not read. */
function placesIn(
  product: Node,
  operand: string,
  rank: number,
  view: GraphView,
): ((axis: number) => number | undefined) | undefined {
  const own = view.shape(operand)?.length;
  if (own === undefined) return undefined;
  if (product.opType === "Einsum") {
    const letters = einsumLetters(
      product,
      product.inputs.map((name) => view.shape(name)?.length),
    );
    const letter = letters?.operands[product.inputs.indexOf(operand)];
    if (!letters || letter === undefined) return undefined;
    return (axis) => {
      const at = letter.indexOf(letters.result[axis] ?? "");
      return at < 0 ? undefined : at;
    };
  }
  const moved = ["transBatchA", "transBatchB"].some((name) => product.attributes.get(name)?.int === 1n);
  if (moved || !matrixProducts.has(product.opType)) return undefined;
  return (axis) => {
    const at = axis - rank + own;
    return axis < rank - 2 && at >= 0 ? at : undefined;
  };
}

const matrixProducts = new Set(["MatMul", "FusedMatMul", "MatMulInteger", "MatMulIntegerToFloat"]);
