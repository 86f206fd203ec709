/** One capture: choose the input, plan, estimate, run, reduce. */
import { existsSync, readFileSync, realpathSync } from "node:fs";
import path from "node:path";
import type { Capture, CapturedSite, InputReport, ProviderName, TokenAxis } from "../shared/capture";
import { AttentionError } from "../shared/errors";
import { bytes as formatBytes, count } from "../shared/format";
import type { CaptureRequest } from "../shared/protocol";
import { discover } from "../attention/discover";
import { headMetrics } from "../shared/maps/metrics";
import { normalise } from "../attention/layout";
import { patchedBodies } from "../attention/sites/body";
import type { ScoreOutput, SitePlan } from "../attention/sites/site";
import { extensionBytes } from "../onnx/append";
import { splicePieces } from "../onnx/splice";
import { embeddingRows } from "../onnx/embedding-rows";
import { GraphView } from "../onnx/graph-view";
import { type NamedArray, readNpz } from "../inputs/arrays";
import { fitFeeds } from "../inputs/feeds";
import { matchesGlob } from "../inputs/glob";
import type { ManifestSegment } from "../inputs/manifest";
import { syntheticFeeds } from "../inputs/synthetic";
import { numberedAxis, tokenAxis } from "../inputs/token-axes";
import { CaptureStore, headMap, type StoredSite } from "../shared/maps/capture-store";
import { companionNotice } from "./companions";
import { estimateRun, refuseTooLarge } from "./estimate";
import { type OpenModel, toSite } from "./open-model";
import type { Phases } from "./phases";
import { type Instrumented, runModel, type RunResult } from "./run-model";

export interface CaptureResult {
  readonly capture: Capture;
  readonly store: CaptureStore;
}

type Discovered = ReturnType<typeof discover>["sites"][number];

export async function captureModel(
  opened: OpenModel,
  request: CaptureRequest,
  generation: number,
  phases: Phases,
): Promise<CaptureResult> {
  const input = chooseInput(opened, request.inputs);
  const companion = companionNotice(opened.file.path);
  const notices = [...input.notices, ...(companion === null ? [] : [companion])];

  phases.start("instrument");
  const dims = new Map([...input.feeds].map(([name, array]) => [name, array.dims]));
  const view = GraphView.of(opened.file.model, opened.file, dims);
  const found = discover(opened.file.model, opened.file, dims);
  const sites = select(found.sites, request.sites, opened);
  const externalBytes = opened.file.checkExternalData();
  const estimate = estimateRun(
    view,
    opened.file.size,
    externalBytes,
    sites.map((site) => site.found.shape),
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
    return [describeSite(site, entry, planned, run, opened, axes)];
  });
  const mapBytes = stored.reduce((all, site) => all + site.cells.byteLength, 0);
  phases.end(
    "reduce",
    `${count(captured.reduce((all, site) => all + site.heads * site.batch, 0))} heads, ${formatBytes(mapBytes)} of maps`,
  );
  return {
    capture: {
      generation,
      provider: run.provider,
      input: input.report,
      axes: axes.all,
      sites: captured,
      phases: phases.all,
      mapBytes,
      notices: [
        ...notices,
        ...(run.replacedBecause === null
          ? []
          : [`Fused operators were replaced by their rebuilt graphs: ${run.replacedBecause}`]),
        ...opened.summary.manifestProblems,
      ],
    },
    store: new CaptureStore(generation, stored),
  };
}

interface PlannedSite {
  readonly site: Discovered;
  readonly plan: SitePlan;
  /** Why the rebuilt graph takes the operator's place, or null. */
  readonly replaced: string | null;
}

interface Planned extends Instrumented {
  readonly plans: readonly PlannedSite[];
}

/**
 * The model for a provider, with the outputs of the chosen sites. An operator without a kernel is replaced whether it
 * is chosen or not, since the model could not run with it.
 */
