/** How the view begins: the manifest's defaults as places of a capture. */
import type { Capture, CapturedSite, TokenAxis, ViewStart } from "../shared/capture";
import { AttentionError } from "../shared/errors";
import type { ManifestBatchAxis } from "../inputs/manifest/sites-schema";
import type { ManifestDefaults } from "../inputs/manifest/view-schema";
import { type ManifestArray, namedArray } from "../inputs/manifest/values";
import type { NamedArray } from "../inputs/arrays";
import { type CaptureStore, headMap, type StoredSite } from "../shared/maps/capture-store";
import { findQuery, lastChoosing, type QueryText } from "../shared/query-choice";

export interface StartResult {
  readonly start: ViewStart | undefined;
  /** What could not be followed, as sentences. */
  readonly notices: readonly string[];
  /** What was asked for as the query and is not there, as the end of a sentence; else null. */
  readonly queryProblem: string | null;
}

/** @param lastOf the query that `last` stands for at a site */
export function viewStart(
  defaults: ManifestDefaults | undefined,
  sites: readonly CapturedSite[],
  axes: readonly TokenAxis[],
  lastOf: (site: CapturedSite) => number = ({ queries }) => queries - 1,
): StartResult {
  if (!defaults) return { start: undefined, notices: [], queryProblem: null };
  const notices: string[] = [];
  const { site: named, layers, heads, query, colours, scale, range, metric, labels } = defaults;
  const inPlace = sites.filter(
    ({ id, name, component }) => named === undefined || [id, name, component].includes(named),
  );
  const inLayer = inPlace.filter(
    ({ layer }) => layers === undefined || (layer !== null && layers.includes(layer)),
  );
  const site = inLayer[0] ?? inPlace[0] ?? sites[0];
  if (inLayer.length === 0 && sites.length > 0)
    notices.push("The manifest's defaults name a site or a layer that there is not; the first is shown.");
  const axis = site && axes[site.queryAxis];
  const found =
    site && axis && query !== undefined ? findQuery(query, site, axis, () => lastOf(site)) : undefined;
  const queryProblem = found && "problem" in found ? found.problem : null;
  if (queryProblem !== null) notices.push(`The manifest's defaults ask for ${queryProblem}.`);
  const one = Array.isArray(heads) && heads.length === 1 ? heads[0] : heads;
  return {
    start: {
      ...(site && (named !== undefined || layers !== undefined) ? { site: sites.indexOf(site) } : {}),
      ...(one === "all" ? { heads: "all" as const } : {}),
      ...(one !== undefined && one !== "all" ? { head: one } : {}),
      ...(found && "query" in found ? { query: found.query } : {}),
      ...(query === undefined ? {} : { queryText: query }),
      ...(colours === undefined ? {} : { colourMap: colours }),
      ...(scale === undefined ? {} : { scale }),
      ...(range === undefined ? {} : { range }),
      ...(metric === undefined ? {} : { metric }),
      ...(labels === undefined ? {} : { labels }),
    },
    notices,
    queryProblem,
  };
}

/** The last query of the entry and head that are shown first that can choose among keys, else the last. */
export function lastQueryOf(stored: readonly StoredSite[]): (site: CapturedSite) => number {
  return ({ handle, batchDefault, queries }) => {
    const site = stored.find((one) => one.handle === handle);
    if (!site) return queries - 1;
    const { valid } = headMap(site, batchDefault ?? 0, 0);
    const validKeys = Uint32Array.from({ length: queries }, (_, query) =>
      valid.subarray(query * site.keys, (query + 1) * site.keys).reduce((sum, one) => sum + one, 0),
    );
    return lastChoosing(validKeys) ?? queries - 1;
  };
}

/**
 * The capture with another query to begin with.
 * @throws siteUnknown where the site that is shown first has no such query
 */
export function startingAt(
  capture: Capture,
  store: CaptureStore,
  query: QueryText,
  defaults: ManifestDefaults | undefined,
): Capture {
  const asked = { ...defaults, query };
  const { start, queryProblem } = viewStart(
    asked,
    capture.sites,
    capture.axes,
    lastQueryOf([...store.sites()]),
  );
  if (queryProblem !== null)
    throw new AttentionError("siteUnknown", `The query asked for is ${queryProblem}.`);
  return { ...capture, ...(start ? { start } : {}) };
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
