/** One run of the model on given arrays, with the maps of the chosen sites and any other outputs that are asked for. */
import { bytes as formatBytes } from "../../shared/format";
import type { RunProgress } from "../../shared/input-choice";
import type { CaptureRequest } from "../../shared/protocol";
import { discover } from "../../attention/discover";
import type { NamedArray } from "../../inputs/arrays";
import { declaredIn, siteEntry } from "../../inputs/manifest/lookup";
import { GraphView } from "../../onnx/graph-view";
import { estimateRun, freeMemory, refuseTooLarge } from "./estimate";
import { type Discovered, instrumenter, type Planned, select } from "./instrument";
import type { OpenModel } from "../model/open-model";
import type { Phases } from "../phases";
import { runModel, type RunResult } from "./run-model";
import { withFaultyAxis } from "./shape-fault";

export interface SiteRun {
  readonly run: RunResult<Planned>;
  readonly notices: readonly string[];
}

export interface RunOptions {
  readonly phases: Phases;
  /** What the run is on, for the progress; or which of several runs it is. */
  readonly label: string | RunProgress;
  /** Outputs of the model that are returned as they are. */
  readonly others?: readonly string[];
  /** The outputs alone are wanted, and no maps: the model may hold no attention. */
  readonly mapless?: boolean;
}

/** The sites of a run on given arrays, with the sizes that these give them. */
export interface SizedSites {
  readonly view: GraphView;
  readonly all: readonly Discovered[];
  /** Those that are asked for. */
  readonly sites: readonly Discovered[];
  readonly externalBytes: number;
}

export function sitesOf(
  opened: OpenModel,
  request: Pick<CaptureRequest, "sites">,
  feeds: ReadonlyMap<string, NamedArray>,
  mapless = false,
): SizedSites {
  const { model, source } = opened.file;
  const dims = new Map([...feeds].map(([name, array]) => [name, array.dims]));
  const view = GraphView.of(model, source, dims);
  const found = discover(model, source, dims, declaredIn(opened.manifest?.manifest));
  const manifest = opened.manifest?.manifest;
  const all = found.sites.map((site) => ({ ...site, kind: siteEntry(manifest, site)?.kind ?? site.kind }));
  const sites = mapless ? [] : select(all, request.sites, opened);
  return { view, all, sites, externalBytes: opened.file.checkExternalData() };
}

/**
 * Plans by the sizes of these very arrays; the session of the last run is used again where the model to run is the
 * same, so that only the first of many runs loads it.
 */
export async function runSites(
  opened: OpenModel,
  request: Pick<CaptureRequest, "provider" | "providerOrder" | "sites" | "scores">,
  feeds: ReadonlyMap<string, NamedArray>,
  { phases, label, others = [], mapless = false }: RunOptions,
): Promise<SiteRun> {
  phases.start("instrument");
  const words = typeof label === "string" ? label : `${label.name} ${label.done + 1} of ${label.total}`;
  const { view, all, sites, externalBytes } = sitesOf(opened, request, feeds, mapless);
  const estimate = estimateRun(
    view,
    opened.file.source.size,
    externalBytes,
    sites.map((site) => site.found.shape),
    request.scores === true,
  );
  // What the last run's session holds is not free; it is let go before a run is refused for it.
  if (!(estimate.bytes <= freeMemory()) && opened.sessions.holds) await opened.sessions.release();
  refuseTooLarge(estimate);
  const outputs = opened.summary.outputs.slice(0, 1).map(({ name }) => name);
  const instrument = instrumenter(opened, all, sites, request.scores === true);
  const added = instrument("cpu", false)?.pieces.at(-1);
  phases.end(
    "instrument",
    `+ ${formatBytes(added instanceof Uint8Array ? added.length : 0)}, file unchanged; needs about ${formatBytes(estimate.bytes)}`,
  );

  phases.start("load", formatBytes(opened.file.size + externalBytes));
  const running = runModel({
    file: opened.file,
    sessions: opened.sessions,
    instrument,
    feeds,
    // ONNX Runtime runs nothing for no output: where maps of an encoder alone are wanted, any other stands for them.
    others: sites.length === 0 && others.length === 0 ? outputs : others,
    asked: request.provider,
    order: request.providerOrder,
    onLoaded: (detail) => {
      phases.end("load", detail);
      phases.start("run", words, typeof label === "string" ? undefined : label);
    },
  });
  const run = await running.catch((error: unknown) => {
    throw withFaultyAxis(opened, feeds, error);
  });
  phases.end("run", words);
  return { run, notices: [] };
}
