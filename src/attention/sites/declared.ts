/**
 * Sites that a person declares: an output, tensor or node of the graph that holds a map, or the maps of several layers,
 * with the meaning of its axes.
 */
import type { NotSupported, SiteKind } from "../../shared/model";
import type { GraphView } from "../../onnx/graph-view";
import type { Factor } from "../layout";
import { givenSite } from "./given-map";
import type { FoundSite } from "./site";

export type DeclaredAxis =
  "batch" | "heads" | "queries" | "keys" | "kvHeads" | "groups" | "batchHeads" | "layers" | "one";

export interface DeclaredSite {
  /** Name of an output, a tensor or a node. */
  readonly tensor: string;
  readonly name: string | null;
  /** Meaning of the axes, outermost first. */
  readonly layout: readonly DeclaredAxis[];
  readonly heads: number | null;
  /** Layer of the map, or of the first of several. */
  readonly layer: number | null;
  /** Its one head is the mean of all heads. */
  readonly averaged: boolean;
  readonly kind: SiteKind;
}

export interface Declared {
  readonly sites: readonly FoundSite[];
  readonly notSupported: readonly NotSupported[];
}

/** @param found sites that the graph showed: one that is declared besides is left to them */
export function declaredSites(
  view: GraphView,
  declared: readonly DeclaredSite[],
  found: readonly FoundSite[],
): Declared {
  const sites: FoundSite[] = [];
  const notSupported: NotSupported[] = [];
  for (const one of declared) {
    const made = declaredSite(view, one);
    if ("reason" in made) notSupported.push(made);
    else if (!found.some(({ tensor }) => tensor === made[0]?.tensor)) sites.push(...made);
  }
  return { sites, notSupported };
}

function declaredSite(view: GraphView, declared: DeclaredSite): readonly FoundSite[] | NotSupported {
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
  const layerAxis = layout.indexOf("layers");
  const layers = layerAxis < 0 ? 1 : shape?.[layerAxis];
  if (typeof layers !== "number")
    return refuse("the manifest says that it holds several layers, and the graph does not tell how many");
  const name = declared.name ?? named;
  return Array.from({ length: layers }, (_, index) =>
    givenSite(
      {
        ...{ node, tensor, shape, kind },
        layout: layout.map((axis, at) => factorsOf(axis, shape?.[at] ?? null, heads)),
        layer: layerAxis < 0 ? null : { axis: layerAxis, index },
        averaged: declared.averaged,
        called: {
          name: layerAxis < 0 ? name : `${name}[${index}]`,
          component: null,
          layer: layerAxis < 0 ? declared.layer : (declared.layer ?? 0) + index,
        },
        assumed: [],
        note: "declared in the manifest: not recognised as attention by its graph",
      },
      view,
    ),
  );
}

function factorsOf(axis: DeclaredAxis, size: Factor["size"], heads: number | null): Factor[] {
  switch (axis) {
    case "batch":
    case "layers":
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
