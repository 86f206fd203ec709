/** Steps of a generation against one full pass of the framework without a cache. */
import { expect } from "vitest";
import type { EngineClient } from "../../../src/client/engine-client";
import type { Capture, CapturedSite } from "../../../src/shared/capture";
import type { NamedArray } from "../../../src/inputs/arrays";

/** All cells of a head; keys that are masked hold negative numbers or 0. */
export async function cells(
  client: EngineClient,
  capture: Capture,
  { handle, queries, keys }: CapturedSite,
  head: number,
): Promise<Float32Array> {
  const page = await client.readPage({
    ...{ handle, generation: capture.generation, batch: 0, head, pooling: "max" as const },
    ...{ queryStart: 0, queryEnd: queries, keyStart: 0, keyEnd: keys, maxRows: 512, maxColumns: 512 },
  });
  return new Float32Array(page.cells);
}

/**
 * The largest difference of a capture's maps from the last rows so far of [layers, heads, tokens, keys].
 * @param tokens number of tokens that were seen, the queries of this run being the last of them
 */
export async function difference(
  client: EngineClient,
  capture: Capture,
  sites: readonly CapturedSite[],
  { data, dims }: NamedArray,
  tokens: number,
): Promise<number> {
  const [layers = 0, heads = 0, rows = 0, columns = 0] = dims;
  expect(sites).toHaveLength(layers);
  const wanted = data as Float32Array;
  let worst = 0;
  for (const [layer, site] of sites.entries()) {
    expect(site.heads).toBe(heads);
    for (let head = 0; head < heads; head++) {
      const map = await cells(client, capture, site, head);
      for (let query = 0; query < site.queries; query++)
        for (let key = 0; key < site.keys; key++) {
          const row = tokens - site.queries + query;
          const at = ((layer * heads + head) * rows + row) * columns + key;
          worst = Math.max(worst, Math.abs(Math.max(0, map[query * site.keys + key]!) - wanted[at]!));
        }
    }
  }
  return worst;
}
