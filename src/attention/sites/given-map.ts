/**
 * A tensor that is known to hold maps, because a person or its name says so: nothing is known of masks and products, so
 * that validity is inferred from p > 0. Of maps that are stacked, each is a site, which a Gather takes out.
 */
import type { Dim, SiteKind } from "../../shared/model";
import type { GraphView } from "../../onnx/graph-view";
import type { Node } from "../../onnx/model";
import { Subgraph } from "../../onnx/subgraph";
import type { Layout } from "../layout";
import type { FoundSite } from "./site";

export interface GivenMap {
  readonly node: Node;
  readonly tensor: string;
  /** Shape and meaning of the tensor's axes, the one of `layer` among them. */
  readonly shape: readonly Dim[] | undefined;
  readonly layout: Layout;
  readonly kind: SiteKind;
  /** Axis along which maps are stacked, and which of them this is; null where the tensor is one map. */
  readonly layer: { readonly axis: number; readonly index: number } | null;
  /** Its one head is the mean of all heads. */
  readonly averaged: boolean;
  readonly called: NonNullable<FoundSite["called"]>;
  readonly assumed: readonly string[];
  readonly note: string;
}

export function givenSite(given: GivenMap, view: GraphView): FoundSite {
  const { node, tensor, kind, layer, averaged, called, assumed, note } = given;
  const left = <T>(axes: readonly T[]) => axes.filter((_, axis) => axis !== layer?.axis);
  return {
    node,
    kind,
    method: layer === null && view.outputs.has(tensor) ? "output" : "exposed",
    chain: [node],
    tensor,
    shape: given.shape && left(given.shape),
    layout: left(given.layout),
    kvHeads: null,
    windows: null,
    averaged,
    called,
    assumed,
    note: averaged ? `the mean over its heads: no head is known by itself; ${note}` : note,
    noKernel: null,
    replaceable: false,
    plan: (prefix) => {
      const graph = new Subgraph(prefix, view.opset);
      const part =
        layer === null
          ? tensor
          : graph.op("Gather", [tensor, graph.int(layer.index)], { axis: { int: layer.axis } });
      const map = view.elementType(tensor) === 1 ? part : graph.cast(part, 1);
      if (!view.outputs.has(map)) graph.output(map);
      return { extension: graph.extension, map, valid: null, removed: [], scores: null, proof: null };
    },
  };
}
