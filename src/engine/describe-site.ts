/** What a capture says of a site: its figures, its axes, and how far its map is proven. */
import type { CapturedSite, TokenAxis } from "../shared/capture";
import type { HeadFigures } from "../shared/figures";
import { headMap, type StoredSite } from "../shared/maps/capture-store";
import { headMetrics } from "../shared/maps/metrics";
import { missingScores, siteScoreExtremes } from "../shared/maps/score-map";
import { patternsOf, type Role, rolesOf } from "../shared/roles";
import { batchAxisName, siteEntry } from "../inputs/manifest/lookup";
import type { AxisTable } from "./axis-table";
import type { Planned, PlannedSite } from "./run/instrument";
import { type OpenModel, toSite } from "./model/open-model";
import type { RunResult } from "./run/run-model";
import type { StoredEntry } from "./run/store-sites";
import { batchStart } from "./view-start";

/** A rebuilt map is proven below this error, if the control's is much larger. */
const PROVEN_BELOW = 1e-3;

function proofOf(
  { site, plan, replaced }: PlannedSite,
  run: RunResult<Planned>,
  keys: number,
): Pick<CapturedSite, "error" | "controlError" | "proven"> & { note: string | null } {
  if (replaced !== null) {
    return {
      error: null,
      controlError: null,
      proven: false,
      note: `${replaced}: computed from its inputs, not compared`,
    };
  }
  if (!plan.proof) return { error: null, controlError: null, proven: null, note: site.note };
  // A loop gives one figure a pass: the worst error, and the control that failed least.
  const values = (name: string) => Array.from(run.outputs.get(name)?.data ?? [NaN], Number);
  const [error, controlError] = [
    Math.max(...values(plan.proof.error)),
    Math.min(...values(plan.proof.control)),
  ];
  if (!Number.isFinite(error) || !Number.isFinite(controlError)) {
    const note = "unproven: its output holds NaN or infinity, so that nothing can be compared";
    return { error: null, controlError: null, proven: false, note };
  }
  const reproduced = error <= PROVEN_BELOW;
  // With one key there is nothing to move; its map is 1 wherever it is seen.
  const controlFails = keys === 1 || controlError > Math.max(PROVEN_BELOW, 10 * error);
  const doubt = reproduced
    ? controlFails
      ? null
      : "the control with moved keys gives the same output"
    : `it gives the operator's output only to ${error.toExponential(1)}`;
  return {
    error,
    controlError,
    proven: doubt === null,
    note: doubt === null ? site.note : `unproven: ${doubt}`,
  };
}

/** @param oneAxis whether queries and keys are labelled as one sequence */
function describeHead(
  stored: StoredSite,
  batch: number,
  head: number,
  keys: TokenAxis | undefined,
  oneAxis: boolean,
): { figures: HeadFigures; roles: Role[] } {
  const map = headMap(stored, batch, head);
  const { figures, received } = headMetrics(map, stored.ownKey, stored.sink);
  const ownKey = stored.ownKey ?? (oneAxis ? 0 : null);
  const segments = oneAxis && keys ? { of: keys.segmentOf, count: keys.segments.length } : null;
  return {
    figures,
    roles: rolesOf({
      ...{ figures, received, keyLabels: keys?.labels ?? [] },
      patterns: ownKey === null ? null : patternsOf({ ...map, ownKey, segments }),
    }),
  };
}

/** @param scores whether the capture asked for the scores */
export function describeSite(
  { site: stored, validity }: StoredEntry,
  planned: PlannedSite,
  run: RunResult<Planned>,
  opened: OpenModel,
  axes: AxisTable,
  scores: boolean,
): CapturedSite {
  const { site } = planned;
  const named = toSite(site, opened.manifest?.manifest);
  const said = siteEntry(opened.manifest?.manifest, site);
  const cross = site.kind === "cross";
  const symbolic = opened.summary.sites.find(({ id }) => id === site.id);
  const queryAxis = axes.add(stored.queries, said?.queries, {
    ...{ name: site.name, side: "queries", cross },
    dim: symbolic?.queries ?? null,
    batch: stored.batch,
    tensor: site.tensor,
  });
  const keyAxis = axes.add(stored.keys, said?.keys, {
    ...{ name: site.name, side: "keys", cross },
    dim: symbolic?.keys ?? null,
    batch: stored.batch,
    tensor: site.tensor,
  });
  const heads = Array.from({ length: stored.batch }, (_, batch) =>
    Array.from({ length: stored.heads }, (__, head) =>
      describeHead(stored, batch, head, axes.all[keyAxis], queryAxis === keyAxis),
    ),
  );
  return {
    ...named,
    handle: stored.handle,
    batch: stored.batch,
    heads: stored.heads,
    queries: stored.queries,
    keys: stored.keys,
    figures: heads.map((sample) => sample.map(({ figures }) => figures)),
    roles: heads.map((sample) => sample.map(({ roles }) => roles)),
    queryAxis,
    keyAxis,
    validity,
    ...(stored.sink === undefined ? {} : { sink: stored.sink }),
    ...proofOf(planned, run, stored.keys),
    ...batchStart(said?.batchAxis, stored.batch, axes.arrays),
    batchAxis: batchAxisName(said?.batchAxis) ?? (site.windows ? "window" : null),
    scores: scores ? { ...siteScoreExtremes(stored), reason: missingScores(stored) } : null,
  };
}
