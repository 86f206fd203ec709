/** All attention sites of a model: every kind of site is asked, and what is found is named and put in graph order. */
import type { Dim, NotSupported, Site } from "../shared/model";
import { times } from "../onnx/dim-algebra";
import { GraphView } from "../onnx/graph-view";
import type { Node, OnnxModel } from "../onnx/model";
import type { ByteSource } from "../onnx/source";
import { AxisTrace } from "./axes";
import { heldBy } from "./held";
import { headsOf } from "./layout";
import { nameSites, type SiteName, sourceLocation } from "./naming";
import { fusedOperatorSites } from "./sites/fused-operator";
import { bodySites, functionSites } from "./sites/body";
import type { FoundSite, SiteModule } from "./sites/site";
import { type DeclaredSite, declaredSites } from "./sites/declared";
import { outputSites } from "./sites/outputs";
import { softmaxSites } from "./sites/softmax";
import { windowsOfOperator } from "./windows";

/** Kinds of sites, in the order in which they are asked. */
const kinds: readonly SiteModule[] = [softmaxSites, fusedOperatorSites];

export interface Discovery {
  readonly sites: readonly (Site & { readonly found: FoundSite })[];
  readonly notSupported: readonly NotSupported[];
  readonly otherSoftmaxes: readonly NotSupported[];
}

/**
 * @param inputDims sizes of the inputs of a run, where they are known; sharper than the graph's own symbols
 * @param declared sites that the manifest declares: they come after those that are found, whose numbers they leave
 */
export function discover(
  model: OnnxModel,
  source: ByteSource,
  inputDims?: ReadonlyMap<string, readonly Dim[]>,
  declared: readonly DeclaredSite[] = [],
): Discovery {
  const view = GraphView.of(model, source, inputDims);
  const matches = [...kinds.map((kind) => kind.match(view)), bodySites(view, kinds)];
  const searched = matches.flatMap((match) => match.sites).sort(inGraphOrder);
  const returned = outputSites(view, searched, new Set(declared.map(({ tensor }) => tensor)));
  const said = declaredSites(view, declared, searched);
  const found = [...searched, ...returned.sites, ...said.sites];
  const names = namesOf(searched);
  let trace: AxisTrace | undefined;
  const operatorAxes = () => (trace ??= new AxisTrace(view, new Set()));
  const sites = found.map((site, index) => {
    const size = (role: "query" | "key") =>
      site.layout
        .flat()
        .filter((factor) => factor.role === role)
        .reduce<Dim>((all, factor) => times(all, factor.size), 1);
    const heads = headsOf(site.layout);
    const name = site.called ?? names[index] ?? { name: site.tensor, component: null, layer: index };
    const held = heldElsewhere(site, view);
    return {
      id: `site_${String(index).padStart(3, "0")}`,
      index,
      ...name,
      kind: site.kind,
      heads,
      kvHeads: typeof site.kvHeads === "number" ? site.kvHeads : null,
      groups: typeof site.kvHeads === "number" && typeof heads === "number" ? heads / site.kvHeads : null,
      queries: size("query"),
      keys: size("key"),
      method: site.method,
      tensor: site.tensor,
      windows:
        site.windows === undefined
          ? windowsOfOperator(site.node, (value) => operatorAxes().axes(value))
          : site.windows,
      assumed: [...site.assumed],
      note: site.note,
      ...(site.averaged === true ? { averaged: true } : {}),
      ...(held.length > 0 ? { heldBy: held } : {}),
      source: sourceLocation(site.node),
      found: site,
    };
  });
  return {
    sites,
    notSupported: [
      ...matches.flatMap((match) => match.notSupported),
      ...functionSites(model),
      ...returned.notSupported,
      ...said.notSupported,
    ],
    otherSoftmaxes: matches.flatMap((match) => match.others),
  };
}

/** Names by module path; the maps of one attention have one name, and say which they are. */
function namesOf(sites: readonly FoundSite[]): readonly SiteName[] {
  const naming = sites.map((site) => site.nameAs ?? site.node);
  const nodes = [...new Set(naming)];
  const names = nameSites(nodes);
  return sites.map(({ part }, index) => {
    const name = names[nodes.indexOf(naming[index] as Node)] as SiteName;
    if (part === undefined) return name;
    return {
      ...name,
      name: `${name.name} · ${part}`,
      component: name.component === null ? part : `${name.component} ${part}`,
    };
  });
}

/** Outputs that hold the map of a site, beside the one that it is read from. */
function heldElsewhere(site: FoundSite, view: GraphView): string[] {
  if (site.body !== undefined || site.called !== undefined) return [];
  const { tensor, layout } = site.before ?? site;
  if (site.method !== "rebuilt") return heldBy(tensor, layout, view).filter((words) => words !== site.tensor);
  return site.before ? heldBy(tensor, layout, view) : [];
}

/** A site in a body stands where its control-flow node does. */
function inGraphOrder(a: FoundSite, b: FoundSite): number {
  const place = (site: FoundSite) => (site.body?.node ?? site.node).index;
  return place(a) - place(b) || a.node.index - b.node.index;
}
