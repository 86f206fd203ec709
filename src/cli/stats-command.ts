/** `attention-lens stats MODEL`: seed 001's four figures of every layer and head, over samples. */
import { InvalidArgumentError } from "commander";
import type { EngineClient } from "../client/engine-client";
import type { Capture, CapturedSite, ProviderName } from "../shared/capture";
import { type ContextFigures, contextFigures } from "../shared/maps/context-figures";
import { reportRun } from "./capture-command";
import { inputChoice, type InputOptions } from "./input-options";
import { table, writeText } from "./output";
import { resolvePath, withEngine } from "./session";

export interface StatsOptions extends InputOptions {
  readonly site?: string[];
  readonly provider: ProviderName | "auto";
  /** How many samples. */
  readonly samples: number;
  readonly json?: string;
}

export function parseCount(text: string): number {
  const count = Number(text);
  if (!(Number.isInteger(count) && count > 0)) throw new InvalidArgumentError("It is a whole number from 1.");
  return count;
}

const figures = {
  meanContextAttention: "Mean context attention: mean weight of the last query over its context keys.",
  concentration: "Concentration: standard deviation of those weights; larger is more focused.",
  entropyNats: "Entropy: −Σ a ln a of those weights in nats, not renormalised; ln n when all n are alike.",
  recentDistantRatio: "Recent / distant: mean of the last quarter of the context over that of the first.",
} as const;
type Name = keyof typeof figures;
const names = Object.keys(figures) as Name[];

interface Spread {
  readonly mean: number;
  /** Population standard deviation over the samples. */
  readonly sd: number;
  readonly n: number;
}
type Summary = Record<Name | "normalisedEntropy" | "largest", Spread | null>;

export async function runStats(model: string, options: StatsOptions): Promise<void> {
  await withEngine(async (client) => {
    await client.open(resolvePath(model), "full");
    const request = { provider: options.provider, providerOrder: [], sites: options.site ?? null };
    const first = await client.capture({ ...request, input: inputChoice(options) });
    reportRun(first);
    const recorded = first.recording.samples;
    const count = Math.min(options.samples, recorded?.count ?? options.samples);
    const gathered = new Map<string, Gathered>();
    if (recorded)
      for (let sample = 0; sample < count; sample++) {
        const capture = await client.capture({
          ...request,
          input: { ...inputChoice(options), samples: [sample] },
        });
        await gather(client, capture, gathered, 1);
      }
    else await gather(client, first, gathered, options.samples);
    const sites = [...gathered.values()];
    const samples = Math.max(0, ...sites.map(({ mean }) => mean.length));
    const layers = sites.map(({ site, mean, heads }) => ({
      id: site.id,
      name: site.name,
      component: site.component,
      layer: site.layer,
      contextKeys: [...new Set(mean.map(({ keys }) => keys))],
      ...summary(mean),
      heads: heads.map((rows, head) => ({ head, ...summary(rows) })),
    }));
    const overall = summary(sites.flatMap(({ mean }) => mean));
    if (options.json !== undefined)
      writeText(
        options.json,
        `${JSON.stringify({ samples, domain: "last query, heads averaged first; heads: each by itself", explained: figures, overall, layers }, null, 2)}\n`,
      );
    if (options.json === "-") return;
    const cells = (each: Summary) => names.map((name) => spreadText(each[name]));
    const header = ["", ...names.map((name) => figures[name].split(":")[0] ?? name)];
    const title = (layer: (typeof layers)[number]) =>
      layer.layer === null
        ? layer.name
        : `${layer.component === null ? "" : `${layer.component} `}layer ${layer.layer}`;
    process.stdout.write(
      [
        `The last query over its context, heads averaged first; mean ± standard deviation over ${samples} ${samples === 1 ? "sample" : "samples"}.`,
        ...names.map((name) => `  ${figures[name]}`),
        "",
        table(header, [
          ...layers.map((layer) => [title(layer), ...cells(layer)]),
          ["overall", ...cells(overall)],
        ]),
        "",
        "Each head by itself (the entropy of a mean is at least the mean of the entropies):",
        table(
          header,
          layers.flatMap((layer) =>
            layer.heads.map((head) => [`${title(layer)} head ${head.head}`, ...cells(head)]),
          ),
        ),
        "",
      ].join("\n"),
    );
  });
}

interface Gathered {
  readonly site: CapturedSite;
  /** Of the mean over heads, a row for each sample. */
  readonly mean: ContextFigures[];
  readonly heads: ContextFigures[][];
}

/** The last query's figures of a capture's sites, of at most `most` elements of the batch. */
async function gather(
  client: EngineClient,
  capture: Capture,
  into: Map<string, Gathered>,
  most: number,
): Promise<void> {
  for (const site of capture.sites) {
    const entry = into.get(site.id) ?? {
      site,
      mean: [],
      heads: Array.from({ length: site.heads }, () => []),
    };
    into.set(site.id, entry);
    const query = site.queries - 1;
    const ownKey = site.kind === "self" && site.keys >= site.queries ? site.keys - 1 : null;
    const row = async (batch: number, head: number | "mean") => {
      const { cells } = await client.readRow({
        handle: site.handle,
        generation: capture.generation,
        batch,
        head,
        query,
      });
      return contextFigures(new Float32Array(cells), ownKey);
    };
    for (let batch = 0; batch < Math.min(site.batch, most); batch++) {
      const mean = await row(batch, "mean");
      if (mean) entry.mean.push(mean);
      for (let head = 0; head < site.heads; head++) {
        const own = await row(batch, head);
        if (own) entry.heads[head]?.push(own);
      }
    }
  }
}

function summary(rows: readonly ContextFigures[]): Summary {
  const spread = (name: Name | "normalisedEntropy" | "largest"): Spread | null => {
    const values = rows.flatMap((row) => row[name] ?? []);
    if (values.length === 0) return null;
    const mean = values.reduce((all, value) => all + value, 0) / values.length;
    const squares = values.reduce((all, value) => all + (value - mean) ** 2, 0);
    return { mean, sd: Math.sqrt(squares / values.length), n: values.length };
  };
  return {
    meanContextAttention: spread("meanContextAttention"),
    concentration: spread("concentration"),
    entropyNats: spread("entropyNats"),
    recentDistantRatio: spread("recentDistantRatio"),
    normalisedEntropy: spread("normalisedEntropy"),
    largest: spread("largest"),
  };
}

function spreadText(spread: Spread | null): string {
  return spread === null ? "—" : `${spread.mean.toFixed(4)} ± ${spread.sd.toFixed(4)}`;
}
