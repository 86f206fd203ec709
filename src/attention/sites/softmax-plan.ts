/** What a capture of a written-out site adds to the graph: its map, which of its keys are visible, and its scores. */
import { MASK_SCORE } from "../../shared/page";
import type { GraphView } from "../../onnx/graph-view";
import type { Node } from "../../onnx/model";
import { Subgraph } from "../../onnx/subgraph";
import type { AxisTrace } from "../axes";
import { type KeyOrigin, layoutOf } from "../layout";
import type { Normaliser } from "../normalisers";
import { scoreChain } from "../score-path";
import type { ScoreOutput, SitePlan } from "./site";

const masks = new Set(["Add", "Sub", "Where", "Min", "Max", "Concat"]);

/**
 * The scores before the first mask or bias, and as they enter the softmax. Null where their layout cannot be followed.
 */
export function scoreTensors(
  score: string,
  products: readonly Node[],
  trace: AxisTrace,
  keyOrigin: KeyOrigin,
  view: GraphView,
): { before: ScoreOutput; after: ScoreOutput } | null {
  const own = new Set(products);
  const chain = scoreChain(score, products, view);
  const made = new Set(chain.flatMap((node) => node.outputs));
  // The sum of additive scores is no mask on them.
  const first = chain.find((node) => masks.has(node.opType) && !own.has(node));
  const before = first?.inputs.find((input) => made.has(input)) ?? score;
  const laidOut = (name: string): ScoreOutput | null => {
    const axes = trace.axes(name);
    const found = axes && layoutOf(axes, view.shape(name) ?? axes.map(() => null), keyOrigin, own);
    return found ? { name, layout: found.layout } : null;
  };
  const [one, other] = [laidOut(before), laidOut(score)];
  return one && other && { before: one, after: other };
}

export function sameShape(a: string, b: string, view: GraphView): boolean {
  const left = view.shape(a);
  const right = view.shape(b);
  return (
    left !== undefined &&
    right !== undefined &&
    left.length === right.length &&
    left.every((dim, axis) => dim === right[axis] || dim === null || right[axis] === null)
  );
}

interface PlanInput {
  readonly prefix: string;
  readonly scores: { readonly before: ScoreOutput; readonly after: ScoreOutput } | null;
  readonly tensor: string;
  readonly score: string;
  /** A tensor that is positive where a key takes part, if the map may have been set to zero since; else null. */
  readonly positive: string | null;
  readonly quantised: Normaliser["quantised"];
  readonly divisor: string | undefined;
  /** Whether scores and map lie in the same layout, cell by cell. */
  readonly aligned: boolean;
  readonly view: GraphView;
}

/**
 * Adds to the graph: the map as float32, and whether each key is visible to its query: its score is above the mask
 * value, and its probability was not set to zero after the softmax.
 */
export function plan({
  prefix,
  scores,
  tensor,
  score,
  positive,
  quantised,
  divisor,
  aligned,
  view,
}: PlanInput): SitePlan {
  const graph = new Subgraph(prefix, view.opset);
  const asFloat = (value: string) => (view.elementType(value) === 1 ? value : graph.cast(value, 1));
  // Shares that were dequantised on the way are numbers already.
  const isInteger = [2, 3].includes(view.elementType(tensor));
  const shares =
    quantised && isInteger
      ? graph.mul(graph.sub(graph.cast(tensor, 1), graph.cast(quantised.zero, 1)), asFloat(quantised.scale))
      : asFloat(tensor);
  const map = divisor === undefined ? shares : graph.op("Div", [shares, asFloat(divisor)]);
  if (!view.outputs.has(map)) graph.output(map);
  // The score lies in the softmax's layout; where the map lies in another, validity is inferred from p > 0.
  const returned = ({ name, layout }: ScoreOutput): ScoreOutput => ({
    name: graph.output(asFloat(name)),
    layout,
  });
  const rest = {
    removed: [],
    scores: scores && { before: returned(scores.before), after: returned(scores.after) },
    proof: null,
  };
  if (!aligned || quantised) return { extension: graph.extension, map, valid: null, ...rest };
  let valid = graph.greater(asFloat(score), graph.scalar(MASK_SCORE));
  if (positive !== null) {
    const before = graph.greater(asFloat(positive), graph.scalar(0));
    const after = graph.op("Equal", [map, graph.scalar(0)]);
    valid = graph.and(valid, graph.not(graph.and(before, after)));
  }
  graph.output(valid);
  return { extension: graph.extension, map, valid, ...rest };
}
