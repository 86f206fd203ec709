/**
 * Sites inside the bodies of If, Loop and Scan. The kinds of sites look into a body as into a graph; what they add is
 * written into the body, returned as further outputs of the control-flow node, and read from there. A loop returns its
 * maps stacked: its passes become the batch axis.
 */
import type { NotSupported } from "../../shared/model";
import type { GraphExtension } from "../../onnx/append";
import type { GraphView } from "../../onnx/graph-view";
import type { Graph, Node, OnnxModel } from "../../onnx/model";
import type { Layout } from "../layout";
import { commonLayout, commonSite, type Member, pairedBranches } from "./branches";
import type { FoundSite, Match, SiteModule, SitePlan } from "./site";

const controlFlow = new Set(["If", "Loop", "Scan"]);
/** Bodies within bodies that are looked into. */
const MAX_DEPTH = 6;

/** The body that a site lies in. */
export interface Body {
  readonly node: Node;
  readonly attribute: string;
  /** Whether every run of the node makes the map: not so for one branch of an If. */
  readonly always: boolean;
}

/** What the control-flow node returns for a tensor of its bodies. */
interface Returned {
  /** The tensor in each body that holds the site, by attribute. */
  readonly inner: ReadonlyMap<string, string>;
  readonly outer: string;
  readonly isBool: boolean;
}

export interface BodyPlan {
  readonly node: Node;
  /** What is added to each body, by attribute. */
  readonly extensions: ReadonlyMap<string, GraphExtension>;
  /** Nodes of each body that are written anew themselves, by attribute. */
  readonly inner: ReadonlyMap<string, BodyPlan>;
  readonly returned: readonly Returned[];
}

/** All sites of the bodies of a graph, and of bodies in them. What cannot be returned is listed with the reason. */
export function bodySites(view: GraphView, kinds: readonly SiteModule[], depth = 1): Match {
  const sites: FoundSite[] = [];
  const notSupported: NotSupported[] = [];
  const others: NotSupported[] = [];
  for (const node of view.graph.nodes) {
    if (!controlFlow.has(node.opType) || node.domain !== "") continue;
    const members: Member[] = [];
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
          if (site.noKernel === null) members.push({ attribute: attribute.name, site });
          else notSupported.push({ name: site.node.name, reason: `in ${where}: ${site.noKernel}` });
        }
      }
      if (depth === MAX_DEPTH) {
        for (const found of deeper(attribute.graph, where)) notSupported.push(found);
        continue;
      }
      const nested = bodySites(inner, kinds, depth + 1);
      for (const found of nested.others) others.push(found);
      for (const { name, reason } of nested.notSupported)
        notSupported.push({ name, reason: `in ${where}: ${reason}` });
      for (const site of nested.sites) {
        if (node.opType === "If" || site.body?.always) members.push({ attribute: attribute.name, site });
        else notSupported.push({ name: site.node.name, reason: `in ${where}: ${NOT_EVERY_PASS}` });
      }
    }
    const order = ({ site }: Member) => site.node.index;
    for (const group of pairedBranches(members.sort((a, b) => order(a) - order(b)))) {
      const site = commonSite(group, node);
      if (site) sites.push(lifted(site, node, group));
    }
  }
  return { sites, notSupported, others };
}

/** A loop stacks what its passes return, which must be of one shape. */
const NOT_EVERY_PASS =
  "only one branch of an If holds it, so that a pass that takes the other would have no map to return";

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
              `it lies inside ${attribute.name} of ${node.opType} inside ${where}, more than ${MAX_DEPTH} deep`,
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

/** @param members the site itself, or the same one in both branches of an If */
function lifted(site: FoundSite, node: Node, members: readonly Member[]): FoundSite {
  const isLoop = node.opType !== "If";
  const passes = (layout: Layout): Layout => (isLoop ? [[{ role: "batch", size: null }], ...layout] : layout);
  return {
    ...site,
    body: {
      node,
      attribute: members[0]?.attribute ?? "",
      always: (isLoop || members.length === 2) && members.every((each) => each.site.body?.always !== false),
    },
    replaceable: false,
    method: site.method === "output" ? "exposed" : site.method,
    layout: passes(site.layout),
    shape: isLoop ? undefined : site.shape,
    note: site.note ?? (isLoop ? `inside a ${node.opType}: its passes are the batch axis` : null),
    plan: (prefix, options) => {
      const plans = members.map((member) => ({
        attribute: member.attribute,
        plan: member.site.plan(members.length === 1 ? prefix : `${prefix}/${member.attribute}`, options),
      }));
      const returned = new Map<string, Returned>();
      /** The output of the control-flow node that holds what `of` names in each body. */
      const give = (of: (plan: SitePlan) => string | null | undefined, isBool = false): string | null => {
        const inner = new Map(
          plans.flatMap(({ attribute, plan }) => {
            const name = of(plan);
            return name === null || name === undefined ? [] : [[attribute, name] as const];
          }),
        );
        const [name] = inner.values();
        if (name === undefined) return null;
        const outer = `${prefix}/returned/${name}`;
        returned.set(outer, { inner, outer, isBool });
        return outer;
      };
      const map = give(({ map: name }) => name) ?? "";
      const valid = give(({ valid: name }) => name, true);
      const error = give(({ proof }) => proof?.error);
      const control = give(({ proof }) => proof?.control);
      const score = (which: "before" | "after") => {
        const name = give(({ scores }) => scores?.[which].name);
        const layouts = plans.flatMap(({ plan }) => (plan.scores ? [plan.scores[which].layout] : []));
        const layout = layouts.reduce<Layout | null>(
          (all, each) => all && commonLayout(all, each),
          layouts[0] ?? null,
        );
        return name === null || layout === null ? null : { name, layout: passes(layout) };
      };
      const [before, after] = [score("before"), score("after")];
      return {
        removed: [],
        extension: { nodes: [], tensors: [], outputs: [...returned.keys()] },
        body: {
          node,
          extensions: new Map(plans.map(({ attribute, plan }) => [attribute, plan.extension])),
          inner: new Map(
            plans.flatMap(({ attribute, plan }) => (plan.body ? [[attribute, plan.body] as const] : [])),
          ),
          returned: [...returned.values()],
        },
        map,
        valid,
        proof: error !== null && control !== null ? { error, control } : null,
        scores: before && after ? { before, after } : null,
      };
    },
  };
}
