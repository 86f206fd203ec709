/** The walk from a softmax back to the products of queries and keys that its scores are made of. */
import type { GraphView } from "../onnx/graph-view";
import type { Node } from "../onnx/model";
import { activations, dataInputs, isOuterSum, mixedOperand, productShare, type Share } from "./products";

const MAX_WALK = 400;
/** Values that one walk looks at, and neighbours of one of them: real ones are some dozens, a hostile graph's thousands. */
const MAX_SEEN = 2_000;
const MAX_NEIGHBOURS = 500;
/** Matrices and activations between a product and its softmax: heads that talk, additive scores. */
const MAX_MIXES = 4;

/** Operators between the score product and the softmax: scale, mask, bias, softcap, casts and changes of layout. */
const beforeSoftmax = new Set(
  "Mul Div Add Sub Where Cast CastLike Clip Tanh Reshape Transpose Expand Squeeze Unsqueeze Slice Concat Identity Dropout Min Max Neg Flatten DequantizeLinear QuantizeLinear DynamicQuantizeLinear Pad QLinearAdd QLinearMul QLinearConcat Sum Tile Split ScatterND ScatterElements".split(
    " ",
  ),
);
/** Operators that mix or reduce scores, beside the matrices. */
const mixing = new Set([
  ...activations,
  "ReduceSum",
  "ReduceMean",
  ...["ReduceL1", "ReduceL2", "ReduceSumSquare", "Pow", "Abs", "Sqrt"],
  "BatchNormalization",
  "LayerNormalization",
  "InstanceNormalization",
]);

export interface ScoreProduct {
  readonly node: Node;
  /** `sum` for the outer sum of additive scores. */
  readonly share: Share | "sum";
  /** Whether a matrix, an activation or a reduction stands between it and the softmax. */
  readonly mixed: boolean;
}

/**
 * Every product behind the scores of a softmax, nearest first.
 * @param values products with the values of other softmaxes: what lies behind them belongs to another site
 */
export function scoreProducts(score: string, view: GraphView, values: ReadonlySet<Node>): ScoreProduct[] {
  const found = new Map<Node, ScoreProduct>();
  const seen = new Set<string>();
  let queue: readonly { value: string; mixes: number }[] = [{ value: score, mixes: 0 }];
  for (let steps = 0; queue.length > 0 && steps < MAX_WALK; steps++) {
    const next: { value: string; mixes: number }[] = [];
    for (const { value, mixes } of queue) {
      if (seen.has(value) || seen.size > MAX_SEEN) continue;
      seen.add(value);
      const node = view.producer(value);
      if (!node || values.has(node)) continue;
      const share = productShare(node, view);
      const mixed = mixes > 0;
      if (share) found.set(node, { node, share, mixed });
      else if (isOuterSum(node, view)) found.set(node, { node, share: "sum", mixed });
      if (share === "both" || share === "none") continue;
      const behind = mixedOperand(node, view);
      if (behind !== undefined || mixing.has(node.opType)) {
        if (mixes < MAX_MIXES) next.push({ value: behind ?? node.inputs[0] ?? "", mixes: mixes + 1 });
      } else if (beforeSoftmax.has(node.opType)) {
        next.push(
          ...dataInputs(node)
            .slice(0, MAX_NEIGHBOURS)
            .map((input) => ({ value: input, mixes })),
        );
      }
    }
    queue = next;
  }
  return [...found.values()];
}

/** The nodes from the products to the scores, in graph order. */
export function scoreChain(score: string, products: readonly Node[], view: GraphView): Node[] {
  const stop = new Set(products);
  const chain = new Set<Node>(products);
  const leadsToProduct = new Map<string, boolean>();
  const visit = (value: string, depth: number): boolean => {
    const known = leadsToProduct.get(value);
    if (known !== undefined || depth > MAX_WALK) return known ?? false;
    leadsToProduct.set(value, false);
    const node = view.producer(value);
    if (!node) return false;
    if (stop.has(node)) return true;
    const mixed = mixedOperand(node, view);
    if (mixed === undefined && !mixing.has(node.opType) && !beforeSoftmax.has(node.opType)) return false;
    const leads = (mixed === undefined ? dataInputs(node) : [mixed])
      .map((input) => visit(input, depth + 1))
      .includes(true);
    if (leads) chain.add(node);
    leadsToProduct.set(value, leads);
    return leads;
  };
  visit(score, 0);
  return [...chain].sort((a, b) => a.index - b.index);
}
