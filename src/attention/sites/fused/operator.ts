/** What each fused operator must tell, so that its probabilities can be rebuilt from its inputs. */
import type { Dim } from "../../../shared/model";
import type { GraphView } from "../../../onnx/graph-view";
import type { Node } from "../../../onnx/model";
import type { Subgraph } from "../../../onnx/subgraph";

/** Sizes and operands of a node as far as the graph tells them, before anything is planned. */
export interface OperatorShape {
  readonly heads: Dim;
  readonly kvHeads: number | null;
  readonly batch: Dim;
  readonly queries: Dim;
  readonly keys: Dim;
  /** Tensors that queries and keys are made from; the same one for self-attention of one input. */
  readonly query: string;
  readonly key: string;
}

/** Tensors of the rebuilt attention, all float32. `repeat`ed keys and values have one head per query head. */
export interface OperatorParts {
  /** [B, H, T, d]. */
  readonly query: string;
  /** [B, H, S, d]. */
  readonly key: string;
  /** [B, H, S, dv]. */
  readonly value: string;
  /** Factor of the scores; null for 1 / √d. */
  readonly scale: number | null;
  /** cap · tanh(x / cap) of the scaled scores, before masks; 0 for none. */
  readonly softcap?: number;
  /** Added to the scores; each broadcasts to [B, H, T, S]. */
  readonly biases: readonly string[];
  /** Bool, each broadcasts to [B, H, T, S]; a score that is not visible becomes `lowest`. */
  readonly visible: readonly string[];
  /** Logit of a sink that takes part in the softmax and has no value, broadcasts to [B, H, T, 1]: rows sum to less than 1. */
  readonly sink?: string;
  /** Queries, bool [B, 1, T, 1], that have projections of their own: they see these keys and values in place of the others. */
  readonly apart?: {
    readonly rows: string;
    readonly query: string;
    readonly key: string;
    readonly value: string;
  };
  /** Bool [B, 1, T, 1]: queries that see nothing, and whose rows are zeros. */
  readonly zeroRows?: string;
  /** What a row without a visible key becomes. */
  readonly maskedRows: "uniform" | "zero";
  /** How the operator lays out its result: [B, T, H·dv], [B, H, T, dv] or [T, B, H·dv]. */
  readonly result: "BTD" | "BHTD" | "TBD";
  /** Bool [B, T, 1]: queries whose results can be compared; padding may hold anything. */
  readonly compared?: string;
  /** Brings [B, T, H·dv] to the form of the operator's result, where that is none of these. */
  readonly repack?: (context: string) => string;
  /** The operator's other outputs by number, for when its place is taken. */
  readonly others?: Readonly<Record<number, (rebuilt: Rebuilt) => string>>;
}

/** Tensors of an attention that was rebuilt. */
export interface Rebuilt {
  /** float32 [B, H, T, S]. */
  readonly map: string;
  /** Scaled products before the softcap, then the scores before and after biases and masks, float32 [B, H, T, S]. */
  readonly scores: { readonly raw: string; readonly before: string; readonly after: string };
  /** bool [B, H, T, S]. */
  readonly valid: string;
  /** Probabilities times values in the operator's own layout. */
  readonly context: string;
}

export interface FusedOperator {
  readonly domain: string;
  readonly opType: string;
  /** Throws a sentence where a form of the operator cannot be rebuilt. */
  readonly shape: (node: Node, view: GraphView) => OperatorShape;
  readonly parts: (node: Node, view: GraphView, graph: Subgraph) => OperatorParts;
  /** Why the node cannot be run as it is on any provider of this package, or null. */
  readonly noKernel?: (node: Node, view: GraphView) => string | null;
}

/** A form of an operator that cannot be rebuilt; its message is the reason shown. */
export class NotRebuilt extends Error {}

export function inputOf(node: Node, index: number): string | undefined {
  return node.inputs[index] || undefined;
}

export function required(node: Node, index: number, name: string): string {
  const input = inputOf(node, index);
  if (input === undefined) throw new NotRebuilt(`it has no ${name}`);
  return input;
}

export function intAttribute(node: Node, name: string, fallback: number): number {
  const value = node.attributes.get(name)?.int;
  return value === undefined ? fallback : Number(value);
}

export function floatAttribute(node: Node, name: string, fallback: number): number {
  return node.attributes.get(name)?.float ?? fallback;
}

export function stringAttribute(node: Node, name: string, fallback: string): string {
  return node.attributes.get(name)?.string ?? fallback;
}

/** The `scale` attribute: null and 0 both stand for 1 / √d. */
export function scaleAttribute(node: Node): number | null {
  return floatAttribute(node, "scale", 0) || null;
}
