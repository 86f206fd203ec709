/**
 * Attention that the graph writes out: scores = product of queries and keys, scale, mask → Softmax → product with
 * the values. https://onnx.ai/onnx/operators/onnx__Softmax.html
 *
 * Shapes: the map has one axis of queries, one of keys and any number of batch and head axes, merged or not; see
 * `axes.ts`. The map is the tensor that meets the values: after a NaN guard or a mask applied to the probabilities,
 * after heads were mixed or maps were added, before trailing changes of layout. A graph output that holds the same
 * values is read instead. Scores may also be sums of each query with each key, and an activation (additive attention).
 */
import type { NotSupported } from "../../shared/model";
import type { GraphView } from "../../onnx/graph-view";
import type { Node } from "../../onnx/model";
import { AxisTrace } from "../axes";
import type { Atom } from "../axis-atoms";
import { kvHeadsOf } from "../grouped-heads";
import { kindOf } from "../kind";
import { headsOf, type KeyOrigin, layoutOf } from "../layout";
import { type Normaliser, normalisers } from "../normalisers";
import { outputBehind } from "../output-behind";
import { productOperands } from "../products";
import { scoreChain, type ScoreProduct, scoreProducts } from "../score-path";
import { noPath, summedAxis, type ValuePath, valuePath } from "../value-path";
import { windowsOfMap } from "../windows";
import type { FoundSite, Match, SiteModule } from "./site";
import { noteOn } from "./softmax-notes";
import { partedSite } from "./softmax-parts";
import { plan, sameShape, scoreTensors } from "./softmax-plan";

interface Candidate {
  readonly normaliser: Normaliser;
  readonly path: ValuePath;
  readonly products: readonly ScoreProduct[];
}

export const softmaxSites: SiteModule = {
  match(view: GraphView): Match {
    const notSupported: NotSupported[] = [];
    const others: (NotSupported & { readonly map: string })[] = [];
    const candidates = candidatesIn(view);
    // One trace serves all sites: what each needs of it is told apart by its own products.
    const trace = new AxisTrace(view, new Set(candidates.flatMap(tracedProducts)));
    const sites = new Map<string, FoundSite>();
    for (const candidate of candidates) {
      const { node, probability } = candidate.normaliser;
      const { map, terms } = candidate.path;
      // Softmaxes whose sum or difference meets the values make one map.
      if (terms.length > 0 && sites.has(map)) continue;
      const result = matchOne(candidate, trace, view);
      const name = node.name || (node.outputs[0] ?? "");
      if ("reason" in result && candidate.normaliser.unnormalised !== undefined) continue;
      if (!("reason" in result)) {
        const parted =
          terms.length > 0
            ? partedSite(result, candidate, candidates, view, (each) => matchOne(each, trace, view))
            : undefined;
        for (const [tensor, part] of parted?.parts ?? []) sites.set(tensor, part);
        sites.set(terms.length > 0 ? map : probability, parted?.whole ?? result);
      } else if (result.looksLikeAttention) notSupported.push({ name, reason: result.reason });
      else others.push({ name, reason: result.reason, map: terms.length > 0 ? map : probability });
    }
    return {
      sites: [...sites.values()],
      notSupported,
      others: others.filter(({ map }) => !sites.has(map)).map(({ name, reason }) => ({ name, reason })),
    };
  },
};

function candidatesIn(view: GraphView): Candidate[] {
  const found = normalisers(view);
  const shares = new Set(
    found.flatMap(({ probability, unnormalised }) => (unnormalised === undefined ? [probability] : [])),
  );
  const none = new Set<Node>();
  const anyProducts = found.map(({ score }) => scoreProducts(score, view, none));
  // Where nothing made the scores, it does not matter what they meet.
  const paths = found.map(({ probability }, index) =>
    anyProducts[index]?.length === 0 ? noPath(probability) : valuePath(probability, view, shares),
  );
  const values = new Set(
    paths.flatMap(({ product, mixed }, index) =>
      product && !mixed && anyProducts[index]?.some((each) => !each.mixed) ? [product] : [],
    ),
  );
  return found.map((normaliser, index) => {
    const behind = anyProducts[index] ?? [];
    const products = behind.some(({ node }) => values.has(node))
      ? scoreProducts(normaliser.score, view, values)
      : behind;
    return { normaliser, path: paths[index] as ValuePath, products };
  });
}

