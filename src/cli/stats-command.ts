/** `attention-lens stats MODEL`: seed 001's four figures of every layer and head, over samples and steps. */
import { InvalidArgumentError } from "commander";
import type { EngineClient } from "../client/engine-client";
import type { Capture, ProviderName } from "../shared/capture";
import { counted } from "../shared/format";
import { reportRun } from "./capture-command";
import { capturesAlong } from "./captures";
import { numbers } from "./figure-files";
import { inputChoice, type InputOptions } from "./input-options";
import { table, writeText } from "./output";
import { resolvePath, withEngine } from "./session";
import { rowsOf, type StatsRow } from "./stats-rows";
import {
  figureNames,
  figureWords,
  type LayerSummary,
  type Spread,
  statistics,
  type Statistics,
  type Summary,
  thirds,
} from "./stats-summary";

export interface StatsOptions extends InputOptions {
  readonly site?: string[];
  readonly provider: ProviderName | "auto";
  /** How many samples, or which; the manifest's number, else 10, without it. */
  readonly samples?: number | number[];
  readonly json?: string;
}

/** Samples that figures are taken over where nobody says how many. */
const USUAL_SAMPLES = 10;

/** A number of samples, or a list of them: 5 are the first five, 0,4 and 5: are these. */
export function parseSamples(text: string): number | number[] {
  if (/^\d+$/.test(text)) {
    if (Number(text) > 0) return Number(text);
    throw new InvalidArgumentError("It is a whole number from 1, or a list of samples: 0,3 or 0:10.");
  }
  try {
    return numbers(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

export async function runStats(model: string, options: StatsOptions): Promise<void> {
  await withEngine(async (client) => {
    await client.open(resolvePath(model), "full");
    const { first, rows, passes } = await gathered(client, options);
    const found = statistics(first.sites, rows);
    const parts = thirds(rows);
    const inThirds = parts && {
      early: statistics(first.sites, parts.early),
      middle: statistics(first.sites, parts.middle),
      late: statistics(first.sites, parts.late),
    };
    const samples = new Set(rows.map(({ sample }) => sample)).size;
    const steps = [...new Set(rows.flatMap(({ step }) => step ?? []))];
    if (options.json !== undefined) {
      const document = {
        samples,
        ...(steps.length === 0 ? {} : { steps }),
        ...(passes.length === 0 ? {} : { passes }),
        domain: "last query, heads averaged first; heads: each by itself; overall: the mean over the layers",
        explained: figureWords,
        ...found,
        ...(inThirds ? { thirds: inThirds } : {}),
      };
      writeText(options.json, `${JSON.stringify(document, null, 2)}\n`);
    }
    if (options.json === "-") return;
    const over = `${counted(samples, "sample")}${stepWords(first.recording.steps?.name ?? "step", steps)}${passWords(first.recording.passes?.name ?? "pass", passes)}`;
    process.stdout.write(`${text(found, inThirds, over)}\n`);
  });
}

/** ", 20 steps", ", frame 3", or nothing. */
function stepWords(axis: string, steps: readonly number[]): string {
  if (steps.length === 0) return "";
  if (steps.length === 1) return `, ${axis} ${steps[0]}`;
  return `, ${steps.length} steps each${axis === "step" ? "" : ` (${axis})`}`;
}

/** ", 10 passes of each (denoising pass)", ", denoising pass 9", or nothing. */
function passWords(axis: string, passes: readonly number[]): string {
  if (passes.length === 0) return "";
  if (passes.length === 1) return `, ${axis} ${passes[0]}`;
  return `, ${passes.length} passes of each${axis === "pass" ? "" : ` (${axis})`}`;
}

/** Each sample is captured by itself, at each step and pass. */
async function gathered(
  client: EngineClient,
  options: StatsOptions,
): Promise<{ first: Capture; rows: StatsRow[]; passes: number[] }> {
  if (options.episode !== undefined && options.samples !== undefined)
    throw new InvalidArgumentError("--episode and --samples both choose samples: give one of them.");
  const request = { provider: options.provider, providerOrder: [], sites: options.site ?? null };
  const rows: StatsRow[] = [];
  const passes = new Set<number>();
  let first: Capture | undefined;
  const along = async (samples: readonly number[] | undefined, most: number) => {
    for await (const { capture, step, pass } of capturesAlong(
      client,
      { ...request, input: inputChoice(options, samples) },
      options,
    )) {
      if (!first) reportRun(capture);
      first ??= capture;
      if (pass !== null) passes.add(pass);
      const shown = capture.recording.samples?.shown;
      const isBatch = shown === undefined || shown.length !== 1;
      const batch = Math.max(
        1,
        ...capture.sites.filter(({ batchAxis }) => batchAxis === null).map((site) => site.batch),
      );
      const elements = isBatch ? Array.from({ length: Math.min(batch, most) }, (_, at) => at) : shown;
      rows.push(...(await rowsOf(client, capture, step, elements)));
    }
  };
  const wanted = options.samples;
  if (Array.isArray(wanted)) for (const sample of wanted) await along([sample], 1);
  else {
    // What the recording holds is told by a capture of it; it is that of its first sample, or of the whole batch.
    const known =
      options.episode === undefined
        ? await client.capture({ ...request, input: inputChoice(options) })
        : null;
    const recorded = known?.recording.samples;
    const count = wanted ?? recorded?.usual ?? USUAL_SAMPLES;
    if (!recorded) await along(undefined, count);
    else for (let sample = 0; sample < Math.min(count, recorded.count); sample++) await along([sample], 1);
  }
  if (!first) throw new InvalidArgumentError("No sample was asked for.");
  return { first, rows, passes: [...passes] };
}

function text(found: Statistics, inThirds: Record<string, Statistics> | null, over: string): string {
  const cells = (each: Summary) => figureNames.map((name) => spreadText(each[name]));
  const header = ["", ...figureNames.map((name) => figureWords[name].split(":")[0] ?? name)];
  const layersOf = ({ layers, overall }: Statistics) => [
    ...layers.map((layer) => [titleOf(layer), ...cells(layer)]),
    ["overall", ...cells(overall)],
  ];
  return [
    `The last query over its context, heads averaged first; mean ± standard deviation over ${over}.`,
    ...figureNames.map((name) => `  ${figureWords[name]}`),
    "  Overall: the mean over the layers.",
    "",
    table(header, layersOf(found)),
    ...Object.entries(inThirds ?? {}).flatMap(([part, own]) => [
      "",
      `The ${part} third of the steps:`,
      table(header, layersOf(own)),
    ]),
    "",
    "Each head by itself (the entropy of a mean is at least the mean of the entropies):",
    table(
      header,
      found.layers.flatMap((layer) =>
        layer.heads.map((head) => [`${titleOf(layer)} head ${head.head}`, ...cells(head)]),
      ),
    ),
  ].join("\n");
}

function titleOf(layer: LayerSummary): string {
  if (layer.layer === null) return layer.name;
  return `${layer.component === null ? "" : `${layer.component} `}layer ${layer.layer}`;
}

function spreadText(spread: Spread | null): string {
  return spread === null ? "—" : `${spread.mean.toFixed(4)} ± ${spread.sd.toFixed(4)}`;
}