function instrumenter(
  opened: OpenModel,
  all: readonly Discovered[],
  chosen: readonly Discovered[],
  scores: boolean,
): (provider: ProviderName, replaceAll: boolean) => Planned | null {
  return (provider, replaceAll) => {
    if (replaceAll && !all.some((site) => site.found.replaceable)) return null;
    const planned = all.map((site): PlannedSite => {
      // CUDA has kernels of its own for what the packaged libraries lack.
      const missing = provider === "cuda" || provider === "tensorrt" ? null : site.found.noKernel;
      const replaced =
        missing ?? (replaceAll && site.found.replaceable ? "no kernel on this provider" : null);
      return {
        site,
        plan: site.found.plan(`attention_lens/${site.id}`, { replace: replaced !== null, scores }),
        replaced,
      };
    });
    const plans = planned.filter(({ site }) => chosen.includes(site));
    const used = planned.filter((each) => plans.includes(each) || each.replaced !== null);
    const bodies = patchedBodies(
      used.map(({ plan }) => plan),
      opened.file,
      opened.file.model.opset,
    );
    const extension = extensionBytes({
      patched: bodies.patched,
      nodes: used.flatMap(({ plan }) => plan.extension.nodes),
      tensors: used.flatMap(({ plan }) => plan.extension.tensors),
      outputs: [...new Set(plans.flatMap(({ plan }) => plan.extension.outputs))],
    });
    const removed = [...bodies.removed, ...used.flatMap(({ plan }) => plan.removed)];
    const fetches = plans.flatMap(({ plan }) => [
      plan.map,
      plan.valid,
      plan.proof?.error,
      plan.scores?.before.name,
      plan.scores?.after.name,
      plan.proof?.control,
    ]);
    return {
      plans,
      pieces: splicePieces(opened.file.model, opened.file.size, removed, extension),
      fetches: [...new Set(fetches.filter((name) => typeof name === "string"))],
    };
  };
}

interface ChosenInput {
  readonly feeds: ReadonlyMap<string, NamedArray>;
  /** Everything that was recorded, for the labels that the manifest names. */
  readonly arrays: ReadonlyMap<string, NamedArray>;
  readonly report: InputReport;
  readonly notices: readonly string[];
}

/** The input that was asked for, else the manifest's, else a made-up one. */
function chooseInput({ file, inputs, manifest }: OpenModel, asked: string | null): ChosenInput {
  const recorded = manifest?.manifest.inputs;
  const source =
    asked ?? (recorded && manifest ? insideFolder(path.dirname(manifest.path), recorded.file) : null);
  if (source === null) {
    const feeds = syntheticFeeds(inputs, { rows: embeddingRows(GraphView.of(file.model, file)) });
    return {
      feeds,
      arrays: feeds,
      report: report("synthetic", "synthetic input (seed 0)", feeds),
      notices: ["The input is synthetic: made up by name, type and shape."],
    };
  }
  const name = path.basename(source);
  if (!existsSync(source))
    throw new AttentionError("fileNotFound", "The recorded input does not exist.", { where: source });
  const arrays = readNpz(readFileSync(source), name);
  const { feeds, notices } = fitFeeds(inputs, arrays, recorded?.arrays ?? {}, name);
  return { feeds, arrays, report: report(asked === null ? "manifest" : "file", name, feeds), notices };
}

/** A file that a manifest names: a plain path inside the manifest's own folder, links resolved. */
function insideFolder(folder: string, named: string): string {
  const file = path.resolve(folder, named);
  const real = existsSync(file) ? realpathSync(file) : file;
  const relative = path.relative(existsSync(file) ? realpathSync(folder) : folder, real);
  if (path.isAbsolute(named) || relative.startsWith("..") || path.isAbsolute(relative)) {
    throw new AttentionError("manifestInvalid", `The input ${named} lies outside the manifest's folder.`, {
      where: "inputs.file",
    });
  }
  return file;
}