/** What may turn out to be a site's product; mixed ones only where nothing plainer is there. */
function tracedProducts({ path, products }: Candidate): readonly Node[] {
  const plain = products.filter(({ share, mixed }) => share === "both" && !mixed);
  if (plain.length > 0 || !path.product) return plainOf(products).map(({ node }) => node);
  return products.map(({ node }) => node);
}

function plainOf(products: readonly ScoreProduct[]): readonly ScoreProduct[] {
  const plain = products.filter(({ share, mixed }) => !mixed && (share === "both" || share === "one"));
  const ofInputs = plain.filter(({ share }) => share === "both");
  return ofInputs.length > 0 ? ofInputs : plain;
}

/**
 * The products that make the scores. Plain ones first; where a matrix or an activation stands between, both axes of the
 * product must have come through, since else it is a projection of something that happens to be a product.
 */
function chosenProducts(
  { normaliser: { score }, products }: Candidate,
  trace: AxisTrace,
): { readonly products: readonly Node[]; readonly plain: boolean } {
  const plain = plainOf(products);
  const comesThrough = (each: ScoreProduct) => bothAxes(score, new Set([each.node]), trace);
  const mixed = products.filter(({ share, mixed }) => mixed && share === "both").filter(comesThrough);
  if (plain.some(({ share }) => share === "both") || (plain.length > 0 && mixed.length === 0))
    return { products: plain.map(({ node }) => node), plain: true };
  const rest = [mixed, ...(["one", "sum", "none"] as const).map((share) => ofShare(products, share))];
  const chosen = rest.find((each) => each.some(comesThrough)) ?? [];
  return { products: chosen.filter(comesThrough).map(({ node }) => node), plain: false };
}

function ofShare(products: readonly ScoreProduct[], wanted: ScoreProduct["share"]): ScoreProduct[] {
  return products.filter(({ share }) => share === wanted);
}

/** Whether queries and keys of one of the products are both among the axes of a tensor. */
function bothAxes(tensor: string, products: ReadonlySet<Node>, trace: AxisTrace): boolean {
  const axes = trace.axes(tensor)?.flat() ?? [];
  const has = (atoms: readonly Atom[], origin: KeyOrigin) =>
    atoms.some((each) => each.origin === origin && each.product !== undefined && products.has(each.product));
  return (["rows", "columns"] as const).every((origin) => {
    const made = [...products].flatMap((product) => trace.axes(product.outputs[0] ?? "")?.flat() ?? []);
    return has(axes, origin) || !has(made, origin);
  });
}

/** Whether the products themselves have no axis along which queries stand. */
function oneQuery(products: readonly Node[], keyOrigin: KeyOrigin, trace: AxisTrace): boolean {
  return products.every((product) => {
    const axes = trace.axes(product.outputs[0] ?? "")?.flat() ?? [];
    return (
      axes.length > 0 &&
      axes.every(({ origin }) => origin === keyOrigin || origin === "feature" || origin === "position")
    );
  });
}

type Refusal = { readonly reason: string; readonly looksLikeAttention: boolean };

const refusal = (reason: string, looksLikeAttention = false): Refusal => ({ reason, looksLikeAttention });

