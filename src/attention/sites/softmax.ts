/**
 * Attention that the graph writes out: scores = product of queries and keys, scale, mask → Softmax → product with
 * the values. https://onnx.ai/onnx/operators/onnx__Softmax.html
 *
 * Shapes: the map has one axis of queries, one of keys (the softmax's axis) and any number of batch and head axes,
 * merged or not; see `axes.ts`. The map is the tensor that meets the values: after a NaN guard or a mask applied to
 * the probabilities, before trailing changes of layout. A graph output that holds the same values is read instead.
 */
import type { NotSupported, Windows } from "../../shared/model";
import type { GraphView } from "../../onnx/graph-view";
import type { Node } from "../../onnx/model";
import { Subgraph } from "../../onnx/subgraph";
import { AxisTrace } from "../axes";
import type { Atom, Axes } from "../axis-atoms";
import { kindOf } from "../kind";
import { type Layout, layoutOf } from "../layout";
import { type Normaliser, normalisers } from "../normalisers";
import {
  onlyLayout,
  productOperands,
  scoreChain,
  scoreProducts,
  type ValuePath,
  valuePath,
} from "../products";
import { windowsOf } from "../windows";
import type { FoundSite, Match, ScoreOutput, SiteModule, SitePlan } from "./site";

/** A score at or below this is a mask (`decisions.md` 8). */
export const MASK_SCORE = -5000;

export const softmaxSites: SiteModule = {
  match(view: GraphView): Match {
    const sites: FoundSite[] = [];
    const notSupported: NotSupported[] = [];
    const others: NotSupported[] = [];
    const candidates = normalisers(view).map((normaliser) => ({
      normaliser,
      products: scoreProducts(normaliser.score, view),
    }));
    // One trace serves all sites: what each needs of it is told apart by its own products.
    const trace = new AxisTrace(view, new Set(candidates.flatMap(({ products }) => products)));
    for (const { normaliser, products } of candidates) {
      const { node } = normaliser;
      const result = matchOne(normaliser, products, trace, view);
      if ("reason" in result)
        (result.looksLikeAttention ? notSupported : others).push({
          name: node.name || (node.outputs[0] ?? ""),
          reason: result.reason,
        });
      else sites.push(result);
    }
    return { sites, notSupported, others };
  },
};

type Refusal = { readonly reason: string; readonly looksLikeAttention: boolean };

function matchOne(
  normaliser: Normaliser,
  products: readonly Node[],
  trace: AxisTrace,
  view: GraphView,
): FoundSite | Refusal {
  const { node, score, probability } = normaliser;
  const product = products[0];
  const operands = product && productOperands(product, view);
  if (!product || !operands)
    return { reason: "its scores are not a product of queries and keys", looksLikeAttention: false };
  const path = valuePath(probability, view);
  const output = outputBehind(path.tensors.slice(path.tensors.indexOf(path.map)), view);
  if (!path.product && output === undefined) {
    return { reason: "a product feeds it, but its result meets no values", looksLikeAttention: false };
  }
  // Similarities of single vectors have no sequence of queries or keys; an attention that is returned as it is has one.
  if (!path.product && operands.some((name) => (view.shape(name)?.length ?? 3) < 3)) {
    return {
      reason: "a product of two sets of vectors feeds it, and its result meets no values",
      looksLikeAttention: false,
    };
  }
  if (!view.isLive(node))
    return { reason: "nobody uses its result: the site is dead code", looksLikeAttention: true };

  const own = new Set(products);
  const keyOrigin = softmaxOrigin(normaliser, own, view, trace);
  if (keyOrigin === undefined) {
    return {
      reason: "it normalises over an axis that is neither queries nor keys of its product",
      looksLikeAttention: true,
    };
  }
  if (sumsOverOther(path, keyOrigin, own, trace)) {
    return {
      reason: "its values are summed over another axis than the one that it normalises",
      looksLikeAttention: true,
    };
  }
  // An output keeps the values and often the plainer layout.
  const tensor = output ?? path.map;
  const axes = trace.axes(tensor);
  const shape = view.shape(tensor) ?? axes?.map(() => null);
  const layout = axes && shape && layoutOf(axes, shape, keyOrigin, own);
  if (!layout)
    return { reason: `the layout of its map ${tensor} cannot be followed`, looksLikeAttention: true };

  const [rows, columns] = operands;
  const [query, key] = keyOrigin === "columns" ? [rows, columns] : [columns, rows];
  return {
    node,
    kind: kindOf(query, key, view),
    method: output !== undefined && view.outputs.has(output) ? "output" : "exposed",
    chain: [
      ...scoreChain(score, products, view),
      ...path.tensors.flatMap((value) => view.producer(value) ?? []),
      ...(path.product ? [path.product] : []),
    ],
    tensor,
    shape: view.shape(tensor),
    layout: layout.layout,
    kvHeads: null,
    windows: windowsHere(query, axes, layout.layout, trace),
    noKernel: null,
    replaceable: false,
    assumed: layout.assumed,
    note: path.product ? null : "its result meets no values in this graph",
    plan: (prefix, { scores }) =>
      plan({
        prefix,
        scores: scores ? scoreTensors(score, products, trace, keyOrigin, own, view) : null,
        tensor,
        score,
        quantised: normaliser.quantised,
        positive: normaliser.unmasked ?? (path.changed ? probability : null),
        sameShape: sameShape(tensor, score, view),
        view,
      }),
  };
}

