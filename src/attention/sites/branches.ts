/**
 * Sites that both branches of an If hold: a merged decoder writes every layer twice, once with a cache and once without.
 * They are one site, whichever branch a run takes.
 */
import type { Dim } from "../../shared/model";
import type { Node } from "../../onnx/model";
import type { Layout } from "../layout";
import { modulePath } from "../naming";
import type { FoundSite } from "./site";

/** A site with the attribute of the control-flow node whose graph holds it. */
export interface Member {
  readonly attribute: string;
  readonly site: FoundSite;
}

/** The sites of one If, those of the same layer in one list. All lists are of one member where branches do not agree. */
export function pairedBranches(members: readonly Member[]): readonly (readonly Member[])[] {
  const attributes = [...new Set(members.map(({ attribute }) => attribute))];
  const [first, second] = attributes.map((name) => members.filter(({ attribute }) => attribute === name));
  if (!first || !second || attributes.length !== 2) return members.map((member) => [member]);
  const byPath = new Map(named(second).map((each) => [each.name, each.member]));
  const hasPaths = members.every(({ site }) => modulePath(site.node).length > 0);
  const inOrder = first.length === second.length;
  const partner = ({ name, member }: Named, at: number): Member | undefined => {
    const other = hasPaths ? byPath.get(name) : inOrder ? second[at] : undefined;
    return other && joinable(member.site, other.site) ? other : undefined;
  };
  const pairs = named(first).map((each, at) => [each.member, partner(each, at)] as const);
  // Without names the order alone says which belong together: that is believed of all or of none.
  const trusted = hasPaths || pairs.every(([, other]) => other !== undefined);
  const lists = pairs.map(([member, other]) => (other && trusted ? [member, other] : [member]));
  const joined = new Set(lists.flat());
  return [...lists, ...second.filter((member) => !joined.has(member)).map((member) => [member])];
}

interface Named {
  /** Module path, and how many of that path came before. */
  readonly name: string;
  readonly member: Member;
}

function named(members: readonly Member[]): Named[] {
  const taken = new Map<string, number>();
  return members.map((member) => {
    const path = modulePath(member.site.node).join(".");
    const before = taken.get(path) ?? 0;
    taken.set(path, before + 1);
    return { name: `${path}#${before}`, member };
  });
}

function joinable(one: FoundSite, other: FoundSite): boolean {
  const layout = commonLayout(one.layout, other.layout);
  return (
    layout !== null &&
    one.method === other.method &&
    (one.kind === other.kind || one.kind === "unknown" || other.kind === "unknown") &&
    (one.kvHeads ?? null) === (other.kvHeads ?? null)
  );
}

/** What both layouts say; null where they are laid out differently. A size on which they differ is left to the run. */
export function commonLayout(one: Layout, other: Layout): Layout | null {
  if (one.length !== other.length) return null;
  const axes = one.map((factors, axis) => {
    const others = other[axis] ?? [];
    if (factors.length !== others.length) return null;
    const common = factors.map(({ role, size }, at) =>
      others[at]?.role === role ? { role, size: commonDim(size, others[at].size) } : null,
    );
    const known = common.filter((factor) => factor !== null);
    const heads = known.filter(({ role }, at) => role === "head" && factors[at]?.size !== others[at]?.size);
    // An axis of several factors is split by their sizes, of which one may be open.
    const open = known.filter(({ size }) => typeof size !== "number").length;
    return known.length < common.length || heads.length > 0 || (known.length > 1 && open > 1) ? null : known;
  });
  return axes.every((axis) => axis !== null) ? axes : null;
}

function commonDim(one: Dim, other: Dim): Dim {
  return one === other ? one : null;
}

/** What a joined site says of itself before it is lifted out of the branches. */
export function commonSite(members: readonly Member[], node: Node): FoundSite | null {
  const [first, second] = members.map(({ site }) => site);
  if (!first) return null;
  if (!second) return first;
  const layout = commonLayout(first.layout, second.layout);
  if (layout === null) return null;
  const { shape } = first;
  const sizes = second.shape;
  const byOrder = modulePath(first.node).length === 0;
  const where = `${node.opType} ${node.name || (node.outputs[0] ?? "")}`;
  return {
    ...first,
    layout,
    kind: first.kind === "unknown" ? second.kind : first.kind,
    // The larger of two known sizes is what a run may need.
    shape:
      shape && sizes && shape.length === sizes.length
        ? shape.map((dim, axis) => {
            const other = sizes[axis] ?? null;
            return typeof dim === "number" && typeof other === "number"
              ? Math.max(dim, other)
              : commonDim(dim, other);
          })
        : undefined,
    assumed: [
      ...new Set([...first.assumed, ...second.assumed]),
      ...(byOrder
        ? [`the branches of ${where} hold the same layers in the same order, as nothing names them`]
        : []),
    ],
    note: first.note ?? `in both branches of ${where}; the map is that of the branch that ran`,
  };
}
