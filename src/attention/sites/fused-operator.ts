/**
 * Attention that one operator computes. Its probabilities are not an output of these nodes; until each has its own
 * module, they are listed by name with the reason.
 */
import type { GraphView } from "../../onnx/graph-view";
import type { Match, SiteModule } from "./site";

const fused: Readonly<Record<string, ReadonlySet<string>>> = {
  "": new Set(["Attention"]),
  "com.microsoft": new Set([
    "Attention",
    "MultiHeadAttention",
    "GroupQueryAttention",
    "QAttention",
    "DecoderMaskedMultiHeadAttention",
    "DecoderMaskedSelfAttention",
    "DecoderAttention",
    "PackedAttention",
    "PackedMultiHeadAttention",
    "PagedAttention",
    "LongformerAttention",
    "SparseAttention",
  ]),
};

export const fusedOperatorSites: SiteModule = {
  match(view: GraphView): Match {
    const notSupported = view.graph.nodes
      .filter((node) => fused[node.domain]?.has(node.opType))
      .map((node) => ({
        name: node.name || (node.outputs[0] ?? node.opType),
        reason: `the fused operator ${node.domain || "ai.onnx"}.${node.opType} keeps its probabilities inside; export with attention written out (attn_implementation="eager", or opset 18) to see it`,
      }));
    return { sites: [], notSupported, others: [] };
  },
};
