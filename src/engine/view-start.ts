/** How the view begins: the manifest's defaults as places of a capture. */
import type { CapturedSite, TokenAxis, ViewStart } from "../shared/capture";
import type { ManifestBatchAxis } from "../inputs/manifest/sites-schema";
import type { ManifestDefaults } from "../inputs/manifest/view-schema";
import { type ManifestArray, namedArray } from "../inputs/manifest/values";
import type { NamedArray } from "../inputs/arrays";

export interface StartResult {
  readonly start: ViewStart | undefined;
  /** What could not be followed, as sentences. */
  readonly notices: readonly string[];
}

export function viewStart(
  defaults: ManifestDefaults | undefined,
  sites: readonly CapturedSite[],
  axes: readonly TokenAxis[],
): StartResult {
  if (!defaults) return { start: undefined, notices: [] };
  const notices: string[] = [];
  const { site: named, layers, heads, query, colours, scale, range, metric } = defaults;
  const inPlace = sites.filter(
    ({ id, name, component }) => named === undefined || [id, name, component].includes(named),
  );
  const inLayer = inPlace.filter(
    ({ layer }) => layers === undefined || (layer !== null && layers.includes(layer)),
  );
  const site = inLayer[0] ?? inPlace[0] ?? sites[0];
  if (inLayer.length === 0 && sites.length > 0)
    notices.push("The manifest's defaults name a site or a layer that there is not; the first is shown.");
  const place = site && query !== undefined ? queryOf(query, site, axes) : undefined;
  if (typeof place === "string") notices.push(place);
  const one = Array.isArray(heads) && heads.length === 1 ? heads[0] : heads;
  return {
    start: {
      ...(site && (named !== undefined || layers !== undefined) ? { site: sites.indexOf(site) } : {}),
      ...(one === "all" ? { heads: "all" as const } : {}),
      ...(one !== undefined && one !== "all" ? { head: one } : {}),
      ...(typeof place === "number" ? { query: place } : {}),
      ...(colours === undefined ? {} : { colourMap: colours }),
      ...(scale === undefined ? {} : { scale }),
      ...(range === undefined ? {} : { range }),
      ...(metric === undefined ? {} : { metric }),
    },
    notices,
  };
}

/** The query's number, or why there is none. */
function queryOf(
  query: string | number,
  site: CapturedSite,
  axes: readonly TokenAxis[],
): number | string | undefined {
  if (query === "last") return site.queries - 1;
  if (typeof query === "number")
    return query < site.queries
      ? query
      : `The manifest's defaults ask for query ${query}, and ${site.name} has ${site.queries}.`;
  const mean = /^mean\((.+)\)$/.exec(query);
  if (mean)
    return `The manifest's defaults ask for the mean of the queries of ${mean[1]}; the view follows one query at a time, and begins with none of them.`;
  const indexed = /^(.+)\[(-?\d+)\]$/.exec(query);
  if (!indexed) return undefined;
  const axis = axes[site.queryAxis];
  const tokens = (axis?.segmentOf ?? []).flatMap((segment, token) =>
    axis?.segments[segment]?.name === indexed[1] ? [token] : [],
  );
  return (
    tokens.at(Number(indexed[2])) ??
    `The manifest's defaults ask for ${query}, and the queries of ${site.name} have ${tokens.length} of ${indexed[1]}.`
  );
}

/** Labels of the batch axis and the entry that is shown first. */
export function batchStart(
  batchAxis: ManifestBatchAxis | undefined,
  batch: number,
  arrays: ReadonlyMap<string, NamedArray>,
): Pick<CapturedSite, "batchLabels" | "batchDefault"> {
  if (typeof batchAxis !== "object") return {};
  const { labels, default: first, valid } = batchAxis;
  const recorded = (array: ManifestArray) => arrays.get(namedArray(array).array)?.data ?? [];
  const values =
    labels === undefined || Array.isArray(labels) ? labels : Array.from(recorded(labels), String);
  const mask = valid === undefined ? undefined : recorded(valid);
  // The array may hold the entries of several samples: the last ones are this run's.
  const lastValid =
    mask &&
    Array.from(mask, Number)
      .slice(-batch)
      .findLastIndex((entry) => entry !== 0);
  const entry = first === "lastValid" ? lastValid : first !== undefined && first < 0 ? batch + first : first;
  const isEntry = entry !== undefined && entry >= 0 && entry < batch;
  return {
    ...(values?.length === batch ? { batchLabels: values } : {}),
    ...(isEntry ? { batchDefault: entry } : {}),
  };
}
