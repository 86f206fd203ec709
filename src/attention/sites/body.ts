/**
 * Sites inside the bodies of If, Loop and Scan. The kinds of sites look into a body as into a graph; what they add is
 * written into the body, returned as further outputs of the control-flow node, and read from there. A loop returns its
 * maps stacked: its passes become the batch axis.
 */
import type { NotSupported } from "../../shared/model";
import { type GraphExtension, graphBytes } from "../../onnx/append";
import type { GraphView } from "../../onnx/graph-view";
import type { Graph, Node, OnnxModel } from "../../onnx/model";
import { patchNode } from "../../onnx/patch-node";
import type { ByteSource } from "../../onnx/source";
import { Subgraph } from "../../onnx/subgraph";
import type { Layout } from "../layout";
import type { FoundSite, Match, SiteModule, SitePlan } from "./site";

const controlFlow = new Set(["If", "Loop", "Scan"]);

/** The body that a site lies in. */
export interface Body {
  readonly node: Node;
  readonly attribute: string;
}

/** What the control-flow node returns for one tensor of its body. */
interface Returned {
  readonly inner: string;
  readonly outer: string;
  readonly isBool: boolean;
}

export interface BodyPlan extends Body {
  readonly extension: GraphExtension;
  readonly returned: readonly Returned[];
}

/** All sites of the bodies of a graph, one level deep; what lies deeper is listed with the reason. */
export function bodySites(view: GraphView, kinds: readonly SiteModule[]): Match {
  const sites: FoundSite[] = [];
  const notSupported: NotSupported[] = [];
  const others: NotSupported[] = [];
  for (const node of view.graph.nodes) {
    if (!controlFlow.has(node.opType) || node.domain !== "") continue;
    for (const attribute of node.attributes.values()) {
      if (!attribute.graph) continue;
      const inner = view.body(node, attribute.graph);
      const where = `the ${attribute.name} of ${node.opType} ${node.name || node.outputs[0]}`;
      for (const kind of kinds) {
        const match = kind.match(inner);
        for (const found of match.others) others.push(found);
        for (const { name, reason } of match.notSupported)
          notSupported.push({ name, reason: `in ${where}: ${reason}` });
        for (const site of match.sites) {
          if (site.noKernel === null) sites.push(lifted(site, { node, attribute: attribute.name }));
          else notSupported.push({ name: site.node.name, reason: `in ${where}: ${site.noKernel}` });
        }
      }
      for (const found of deeper(attribute.graph, where)) notSupported.push(found);
    }
  }
  return { sites, notSupported, others };
}

/** Softmaxes beside a product in local functions that are not part of the graph, with the reason. */
export function functionSites(model: OnnxModel): NotSupported[] {
  return model.notCopied.flatMap(({ called, reason }) =>
    softmaxes(called.nodes, `it lies inside the function ${called.name}: ${reason}`),
  );
}

function deeper(graph: Graph, where: string): NotSupported[] {
  return graph.nodes.flatMap((node) =>
    [...node.attributes.values()].flatMap((attribute) =>
      attribute.graph
        ? [
            ...softmaxes(
              attribute.graph.nodes,
              `it lies inside ${attribute.name} of ${node.opType} inside ${where}, from which nothing can be returned yet`,
            ),
            ...deeper(attribute.graph, where),
          ]
        : [],
    ),
  );
}

function softmaxes(nodes: readonly Node[], reason: string): NotSupported[] {
  if (!nodes.some((node) => ["MatMul", "Einsum", "FusedMatMul"].includes(node.opType))) return [];
  return nodes
    .filter((node) => node.opType === "Softmax")
    .map((node) => ({
      name: node.name || (node.outputs[0] ?? "Softmax"),
      reason,
    }));
}

function lifted(site: FoundSite, body: Body): FoundSite {
  const isLoop = body.node.opType !== "If";
  const passes = (layout: Layout): Layout => (isLoop ? [[{ role: "batch", size: null }], ...layout] : layout);
  return {
    ...site,
    body,
    replaceable: false,
    method: site.method === "output" ? "exposed" : site.method,
    layout: passes(site.layout),
    shape: isLoop ? undefined : site.shape,
    note: site.note ?? (isLoop ? `inside a ${body.node.opType}: its passes are the batch axis` : null),
    plan: (prefix, options) => {
      const plan = site.plan(prefix, options);
      const names = [
        { inner: plan.map, isBool: false },
        ...(plan.valid === null ? [] : [{ inner: plan.valid, isBool: true }]),
        ...(plan.proof
          ? [plan.proof.error, plan.proof.control].map((inner) => ({ inner, isBool: false }))
          : []),
      ];
      const outer = (inner: string) => `${prefix}/returned/${inner}`;
      const unique = names.filter(
        ({ inner }, index) => names.findIndex((each) => each.inner === inner) === index,
      );
      const returned = unique.map((each) => ({ ...each, outer: outer(each.inner) }));
      return {
        ...plan,
        extension: { nodes: [], tensors: [], outputs: returned.map((each) => each.outer) },
        body: { ...body, extension: plan.extension, returned },
        map: outer(plan.map),
        valid: plan.valid === null ? null : outer(plan.valid),
        proof: plan.proof && { error: outer(plan.proof.error), control: outer(plan.proof.control) },
        scores: plan.scores && {
          before: { name: outer(plan.scores.before.name), layout: passes(plan.scores.before.layout) },
          after: { name: outer(plan.scores.after.name), layout: passes(plan.scores.after.layout) },
        },
      };
    },
  };
}

/** The control-flow nodes of all plans, rewritten: each once, whatever number of sites it holds. */
export function patchedBodies(
  plans: readonly SitePlan[],
  source: ByteSource,
  opset: number,
): { readonly patched: readonly Uint8Array[]; readonly removed: readonly Node[] } {
  const byNode = new Map<Node, BodyPlan[]>();
  for (const { body } of plans) if (body) byNode.set(body.node, [...(byNode.get(body.node) ?? []), body]);
  const patched = [...byNode].map(([node, bodies]) => {
    const returned = bodies.flatMap((body) =>
      body.returned.map((each) => ({ ...each, attribute: body.attribute })),
    );
    const attributes = [...node.attributes.values()]
      .filter((attribute) => attribute.graph)
      .map(({ name }) => name);
    const graphs = new Map(
      attributes.map((attribute) => {
        const own = bodies.filter((body) => body.attribute === attribute).map((body) => body.extension);
        // The branch that does not hold a site returns something of the same type in its place.
        const stand = new Subgraph(`attention_lens/${node.index}/${attribute}`, opset);
        const outputs = returned.map((each) =>
          each.attribute === attribute
            ? each.inner
            : each.isBool
              ? stand.greater(stand.scalar(0), stand.scalar(1))
              : stand.op("Identity", [stand.scalar(0)]),
        );
        const parts = [...own, stand.extension];
        const extension: GraphExtension = {
          nodes: parts.flatMap((part) => part.nodes),
          tensors: parts.flatMap((part) => part.tensors),
          outputs,
        };
        return [attribute, graphBytes(extension)] as const;
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