/** The partition into windows that the map's batch axes and the queries' own axes tell. */
function windowsHere(query: string, axes: Axes, layout: Layout, trace: AxisTrace): Windows | null {
  const batch = axes.flatMap((atoms, axis) =>
    atoms.filter((_, index) => layout[axis]?.[index]?.role === "batch"),
  );
  const isBatch = (each: Atom) =>
    batch.some(({ place }) => place?.line === each.place?.line && place?.stride === each.place?.stride);
  const tokens = (trace.axes(query) ?? [])
    .flat()
    .filter((each) => each.place !== undefined && each.origin !== "feature" && !isBatch(each));
  return windowsOf(tokens, batch);
}

/** Whether the product with the values surely runs over the axis of the score product that was not normalised. */
function sumsOverOther(
  { product, tensors }: ValuePath,
  keyOrigin: "rows" | "columns",
  own: ReadonlySet<Node>,
  trace: AxisTrace,
): boolean {
  const operand = tensors[tensors.length - 1] ?? "";
  const side = product?.opType === "MatMul" ? product.inputs.indexOf(operand) : -1;
  const atoms = side < 0 ? [] : (trace.axes(operand)?.at(side === 0 ? -1 : -2) ?? []);
  const other = keyOrigin === "rows" ? "columns" : "rows";
  return (
    atoms.length > 0 &&
    atoms.every((atom) => atom.origin === other && atom.product !== undefined && own.has(atom.product))
  );
}

/** Changes of layout of one map that are looked at. */
const MAX_LAYOUTS = 500;

/** A graph output that holds one of these tensors, perhaps in another layout. */
function outputBehind(tensors: readonly string[], view: GraphView): string | undefined {
  const queue = [...tensors];
  const seen = new Set(queue);
  for (let steps = 0; steps < Math.min(queue.length, MAX_LAYOUTS); steps++) {
    const value = queue[steps] as string;
    if (view.outputs.has(value)) return value;
    for (const consumer of view.consumers(value).slice(0, MAX_LAYOUTS)) {
      const next = consumer.outputs[0];
      if (!onlyLayout.has(consumer.opType) || consumer.inputs[0] !== value || !next || seen.has(next))
        continue;
      seen.add(next);
      queue.push(next);
    }
  }
  return undefined;
}

/** Which free axis of the score product the softmax runs over. */
function softmaxOrigin(
  { score, axis }: Normaliser,
  products: ReadonlySet<Node>,
  view: GraphView,
  trace: AxisTrace,
): "rows" | "columns" | undefined {
  if (axis === undefined) return undefined;
  const axes = trace.axes(score);
  const rank = axes?.length ?? view.shape(score)?.length;
  if (rank === undefined) return axis === -1 ? "columns" : undefined;
  const at = axis < 0 ? axis + rank : axis;
  const origins = new Set(
    (axes?.[at] ?? []).map(({ origin, product }) =>
      product && !products.has(product) ? "position" : origin,
    ),
  );
  if (origins.size === 1 && (origins.has("rows") || origins.has("columns")))
    return origins.has("rows") ? "rows" : "columns";
  // One key, or an axis that could not be followed: the last axis of a product is its columns.
  const undecided = origins.size === 0 || origins.has("unknown");
  return undecided && at === rank - 1 ? "columns" : undefined;
}

function sameShape(a: string, b: string, view: GraphView): boolean {
  const left = view.shape(a);
  const right = view.shape(b);
  return (
    left !== undefined &&
    right !== undefined &&
    left.length === right.length &&
    left.every((dim, axis) => dim === right[axis] || dim === null || right[axis] === null)
  );
}

const masks = new Set(["Add", "Sub", "Where", "Min", "Max", "Concat"]);

/**
 * The scores before the first mask or bias, and as they enter the softmax. Null where their layout cannot be followed.
 */
function scoreTensors(
  score: string,
  products: readonly Node[],
  trace: AxisTrace,
  keyOrigin: "rows" | "columns",
  own: ReadonlySet<Node>,
  view: GraphView,
): { before: ScoreOutput; after: ScoreOutput } | null {
  const chain = scoreChain(score, products, view);
  const made = new Set(chain.flatMap((node) => node.outputs));
  const first = chain.find((node) => masks.has(node.opType));
  const before = first?.inputs.find((input) => made.has(input)) ?? score;
  const laidOut = (name: string): ScoreOutput | null => {
    const axes = trace.axes(name);
    const found = axes && layoutOf(axes, view.shape(name) ?? axes.map(() => null), keyOrigin, own);
    return found ? { name, layout: found.layout } : null;
  };
  const [one, other] = [laidOut(before), laidOut(score)];
  return one && other && { before: one, after: other };
}

interface PlanInput {
  readonly prefix: string;
  readonly scores: { readonly before: ScoreOutput; readonly after: ScoreOutput } | null;
  readonly tensor: string;
  readonly score: string;
  /** A tensor that is positive where a key takes part, if the map may have been set to zero since; else null. */
  readonly positive: string | null;
  readonly quantised: Normaliser["quantised"];
  readonly sameShape: boolean;
  readonly view: GraphView;
}

/**
 * Adds to the graph: the map as float32, and whether each key is visible to its query: its score is above the mask
 * value, and its probability was not set to zero after the softmax.
 */
function plan({
  prefix,
  scores,
  tensor,
  score,
  positive,
  quantised,
  sameShape: aligned,
  view,
}: PlanInput): SitePlan {
  const graph = new Subgraph(prefix, view.opset);
  const asFloat = (value: string) => (view.elementType(value) === 1 ? value : graph.cast(value, 1));
  const map = quantised
    ? graph.mul(graph.sub(graph.cast(tensor, 1), graph.cast(quantised.zero, 1)), asFloat(quantised.scale))
    : asFloat(tensor);
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
