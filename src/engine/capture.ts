/** One capture: choose the input, run, reduce; a generation or a loop makes several runs of it. */
import type { Capture } from "../shared/capture";
import type { CaptureRequest } from "../shared/protocol";
import type { NamedArray } from "../inputs/arrays";
import { CaptureStore, type StoredSite } from "../shared/maps/capture-store";
import { bytes as formatBytes, count } from "../shared/format";
import { AxisTable } from "./axis-table";
import type { ChosenInput } from "./choose-input";
import { companionNotice } from "./companions";
import { describeSite } from "./describe-site";
import { inputOf } from "./input-of-request";
import { siteEntry } from "../inputs/manifest/lookup";
import type { OpenModel } from "./open-model";
import type { Phases } from "./phases";
import { runSites, type SiteRun } from "./run-sites";
import { storeSite, wasRun } from "./store-sites";
import { lastQueryOf, viewStart } from "./view-start";

export interface CaptureResult {
  readonly capture: Capture;
  readonly store: CaptureStore;
  readonly input: ChosenInput;
}

/** The input that a request asks for, and one run on it. */
export async function captureModel(
  opened: OpenModel,
  request: CaptureRequest,
  generation: number,
  phases: Phases,
): Promise<CaptureResult> {
  const input = await inputOf(opened, request, phases);
  try {
    const run = await runSites(opened, request, input.feeds, { phases, label: input.report.label });
    return describeRun(opened, request, input, run, generation, phases);
  } finally {
    input.close();
  }
}

function bytesOf({ cells, scores }: StoredSite): number {
  return cells.byteLength + (scores ? scores.before.cells.byteLength + scores.after.cells.byteLength : 0);
}

/** What a run gave: sites with figures and labels, and the maps. */
export function describeRun(
  opened: OpenModel,
  request: Pick<CaptureRequest, "scores">,
  input: ChosenInput,
  { run, notices: told }: SiteRun,
  generation: number,
  phases: Phases,
): CaptureResult {
  phases.start("reduce");
  const companion = companionNotice(opened.file.path);
  const notices = [...input.notices, ...told, ...(companion === null ? [] : [companion])];
  const axes = new AxisTable(opened, input, notices);
  const stored: StoredSite[] = [];
  const captured = run.instrumented.plans.flatMap((planned) => {
    const { site, plan } = planned;
    if (!wasRun(plan, run)) {
      notices.push(
        `${site.name} was not run on this input: its branch was not taken, or its loop made no pass.`,
      );
      return [];
    }
    const sink = siteEntry(opened.manifest?.manifest, site)?.sink;
    const entry = storeSite(site, plan, run, generation, sink);
    stored.push(entry.site);
    return [describeSite(entry, planned, run, opened, axes, request.scores === true)];
  });
  const mapBytes = stored.reduce((all, site) => all + bytesOf(site), 0);
  phases.end(
    "reduce",
    `${count(captured.reduce((all, site) => all + site.heads * site.batch, 0))} heads, ${formatBytes(mapBytes)} of maps`,
  );
  const entropyLine = opened.manifest?.manifest.thresholds?.entropyLine;
  const begin = viewStart(opened.manifest?.manifest.defaults, captured, axes.all, lastQueryOf(stored));
  return {
    capture: {
      generation,
      provider: run.provider,
      input: input.report,
      recording: input.recording,
      axes: axes.all,
      sites: captured,
      phases: phases.all,
      mapBytes,
      ...(begin.start ? { start: begin.start } : {}),
      ...(entropyLine === undefined ? {} : { entropyLine }),
      notices: [
        ...notices,
        ...begin.notices,
        ...(run.replacedBecause === null
          ? []
          : [`Fused operators were replaced by their rebuilt graphs: ${run.replacedBecause}`]),
        ...(run.widened
          ? [
              "This provider has few kernels for bfloat16: operators were run in float32 and their results rounded to bfloat16.",
            ]
          : []),
        ...opened.summary.manifestProblems,
      ],
    },
    store: new CaptureStore(generation, stored),
    input,
  };
}

/** The same capture under another generation, whose handles are others. */
export function asGeneration({ capture, store, input }: CaptureResult, generation: number): CaptureResult {
  const handle = (before: string) => before.replace(/@\d+$/, `@${generation}`);
  return {
    capture: {
      ...capture,
      generation,
      sites: capture.sites.map((site) => ({ ...site, handle: handle(site.handle) })),
    },
    store: new CaptureStore(
      generation,
      [...store.sites()].map((site) => ({ ...site, handle: handle(site.handle) })),
    ),
    input,
  };
}

/** Arrays by the names of the model's inputs. */
export type Feeds = ReadonlyMap<string, NamedArray>;
