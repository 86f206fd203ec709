/** What a run gave as a capture: sites with figures and labels, and the maps that they are of. */
import type { Capture } from "../shared/capture";
import { AttentionError } from "../shared/errors";
import { bytes as formatBytes, count } from "../shared/format";
import { CaptureStore, type StoredSite } from "../shared/maps/capture-store";
import type { CaptureRequest } from "../shared/protocol";
import { siteEntry } from "../inputs/manifest/lookup";
import { AxisTable } from "./axis-table";
import type { ChosenInput } from "./inputs/choose-input";
import { companionNotice } from "./model/companions";
import { describeSite } from "./describe-site";
import { besideDecoder, besideNotice } from "./model/encoder-maps";
import type { OpenModel } from "./model/open-model";
import type { Phases } from "./phases";
import type { SiteRun } from "./run/run-sites";
import { storeSite, wasRun } from "./run/store-sites";
import { lastQueryOf, viewStart } from "./view-start";

export interface CaptureResult {
  readonly capture: Capture;
  readonly store: CaptureStore;
  readonly input: ChosenInput;
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
  const { encoder } = input;
  const companion = encoder ? besideNotice(encoder) : companionNotice(opened.file.path);
  const notices = [...input.notices, ...told, ...(companion === null ? [] : [companion])];
  if (run.instrumented.plans.length === 0 && !encoder)
    throw new AttentionError("siteUnknown", "None of the sites that were asked for is of this file.", {
      fix: "The encoder's are captured where it is run: give it a text, a picture or its inputs.",
    });
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
  const beside = encoder && besideDecoder(encoder, axes.all.length, generation);
  captured.push(...(beside?.sites ?? []));
  stored.push(...(beside?.stored ?? []));
  const allAxes = [...axes.all, ...(beside?.axes ?? [])];
  const mapBytes = stored.reduce((all, site) => all + bytesOf(site), 0);
  phases.end(
    "reduce",
    `${count(captured.reduce((all, site) => all + site.heads * site.batch, 0))} heads, ${formatBytes(mapBytes)} of maps`,
  );
  const entropyLine = opened.manifest?.manifest.thresholds?.entropyLine;
  const begin = viewStart(opened.manifest?.manifest.defaults, captured, allAxes, lastQueryOf(stored));
  return {
    capture: {
      generation,
      provider: run.provider,
      input: input.report,
      recording: input.recording,
      axes: allAxes,
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