function matchOne(candidate: Candidate, trace: AxisTrace, view: GraphView): FoundSite | Refusal {
  const { normaliser, path } = candidate;
  const { node, score, probability } = normaliser;
  const { products, plain } = chosenProducts(candidate, trace);
  const product = products[0];
  const operands = product && productOperands(product, view);
  if (!product || !operands) return refusal("its scores are not a product of queries and keys");
  if (normaliser.unnormalised !== undefined && (!plain || !path.product || path.mixed))
    return refusal("it is a gate");
  const own = new Set(products);
  const output = outputBehind(path.tensors.slice(path.tensors.indexOf(path.map), path.whole), view);
  if (normaliser.divisor !== undefined && path.map !== probability)
    return refusal("its rows are divided by their sums after something else changed them", true);
  const metValues = path.product !== undefined && (!path.mixed || bothAxes(operandOf(path), own, trace));
  if (!metValues && output === undefined)
    return refusal("a product feeds it, but its result meets no values");
  // Similarities of single vectors have no sequence of queries or keys; an attention that is returned as it is has one.
  if (!metValues && (!plain || operands.some((name) => (view.shape(name)?.length ?? 3) < 3)))
    return refusal("a product of two sets of vectors feeds it, and its result meets no values");
  if (!view.isLive(node)) return refusal("nobody uses its result: the site is dead code", true);

  const keyOrigin = originOfKeys(normaliser, path, own, view, trace);
  if (keyOrigin === undefined)
    return refusal("it normalises over an axis that is neither queries nor keys of its product", plain);
  if (sumsOverOther(path, keyOrigin, own, view, trace))
    return refusal("its values are summed over another axis than the one that it normalises", true);
  // An output keeps the values and often the plainer layout.
  const tensor = output ?? path.map;
  const axes = trace.axes(tensor);
  const shape = view.shape(tensor) ?? axes?.map(() => null);
  const layout = axes && shape && layoutOf(axes, shape, keyOrigin, own, oneQuery(products, keyOrigin, trace));
  if (!layout) return refusal(`the layout of its map ${tensor} cannot be followed`, true);

  const atMap = tensor === path.map ? undefined : trace.axes(path.map);
  const shapeAtMap = atMap && (view.shape(path.map) ?? atMap.map(() => null));
  const before = atMap && shapeAtMap && layoutOf(atMap, shapeAtMap, keyOrigin, own);
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
    kvHeads: kvHeadsOf(product, key, headsOf(layout.layout), (value) => trace.axes(value), view),
    windows: windowsOfMap(axes, layout.layout, trace.axes(query) ?? []),
    ...(before ? { before: { tensor: path.map, layout: before.layout } } : {}),
    noKernel: null,
    replaceable: false,
    assumed: layout.assumed,
    note: noteOn(path, metValues, normaliser, view),
    plan: (prefix, { scores }) =>
      plan({
        prefix,
        scores: scores ? scoreTensors(score, products, trace, keyOrigin, view) : null,
        tensor,
        score,
        quantised: normaliser.quantised,
        divisor: normaliser.divisor,
        positive: normaliser.unmasked ?? (path.changed && !path.mixed ? probability : null),
        aligned: sameShape(tensor, score, view),
        view,
      }),
  };
}

function operandOf({ tensors }: ValuePath): string {
  return tensors[tensors.length - 1] ?? "";
}

/** Whether the product with the values surely runs over the axis of the score product that was not normalised. */
function sumsOverOther(
  path: ValuePath,
  keyOrigin: KeyOrigin,
  own: ReadonlySet<Node>,
  view: GraphView,
  trace: AxisTrace,
): boolean {
  const axis = summedAxis(path, view);
  const summed = axis === undefined ? undefined : originAt(operandOf(path), axis, own, trace);
  return summed === (keyOrigin === "rows" ? "columns" : "rows");
}

/** Which free axis of the score product holds the keys: the one that was divided by its sum last. */
function originOfKeys(
  { score, axis, unnormalised }: Normaliser,
  path: ValuePath,
  products: ReadonlySet<Node>,
  view: GraphView,
  trace: AxisTrace,
): KeyOrigin | undefined {
  const { renormalised } = path;
  const again = renormalised && originAt(renormalised.tensor, renormalised.axis, products, trace);
  if (again === "rows" || again === "columns") return again;
  if (unnormalised !== undefined) {
    const summed = summedAxis(path, view);
    const keys = summed === undefined ? undefined : originAt(operandOf(path), summed, products, trace);
    return keys === "undecided" ? undefined : keys;
  }
  if (axis === undefined) return undefined;
  const rank = trace.axes(score)?.length ?? view.shape(score)?.length;
  if (rank === undefined) return axis === -1 ? "columns" : undefined;
  const at = axis < 0 ? axis + rank : axis;
  const origin = originAt(score, at, products, trace);
  // One key, or an axis that could not be followed: the last axis of a product is its columns.
  if (origin === "undecided") return at === rank - 1 ? "columns" : undefined;
  return origin;
}

function originAt(
  tensor: string,
  axis: number,
  products: ReadonlySet<Node>,
  trace: AxisTrace,
): KeyOrigin | "undecided" | undefined {
  const origins = new Set(
    (trace.axes(tensor)?.[axis] ?? []).map(({ origin, product }) =>
      product && !products.has(product) ? "position" : origin,
    ),
  );
  if (origins.size === 1 && (origins.has("rows") || origins.has("columns")))
    return origins.has("rows") ? "rows" : "columns";
  return origins.size === 0 || origins.has("unknown") ? "undecided" : undefined;
}
