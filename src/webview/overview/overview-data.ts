/** Which heads the Overview lists, and in what order: by component, or by the chosen metric; filtered. */
import type { Capture, CapturedSite } from "../../shared/capture";
import type { HeadFigures, MetricName } from "../../shared/figures";
import type { Thumbnails } from "../../shared/page";
import { siteTitles } from "../../shared/site-names";
import { figuresOf, roleOf } from "../head-metrics";
import { unproven } from "../inspector/fidelity";
import type { HeadOrder } from "../state";

export interface ListedHead {
  /** Index into `Capture.sites`, and the head. */
  readonly site: number;
  readonly head: number;
  readonly value: number | null;
  /** What warns about it, in words; "" for nothing. */
  readonly flag: string;
  /** What it does, in words; "" where its map shows no known pattern. */
  readonly role: string;
}

/** The heads of one site. */
export interface ListedSite {
  readonly site: number;
  /** Layer to write beside the row; null where the component has one site. */
  readonly layer: string | null;
  readonly heads: readonly ListedHead[];
}

/** A component with its sites in graph order. */
export interface ListedGroup {
  readonly title: string;
  /** "48×48 self, masked"; empty where the sites differ. */
  readonly shape: string;
  readonly sites: readonly ListedSite[];
}

export interface HeadList {
  readonly groups: readonly ListedGroup[];
  /** All listed heads in the order of the metric; in graph order where that is asked for. */
  readonly flat: readonly ListedHead[];
  /** Heads before the filter. */
  readonly all: number;
}

type Test = (head: ListedHead, name: string) => boolean;

/** One word of a filter: `flagged`, a comparison of the metric, or a part of the name or the role. */
function testOf(word: string): Test {
  const comparison = /^([<>]=?)(\d*\.?\d+)$/.exec(word);
  if (comparison) {
    const limit = Number(comparison[2]);
    const [, operator = ""] = comparison;
    return ({ value }) =>
      value !== null &&
      (operator.startsWith("<") ? value < limit : value > limit || (operator === ">=" && value === limit));
  }
  if (word === "flagged") return ({ flag }) => flag !== "";
  return (_, name) => name.includes(word);
}

/** Whether a head is let through: every word of the filter must hold. */
export function filterOf(filter: string): Test {
  const tests = filter
    .toLowerCase()
    .replace(/([<>]=?)\s+/g, "$1")
    .split(/\s+/)
    .filter(Boolean)
    .map(testOf);
  return (head, name) => tests.every((test) => test(head, name));
}

function flagOf(site: CapturedSite, figures: HeadFigures): string {
  return [
    figures.rowsFlagged > 0 ? "rows that do not sum to 1 or hold NaN" : "",
    unproven(site) ? "rebuilt and not proven" : "",
  ]
    .filter(Boolean)
    .join(", ");
}

type ThumbnailsOf = ReadonlyMap<string, Thumbnails>;

const masks = new WeakMap<Thumbnails, boolean>();

/** Whether a site's maps have masked cells; false while its thumbnails are not read. */
function hasMasked(thumbnails: Thumbnails | undefined): boolean {
  if (!thumbnails) return false;
  const known = masks.get(thumbnails) ?? new Uint8Array(thumbnails.cells).includes(0);
  masks.set(thumbnails, known);
  return known;
}

function shapeOf(sites: readonly CapturedSite[], thumbnails: ThumbnailsOf): string {
  const shapes = sites.map(
    (site) => `${site.queries}×${site.keys}${site.kind === "unknown" ? "" : ` ${site.kind}`}`,
  );
  const masked = sites.some((site) => hasMasked(thumbnails.get(site.handle))) ? ", masked" : "";
  return shapes.every((shape) => shape === shapes[0]) ? `${shapes[0] ?? ""}${masked}` : "";
}

export function headList(
  capture: Capture,
  options: {
    batch: number;
    metric: MetricName;
    order: HeadOrder;
    filter: string;
    /** By handle, as far as they were read. */
    thumbnails: ThumbnailsOf;
  },
): HeadList {
  const { batch, metric, order, filter, thumbnails } = options;
  const passes = filterOf(filter);
  const titles = siteTitles(capture.sites);
  const groups: { title: string; component: string | null; indices: number[] }[] = [];
  capture.sites.forEach((site, index) => {
    const last = groups.find((group) => site.component !== null && group.component === site.component);
    if (last) last.indices.push(index);
    else {
      const title = site.component ?? titles[index] ?? site.name;
      groups.push({ title, component: site.component, indices: [index] });
    }
  });
  let all = 0;
  const listed = groups.map(({ title, indices }): ListedGroup => {
    const sites = indices.flatMap((index): ListedSite[] => {
      const site = capture.sites[index];
      if (!site) return [];
      const figures = figuresOf(site, batch);
      all += figures.length;
      const heads = figures
        .map((of, head) => ({
          ...{ site: index, head, value: of[metric], flag: flagOf(site, of) },
          role: roleOf(site, batch, head),
        }))
        .filter((head) => {
          const name = `${titles[index]} ${site.name} ${site.kind} head ${head.head} h${head.head} ${head.role}`;
          return passes(head, name.toLowerCase());
        });
      const layer = indices.length > 1 ? String(site.layer ?? indices.indexOf(index)) : null;
      return heads.length > 0 ? [{ site: index, layer, heads }] : [];
    });
    const shape = shapeOf(
      indices.flatMap((index) => capture.sites[index] ?? []),
      thumbnails,
    );
    return { title, shape, sites };
  });
  const kept = listed.filter((group) => group.sites.length > 0);
  const flat = kept.flatMap((group) => group.sites.flatMap((site) => site.heads));
  if (order !== "graph") {
    const sign = order === "ascending" ? 1 : -1;
    // Heads without a value come last in either order.
    flat.sort((one, other) => {
      if (one.value === null || other.value === null)
        return Number(one.value === null) - Number(other.value === null);
      return sign * (one.value - other.value);
    });
  }
  return { groups: kept, flat, all };
}
