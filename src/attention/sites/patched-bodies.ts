/** Control-flow nodes written anew, so that they return what was added to their bodies, at any depth. */
import { type GraphExtension, graphBytes } from "../../onnx/append";
import type { Node } from "../../onnx/model";
import { patchNode } from "../../onnx/patch-node";
import type { ByteSource } from "../../onnx/source";
import { Subgraph } from "../../onnx/subgraph";
import type { BodyPlan } from "./body";
import type { SitePlan } from "./site";

/** The control-flow nodes of all plans, rewritten: each once, whatever number of sites it holds. */
export function patchedBodies(
  plans: readonly SitePlan[],
  source: ByteSource,
  opset: number,
): { readonly patched: readonly Uint8Array[]; readonly removed: readonly Node[] } {
  return patchedNodes(
    plans.flatMap(({ body }) => body ?? []),
    source,
    opset,
  );
}

function patchedNodes(
  plans: readonly BodyPlan[],
  source: ByteSource,
  opset: number,
): { readonly patched: readonly Uint8Array[]; readonly removed: readonly Node[] } {
  const byNode = new Map<Node, BodyPlan[]>();
  for (const body of plans) byNode.set(body.node, [...(byNode.get(body.node) ?? []), body]);
  const patched = [...byNode].map(([node, bodies]) => {
    const returned = bodies.flatMap((body) => body.returned);
    const attributes = [...node.attributes.values()]
      .filter((attribute) => attribute.graph)
      .map(({ name }) => name);
    const graphs = new Map(
      attributes.map((attribute) => {
        const own = bodies.flatMap(({ extensions }) => extensions.get(attribute) ?? []);
        // The branch that does not hold a site returns something of the same type in its place.
        const stand = new Subgraph(`attention_lens/${node.range.start}/${attribute}`, opset);
        const outputs = returned.map(
          ({ inner, isBool }) =>
            inner.get(attribute) ??
            (isBool
              ? stand.greater(stand.scalar(0), stand.scalar(1))
              : stand.op("Identity", [stand.scalar(0)])),
        );
        const parts = [...own, stand.extension];
        const deeper = patchedNodes(
          bodies.flatMap(({ inner }) => inner.get(attribute) ?? []),
          source,
          opset,
        );
        const extension: GraphExtension = {
          patched: deeper.patched,
          nodes: parts.flatMap((part) => part.nodes),
          tensors: parts.flatMap((part) => part.tensors),
          outputs,
        };
        const removed = deeper.removed.map(({ range }) => range).sort((a, b) => a.start - b.start);
        return [attribute, { added: graphBytes(extension), removed }] as const;
      }),
    );
    return patchNode(
      source,
      node,
      graphs,
      returned.map((each) => each.outer),
    );
  });
  return { patched, removed: [...byNode.keys()] };
}
