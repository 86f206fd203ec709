/** What a run returns for a site, brought to [batch, heads, queries, keys] and kept. */
import type { CapturedSite } from "../../shared/capture";
import { AttentionError } from "../../shared/errors";
import { normalise } from "../../attention/layout";
import type { ScoreOutput, SitePlan } from "../../attention/sites/site";
import type { StoredSite } from "../../shared/maps/capture-store";
import type { Discovered, Planned } from "./instrument";
import type { RunResult } from "./run-model";

/** Whether the body that a site lies in was run: a branch that was not taken returns a single number. */
export function wasRun({ body, map }: SitePlan, run: RunResult<Planned>): boolean {
  const dims = run.outputs.get(map)?.dims ?? [];
  return body === undefined || (dims.length > 0 && !dims.includes(0));
}

export interface StoredEntry {
  readonly site: StoredSite;
  readonly validity: CapturedSite["validity"];
}

export function storeSite(
  site: Discovered,
  plan: SitePlan,
  run: RunResult<Planned>,
  generation: number,
  sink?: number,
): StoredEntry {
  const map = run.outputs.get(plan.map);
  if (!map || !(map.data instanceof Float32Array))
    throw new AttentionError("internal", `The run returned no map of ${site.name}.`);
  const { data: cells, dims } = normalise(map.data, map.dims, site.found.layout);
  if (cells.length === 0) {
    throw new AttentionError("inputMismatch", `With this input the map of ${site.name} is empty.`, {
      where: `[${map.dims.join(", ")}]`,
    });
  }
  const seen = plan.valid === null ? undefined : run.outputs.get(plan.valid);
  const told =
    seen?.data instanceof Uint8Array && seen.data.length === cells.length
      ? normalise(seen.data, seen.dims, site.found.layout).data
      : undefined;
  // A grouped or cached self-attention sees past keys first: query 0 is the key after them.
  const ownKey = site.kind === "self" && dims.keys >= dims.queries ? dims.keys - dims.queries : null;
  return {
    site: {
      handle: `${site.id}@${generation}`,
      ...dims,
      cells,
      valid: told ?? Uint8Array.from(cells, (p) => (p > 0 || p < 0 ? 1 : 0)),
      ownKey,
      ...(sink === undefined ? {} : { sink }),
      windows: site.windows,
      ...(plan.scores === null
        ? {}
        : { scores: { before: scoresOf(plan.scores.before, run), after: scoresOf(plan.scores.after, run) } }),
    },
    validity: told ? "score" : "inferred",
  };
}

function scoresOf(
  { name, layout }: ScoreOutput,
  run: RunResult<Planned>,
): { cells: Float32Array; dims: number[] } {
  const output = run.outputs.get(name);
  if (!output || !(output.data instanceof Float32Array))
    throw new AttentionError("internal", `The run returned no ${name}.`);
  const { data, dims } = normalise(output.data, output.dims, layout);
  return { cells: data, dims: [dims.batch, dims.heads, dims.queries, dims.keys] };
}
