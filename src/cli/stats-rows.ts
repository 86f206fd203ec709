/** The last query's figures of every sample and step that is asked for, a row for each. */
import type { EngineClient } from "../client/engine-client";
import type { Capture, CapturedSite } from "../shared/capture";
import { type ContextFigures, contextFigures } from "../shared/maps/context-figures";

/** One sample at one step. */
export interface StatsRow {
  readonly sample: number;
  /** Null where no step was asked for. */
  readonly step: number | null;
  /** By the id of the site. */
  readonly sites: ReadonlyMap<string, SiteRow>;
}

/** Null where no context key is visible. */
export interface SiteRow {
  /** Of the mean over heads. */
  readonly mean: ContextFigures | null;
  readonly heads: readonly (ContextFigures | null)[];
}

/**
 * Rows of a capture: one for each element of its batch that is a sample.
 * @param elements which samples of the recording the batch holds, or numbers from 0 where nothing is recorded
 */
export async function rowsOf(
  client: EngineClient,
  capture: Capture,
  step: number | null,
  elements: readonly number[],
): Promise<StatsRow[]> {
  const rows: StatsRow[] = [];
  for (const [at, sample] of elements.entries()) {
    const sites = new Map<string, SiteRow>();
    for (const site of capture.sites) {
      const batch = entryOf(site, at, elements.length);
      if (batch !== null) sites.set(site.id, await siteRow(client, capture, site, batch));
    }
    rows.push({ sample, step, sites });
  }
  return rows;
}

/**
 * The element of the site's batch that belongs to a sample; null where it has none of its own. Where the batch axis is
 * something else than samples (history steps, windows), the entry that the view shows first stands for it.
 */
function entryOf(site: CapturedSite, at: number, samples: number): number | null {
  if (site.batchAxis === null) return at < site.batch ? at : null;
  const each = site.batch % samples === 0 ? site.batch / samples : site.batch;
  const entry = site.batchDefault ?? 0;
  return Math.min(site.batch - 1, samples > 1 && entry < each ? at * each + entry : entry);
}

async function siteRow(
  client: EngineClient,
  capture: Capture,
  site: CapturedSite,
  batch: number,
): Promise<SiteRow> {
  const query = lastQuery(capture, site, batch);
  const ownKey = site.kind === "self" && site.keys >= site.queries ? site.keys - site.queries + query : null;
  const row = async (head: number | "mean") => {
    const place = { handle: site.handle, generation: capture.generation, batch, head, query };
    const { cells } = await client.readRow(place);
    return contextFigures(new Float32Array(cells), ownKey);
  };
  const mean = await row("mean");
  const heads: (ContextFigures | null)[] = [];
  for (let head = 0; head < site.heads; head++) heads.push(await row(head));
  return { mean, heads };
}

/** The last query that is no padding. */
function lastQuery(capture: Capture, site: CapturedSite, batch: number): number {
  const axis = capture.axes[site.queryAxis];
  const padding = new Set((axis?.samples?.[batch] ?? axis)?.padding ?? []);
  let query = site.queries - 1;
  while (query > 0 && padding.has(query)) query--;
  return padding.has(query) ? site.queries - 1 : query;
}
