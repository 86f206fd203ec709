/** One capture: choose the input, plan, estimate, run, reduce. */
import type { Capture } from "../shared/capture";
import { bytes as formatBytes, count } from "../shared/format";
import { plainRecording } from "../shared/input-choice";
import type { CaptureRequest } from "../shared/protocol";
import { discover } from "../attention/discover";
import { declaredIn } from "../inputs/manifest/lookup";
import { GraphView } from "../onnx/graph-view";
import { CaptureStore, type StoredSite } from "../shared/maps/capture-store";
import { AxisTable } from "./axis-table";
import { chooseInput } from "./choose-input";
import { companionNotice } from "./companions";
import { describeSite } from "./describe-site";
import { estimateRun, refuseTooLarge } from "./estimate";
import { instrumenter, select } from "./instrument";
import type { OpenModel } from "./open-model";
import type { Phases } from "./phases";
import { runModel } from "./run-model";
import { storeSite, wasRun } from "./store-sites";

export interface CaptureResult {
  readonly capture: Capture;
  readonly store: CaptureStore;
}

function bytesOf({ cells, scores }: StoredSite): number {
  return cells.byteLength + (scores ? scores.before.cells.byteLength + scores.after.cells.byteLength : 0);
}

export async function captureModel(
  opened: OpenModel,
  request: CaptureRequest,
  generation: number,
  phases: Phases,
): Promise<CaptureResult> {
  const input = chooseInput(opened, request.input);
  const companion = companionNotice(opened.file.path);
  const notices = [...input.notices, ...(companion === null ? [] : [companion])];

  phases.start("instrument");
  const dims = new Map([...input.feeds].map(([name, array]) => [name, array.dims]));
  const view = GraphView.of(opened.file.model, opened.file.source, dims);
  const declared = declaredIn(opened.manifest?.manifest);
  const found = discover(opened.file.model, opened.file.source, dims, declared);
  const sites = select(found.sites, request.sites, opened);
  const externalBytes = opened.file.checkExternalData();
  const estimate = estimateRun(
    view,
    opened.file.source.size,
    externalBytes,
    sites.map((site) => site.found.shape),
    request.scores === true,
  );
  refuseTooLarge(estimate);
  const instrument = instrumenter(opened, found.sites, sites, request.scores === true);
  const added = instrument("cpu", false)?.pieces.at(-1);
  phases.end(
    "instrument",
    `+ ${formatBytes(added instanceof Uint8Array ? added.length : 0)}, file unchanged; needs about ${formatBytes(estimate.bytes)}`,
  );

  phases.start("load", formatBytes(opened.file.size + externalBytes));
  const run = await runModel({
    file: opened.file,
    instrument,
    feeds: input.feeds,
    asked: request.provider,
    order: request.providerOrder,
    onLoaded: (detail) => {
      phases.end("load", detail);
      phases.start("run", input.report.label);
    },
  });
  phases.end("run", input.report.label);
  const { plans } = run.instrumented;

  phases.start("reduce");
  const axes = new AxisTable(opened, input.arrays, notices);
  const stored: StoredSite[] = [];
  const captured = plans.flatMap((planned) => {
    const { site, plan } = planned;
    if (!wasRun(plan, run)) {
      notices.push(
        `${site.name} was not run on this input: its branch was not taken, or its loop made no pass.`,
      );
      return [];
    }
    const entry = storeSite(site, plan, run, generation);
    stored.push(entry.site);
    return [describeSite(entry, planned, run, opened, axes, request.scores === true)];
  });
  const mapBytes = stored.reduce((all, site) => all + bytesOf(site), 0);
  phases.end(
    "reduce",
    `${count(captured.reduce((all, site) => all + site.heads * site.batch, 0))} heads, ${formatBytes(mapBytes)} of maps`,
  );
  return {
    capture: {
      generation,
      provider: run.provider,
      input: input.report,
      recording: plainRecording,
      axes: axes.all,
      sites: captured,
      phases: phases.all,
      mapBytes,
      notices: [
        ...notices,
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
  };
}
