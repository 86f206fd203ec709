/** What is said of a map that is not simply a softmax's shares. */
import type { GraphView } from "../../onnx/graph-view";
import type { Normaliser } from "../normalisers";
import type { ValuePath } from "../value-path";

/** @param metValues whether the map meets values in this graph */
export function noteOn(
  { terms, mixed, tensors }: ValuePath,
  metValues: boolean,
  { score, unnormalised, divisor }: Normaliser,
  view: GraphView,
): string | null {
  if (!metValues) return "its result meets no values in this graph";
  if (terms.length > 0 && tensors.some((value) => view.producer(value)?.opType === "Concat"))
    return "softmaxes of parts of the keys stand side by side: this is shown, its rows need not sum to 1";
  if (terms.length > 0)
    return "a sum or difference of softmaxes meets the values: this is shown, its rows need not sum to 1";
  if (divisor !== undefined)
    return "its rows are divided by their sums after they met the values: the quotient is shown";
  if (mixed)
    return "heads are mixed after the softmax: what meets the values is shown, its rows need not sum to 1";
  if (unnormalised !== undefined) return `each weight is ${unnormalised}: rows need not sum to 1`;
  return view.isConstant(score) ? "it depends on no input: the map is the same in every run" : null;
}
