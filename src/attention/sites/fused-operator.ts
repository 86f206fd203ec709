/**
 * Attention that one operator computes. Its probabilities are rebuilt beside it from its own inputs, and proven against
 * its own output in the same run. One module of `fused/` for each operator; the table is below.
 */
import type { NotSupported } from "../../shared/model";
import type { GraphView } from "../../onnx/graph-view";
import type { Node } from "../../onnx/model";
import { Subgraph } from "../../onnx/subgraph";
import { kindOf } from "../kind";
import type { Layout } from "../layout";
import { attention, decoderMaskedSelfAttention } from "./fused/attention";
import { decoderAttention } from "./fused/decoder-attention";
import { groupQueryAttention } from "./fused/group-query-attention";
import { longformerAttention } from "./fused/longformer-attention";
import { decoderMaskedMultiHeadAttention, multiHeadAttention } from "./fused/multi-head-attention";
import { onnxAttention } from "./fused/onnx-attention";
import { type FusedOperator, NotRebuilt, type OperatorParts, type Rebuilt } from "./fused/operator";
import { asFloat } from "./fused/pieces";
import { packedAttention, packedMultiHeadAttention } from "./fused/packed-attention";
import { pagedAttention } from "./fused/paged-attention";
import { qAttention } from "./fused/q-attention";
import { proof, rebuild } from "./fused/rebuild";
import { sparseAttention } from "./fused/sparse-attention";
import type { FoundSite, Match, PlanOptions, SiteModule, SitePlan } from "./site";

const operators: readonly FusedOperator[] = [
  onnxAttention,
  attention,
  multiHeadAttention,
  decoderMaskedMultiHeadAttention,
  groupQueryAttention,
  qAttention,
  decoderMaskedSelfAttention,
  decoderAttention,
  packedAttention,
  packedMultiHeadAttention,
  sparseAttention,
  longformerAttention,
  pagedAttention,
];

export const fusedOperatorSites: SiteModule = {
  match(view: GraphView): Match {
    const sites: FoundSite[] = [];
    const notSupported: NotSupported[] = [];
    for (const node of view.graph.nodes) {
      const operator = operators.find((each) => each.domain === node.domain && each.opType === node.opType);
      if (!operator) continue;
      const full = `${node.domain || "ai.onnx"}.${node.opType}`;
      const refuse = (why: string) =>
        notSupported.push({ name: node.name || (node.outputs[0] ?? full), reason: `${full}: ${why}` });
      if (!view.isLive(node)) refuse("nobody uses its result: the site is dead code");
      else {
        try {
          sites.push(siteOf(operator, node, view));
        } catch (error) {
          if (!(error instanceof NotRebuilt)) throw error;
          refuse(error.message);
        }
      }
    }
    return { sites, notSupported, others: [] };
  },
};

function siteOf(operator: FusedOperator, node: Node, view: GraphView): FoundSite {
  const shape = operator.shape(node, view);
  // A form that cannot be rebuilt is refused now, and not when it is captured.
  plan(operator, node, view, "dry", { replace: false, scores: false }, []);
  const noKernel = operator.noKernel?.(node, view) ?? null;
  const why = whyNotReplaceable(operator, node, view);
  if (noKernel !== null && why !== null) throw new NotRebuilt(`${noKernel}, and ${why}`);
  const layout: Layout = [
    [{ role: "batch", size: shape.batch }],
    [{ role: "head", size: shape.heads }],
    [{ role: "query", size: shape.queries }],
    [{ role: "key", size: shape.keys }],
  ];
  return {
    node,
    kind: shape.query === shape.key ? "self" : kindOf(shape.query, shape.key, view),
    method: "rebuilt",
    chain: [node],
    tensor: node.outputs[0] ?? "",
    shape: [shape.batch, shape.heads, shape.queries, shape.keys],
    layout,
    kvHeads: shape.kvHeads === shape.heads ? null : shape.kvHeads,
    assumed: [],
    note: null,
    noKernel,
    replaceable: why === null,
    plan: (prefix, options) => plan(operator, node, view, prefix, options, layout),
  };
}

function whyNotReplaceable(operator: FusedOperator, node: Node, view: GraphView): string | null {
  try {
    plan(operator, node, view, "dry", { replace: true, scores: false }, []);
    return null;
  } catch (error) {
    if (error instanceof NotRebuilt) return error.message;
    throw error;
  }
}

function plan(
  operator: FusedOperator,
  node: Node,
  view: GraphView,
  prefix: string,
  options: PlanOptions,
  layout: Layout,
): SitePlan {
  const graph = new Subgraph(prefix, view.opset);
  const parts = operator.parts(node, view, graph);
  const rebuilt = rebuild(graph, parts);
  const map = graph.output(rebuilt.map);
  const valid = graph.output(rebuilt.valid);
  const scores = options.scores
    ? {
        before: { name: graph.output(rebuilt.scores.before), layout },
        after: { name: graph.output(rebuilt.scores.after), layout },
      }
    : null;
  if (options.replace) {
    takeOver(graph, node, view, parts, rebuilt);
    return { extension: graph.extension, removed: [node], map, valid, scores, proof: null };
  }
  const { error, control } = proof(graph, view, parts, rebuilt, node.outputs[0] ?? "");
  graph.output(error);
  graph.output(control);
  return { extension: graph.extension, removed: [], map, valid, scores, proof: { error, control } };
}

/** Give the node's outputs from the rebuilt attention, in the node's own element type. */
function takeOver(
  graph: Subgraph,
  node: Node,
  view: GraphView,
  parts: OperatorParts,
  rebuilt: Rebuilt,
): void {
  const type = [10, 11, 16].includes(view.elementType(node.outputs[0] ?? ""))
    ? view.elementType(node.outputs[0] ?? "")
    : 1;
  const give = (value: string, output: string | undefined) => {
    if (output) graph.named("Cast", [value], output, { to: { int: type } });
  };
  give(rebuilt.context, node.outputs[0]);
  for (const [index, output] of node.outputs.entries()) {
    if (index === 0 || !output || !(view.outputs.has(output) || view.consumers(output).length > 0)) continue;
    const other = parts.others?.[index];
    if (other === undefined) throw new NotRebuilt(`its output ${output} is used and cannot be rebuilt`);
    give(asFloat(graph, view, other(rebuilt)), output);
  }
}
