/** How sites and heads are called on the screen. */
import type { CapturedSite } from "./capture";
import { count } from "./format";
import type { Site } from "./model";
import type { HeadChoice } from "./page";

/** `decoder.1`, `encoder`, or the path where the export kept no component. */
export function siteTitle(site: Pick<Site, "component" | "layer" | "name">): string {
  if (site.component === null) return site.layer === null ? site.name : `layer ${site.layer}`;
  return site.layer === null ? site.component : `${site.component}.${site.layer}`;
}

/** Titles of all sites in order; where two would be the same, both get their path. */
export function siteTitles(sites: readonly Pick<Site, "component" | "layer" | "name">[]): string[] {
  const titles = sites.map(siteTitle);
  return titles.map((title, index) =>
    titles.indexOf(title) === titles.lastIndexOf(title) ? title : (sites[index]?.name ?? title),
  );
}

/** @param site of the head; what holds a mean of all heads has no head of its own */
export function headTitle(head: HeadChoice, site?: Pick<Site, "averaged">): string {
  if (site?.averaged) return "mean over heads";
  if (head === "mean") return "mean of heads";
  return Array.isArray(head) ? `mean of heads ${head.join(", ")}` : `head ${head}`;
}

/** "38 queries × 38 keys, self". */
export function siteShape(site: CapturedSite): string {
  const kind = site.kind === "unknown" ? "kind unknown" : site.kind;
  const queries = `${count(site.queries)} ${site.queries === 1 ? "query" : "queries"}`;
  return `${queries} × ${count(site.keys)} ${site.keys === 1 ? "key" : "keys"}, ${kind}`;
}

/** Indices of the sites that are layers of the same component, in the order of their layers. */
export function layersOf(sites: readonly CapturedSite[], site: number): number[] {
  const component = sites[site]?.component ?? null;
  return sites
    .map((_, index) => index)
    .filter((index) => (sites[index]?.component ?? null) === component)
    .sort((one, other) => (sites[one]?.layer ?? one) - (sites[other]?.layer ?? other));
}