function report(
  from: InputReport["from"],
  label: string,
  feeds: ReadonlyMap<string, NamedArray>,
): InputReport {
  return {
    from,
    label,
    tensors: [...feeds].map(([name, { dtype, dims }]) => ({ name, dtype, dims: [...dims] })),
  };
}

function select(
  sites: readonly Discovered[],
  patterns: readonly string[] | null,
  { file, summary }: OpenModel,
): readonly Discovered[] {
  if (sites.length === 0) throw new AttentionError("noAttention", "", { where: path.basename(file.path) });
  if (patterns === null) return sites;
  for (const pattern of patterns) {
    if (!sites.some((site) => matchesGlob(pattern, site.name) || matchesGlob(pattern, site.id))) {
      throw new AttentionError(
        "siteUnknown",
        `Nothing matches ${pattern}; sites are ${summary.sites
          .slice(0, 8)
          .map((site) => site.name)
          .join(", ")}.`,
      );
    }
  }
  return sites.filter((site) =>
    patterns.some((pattern) => matchesGlob(pattern, site.name) || matchesGlob(pattern, site.id)),
  );
}

/** Whether the body that a site lies in was run: a branch that was not taken returns a single number. */
function wasRun({ body, map }: SitePlan, run: RunResult<Planned>): boolean {
  const dims = run.outputs.get(map)?.dims ?? [];
  return body === undefined || (dims.length > 0 && !dims.includes(0));
}

interface StoredEntry {
  readonly site: StoredSite;
  readonly validity: CapturedSite["validity"];
}

function storeSite(
  site: Discovered,
  plan: SitePlan,
  run: RunResult<Planned>,
  generation: number,
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
      valid: told ?? Uint8Array.from(cells, (p) => (p > 0 ? 1 : 0)),
      ownKey,
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

function describeSite(
  site: Discovered,
  { site: stored, validity }: StoredEntry,
  planned: PlannedSite,
  run: RunResult<Planned>,
  opened: OpenModel,
  axes: AxisTable,
): CapturedSite {
  const named = toSite(site, opened.manifest?.manifest);
  const said = opened.manifest?.manifest.sites?.find(
    ({ match }) => matchesGlob(match, site.name) || matchesGlob(match, site.id),
  );
  return {
    ...named,
    handle: stored.handle,
    batch: stored.batch,
    heads: stored.heads,
    queries: stored.queries,
    keys: stored.keys,
    figures: Array.from({ length: stored.batch }, (_, batch) =>
      Array.from(
        { length: stored.heads },
        (_, head) => headMetrics(headMap(stored, batch, head), stored.ownKey).figures,
      ),
    ),
    queryAxis: axes.add(stored.queries, said?.queries),
    keyAxis: axes.add(stored.keys, said?.keys),
    validity,
    ...proofOf(planned, run, stored.keys),
    batchAxis: said?.batchAxis ?? null,
  };
}

/** Axes of tokens, each kept once. */
class AxisTable {
  readonly all: TokenAxis[] = [];
  readonly #known = new Map<string, number>();
  readonly #opened: OpenModel;
  readonly #arrays: ReadonlyMap<string, NamedArray>;
  readonly #notices: string[];

  constructor(opened: OpenModel, arrays: ReadonlyMap<string, NamedArray>, notices: string[]) {
    this.#opened = opened;
    this.#arrays = arrays;
    this.#notices = notices;
  }

  /** Index of the axis of `length` tokens, with the site's own segments or the model's. */
  add(length: number, own: readonly ManifestSegment[] | undefined): number {
    const segments = own ?? this.#opened.manifest?.manifest.segments;
    const key = `${length}:${JSON.stringify(segments ?? null)}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const { axis, problem } = segments
      ? tokenAxis(segments, length, this.#arrays)
      : { axis: numberedAxis(length), problem: null };
    if (problem)
      this.#notices.push(`${path.basename(this.#opened.manifest?.path ?? "manifest")}: ${problem}`);
    this.#known.set(key, this.all.length);
    this.all.push({ id: `axis_${this.all.length}`, ...axis });
    return this.all.length - 1;
  }
}
