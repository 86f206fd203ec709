/** The softmaxes whose sum or difference meets the values, each as a site beside it, where each is attention by itself. */
import type { GraphView } from "../../onnx/graph-view";
import type { Node } from "../../onnx/model";
import type { Normaliser } from "../normalisers";
import { summandsOf } from "../summands";
import type { ValuePath } from "../value-path";
import type { FoundSite } from "./site";

interface Candidate {
  readonly normaliser: Normaliser;
  readonly path: ValuePath;
}

const ordinals = ["first", "second", "third", "fourth"];
const changesCells = new Set(["Where", "Mul", "Div"]);

export interface Parted {
  /** The sum or difference, by the node that makes it. */
  readonly whole: FoundSite;
  /** Its summands, by the tensors that hold them. */
  readonly parts: ReadonlyMap<string, FoundSite>;
}

/**
 * @param whole the site of the sum or difference
 * @param match what says whether a summand is attention, given its own softmax and the way to the summand
 * @returns undefined where a summand is none
 */
export function partedSite<C extends Candidate>(
  whole: FoundSite,
  candidate: C,
  candidates: readonly C[],
  view: GraphView,
  match: (candidate: C) => FoundSite | { readonly reason: string },
): Parted | undefined {
  const bySoftmax = new Map(
    candidates.flatMap((each) =>
      each.normaliser.unnormalised !== undefined ? [] : [[each.normaliser.probability, each] as const],
    ),
  );
  const summands = summandsOf(candidate.path, view, new Set(bySoftmax.keys()));
  if (!summands) return undefined;
  const { node, paths } = summands;
  const parts = new Map<string, FoundSite>();
  for (const [index, tensors] of paths.entries()) {
    const own = bySoftmax.get(tensors[0] ?? "");
    const site = own && match({ ...own, path: pathTo(tensors, own.path, candidate.path, view) });
    if (!site || "reason" in site) return undefined;
    parts.set(tensors.at(-1) ?? "", {
      ...site,
      nameAs: node,
      part: `${ordinals[index] ?? `${index + 1}th`} softmax`,
      note: `one of ${paths.length} softmaxes whose ${word(node)} meets the values`,
    });
  }
  return { whole: { ...whole, node, nameAs: node, part: word(node) }, parts };
}

function word(node: Node): string {
  return node.opType === "Sub" ? "difference" : "sum";
}

/** The way to a summand alone, as if it met the values by itself. */
function pathTo(
  tensors: readonly string[],
  own: ValuePath,
  { product }: ValuePath,
  view: GraphView,
): ValuePath {
  return {
    ...own,
    ...{ product, mixed: false, terms: [], renormalised: undefined, tensors },
    map: tensors.at(-1) ?? "",
    changed: tensors.slice(1).some((value) => changesCells.has(view.producer(value)?.opType ?? "")),
  };
}
