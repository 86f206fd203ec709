/**
 * Sites that a person declares: an output, tensor or node of the graph that holds a map, with the meaning of its axes.
 * Nothing is searched for, so nothing is known of masks and products: validity is inferred from p > 0.
 */
import type { NotSupported, SiteKind } from "../../shared/model";
import type { GraphView } from "../../onnx/graph-view";
import { Subgraph } from "../../onnx/subgraph";
import type { Factor, Layout } from "../layout";
import type { FoundSite } from "./site";

export type DeclaredAxis =
  "batch" | "heads" | "queries" | "keys" | "kvHeads" | "groups" | "batchHeads" | "one";

export interface DeclaredSite {
  /** Name of an output, a tensor or a node. */
  readonly tensor: string;
  readonly name: string | null;
  /** Meaning of the axes, outermost first. */
  readonly layout: readonly DeclaredAxis[];
  readonly heads: number | null;
  readonly layer: number | null;
  readonly kind: SiteKind;
}

export interface Declared {
  readonly sites: readonly { readonly site: FoundSite; readonly declared: DeclaredSite }[];
  readonly notSupported: readonly NotSupported[];
}

/** @param found sites that the graph showed: one that is declared besides is left to them */
export function declaredSites(
  view: GraphView,
  declared: readonly DeclaredSite[],
  found: readonly FoundSite[],
): Declared {
  const sites: { site: FoundSite; declared: DeclaredSite }[] = [];
  const notSupported: NotSupported[] = [];
  for (const one of declared) {
    const site = declaredSite(view, one);
    if ("reason" in site) notSupported.push(site);
    else if (!found.some(({ tensor }) => tensor === site.tensor)) sites.push({ site, declared: one });
  }
  return { sites, notSupported };
}

function declaredSite(view: GraphView, declared: DeclaredSite): FoundSite | NotSupported {
  const { tensor: named, layout, heads, kind } = declared;
  const refuse = (reason: string): NotSupported => ({ name: declared.name ?? named, reason });
  const node =
    view.producer(named) ?? view.graph.nodes.find((each) => each.name !== "" && each.name === named);
  const tensor = view.producer(named) ? named : node?.outputs[0];
  if (!node || !tensor) return refuse(`the manifest declares ${named}, and the graph makes no such tensor`);
  const shape = view.shape(tensor);
  if (shape && shape.length !== layout.length)
    return refuse(
      `the manifest gives its map ${layout.length} axes (${layout.join(", ")}), and it has ${shape.length}: [${shape.map((dim) => dim ?? "?").join(", ")}]`,
    );
  const wrong = layout.findIndex(
    (axis, at) => axis === "one" && typeof shape?.[at] === "number" && shape[at] !== 1,
  );
  if (wrong >= 0)
    return refuse(`the manifest calls axis ${wrong} of its map one, and it has ${shape?.[wrong]}`);
  const factors: Layout = layout.map((axis, at) => factorsOf(axis, shape?.[at] ?? null, heads));
  const isOutput = view.outputs.has(tensor);
  return {
    node,
    kind,
    method: isOutput ? "output" : "exposed",
    chain: [node],
    tensor,
    shape,
    layout: factors,
    kvHeads: null,
    windows: null,
    assumed: [],
    note: "declared in the manifest: not recognised as attention by its graph",
    noKernel: null,
    replaceable: false,
    plan: (prefix) => {
      const graph = new Subgraph(prefix, view.opset);
      const map = view.elementType(tensor) === 1 ? tensor : graph.cast(tensor, 1);
      if (!view.outputs.has(map)) graph.output(map);
      return { extension: graph.extension, map, valid: null, removed: [], scores: null, proof: null };
    },
  };
}

function factorsOf(axis: DeclaredAxis, size: Factor["size"], heads: number | null): Factor[] {
  switch (axis) {
    case "batch":
      return [{ role: "batch", size }];
    case "heads":
    case "kvHeads":
    case "groups":
      return [{ role: "head", size }];
    case "queries":
      return [{ role: "query", size }];
    case "keys":
      return [{ role: "key", size }];
    case "batchHeads":
      // Without a number of heads all of the axis are heads.
      if (heads === null) return [{ role: "head", size }];
      return [
        { role: "batch", size: typeof size === "number" ? size / heads : null },
        { role: "head", size: heads },
      ];
    case "one":
      return [];
  }
}
