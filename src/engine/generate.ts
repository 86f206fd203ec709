/**
 * Goes on writing after a prompt: greedy, or drawn with a seed, one token a run. With caches of past keys and values a
 * run is given the last token alone; without them the whole text. Every run is a step with maps of its own.
 */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { AttentionError } from "../shared/errors";
import type { GenerateChoice } from "../shared/input-choice";
import type { CaptureRequest } from "../shared/protocol";
import type { NamedArray } from "../inputs/arrays";
import { countOf } from "../inputs/files/lazy-arrays";
import { fromHalf } from "../inputs/half-precision";
import { integers } from "../inputs/integers";
import { randomNumbers } from "../inputs/synthetic";
import type { Token } from "../inputs/tokenizer";
import { type CacheInputs, cacheOf } from "./cache-inputs";
import { type CaptureResult, describeRun } from "./capture";
import type { ChosenInput } from "./choose-input";
import type { OpenModel } from "./open-model";
import { runSites } from "./run-sites";
import { memoryGuard, type SequenceHost } from "./sequence-host";
import { tokenizerFile, tokenizerOf } from "./text-input";

/** @param prompt the input of the first run, its caches empty. @returns a capture for each token, the prompt's run first */
export async function generate(
  opened: OpenModel,
  request: CaptureRequest,
  prompt: ChosenInput,
  choice: GenerateChoice,
  host: SequenceHost,
): Promise<CaptureResult[]> {
  const cache = cacheOf(opened);
  const { ids: idsName, logits } = cache ?? { ids: null, logits: null };
  const ids = idsName === null ? undefined : prompt.feeds.get(idsName);
  if (!cache || idsName === null || logits === null || !ids || Array.isArray(ids.data))
    throw new AttentionError(
      "inputMismatch",
      "This model does not write: it has no input_ids, or no logits of tokens.",
    );
  if (countOf(ids.dims.slice(0, -1)) !== 1)
    throw new AttentionError("inputMismatch", "A generation goes on from one text at a time.", {
      where: idsName,
    });
  const written = Array.from(ids.data as ArrayLike<number | bigint>, Number);
  const tokens = tokenTexts(opened, prompt);
  const ends = endTokens(opened);
  const random = randomNumbers(choice.seed ?? 0);
  const full = memoryGuard();
  const results: CaptureResult[] = [];
  let feeds = prompt.feeds;
  let queries = written.length;
  for (let step = 0; step < choice.tokens; step++) {
    const ran = await runSites(opened, request, feeds, {
      phases: host.phases,
      label: `token ${step + 1} of ${choice.tokens}`,
      others: [logits, ...cache.pairs.map(({ output }) => output)],
    });
    const scores = ran.run.others.get(logits);
    if (!scores) throw new AttentionError("runFailed", `The run returned no ${logits}.`);
    const next = choose(lastRow(scores), choice, random);
    const shown = shownInput(prompt, feeds, tokens, written, queries, idsName);
    const labelled = {
      ...shown,
      recording: {
        ...shown.recording,
        steps: { name: "token", count: step + 1, index: step, labels: [tokens?.(next).text ?? `#${next}`] },
      },
    };
    results.push(describeRun(opened, request, labelled, ran, host.nextGeneration(), host.phases));
    written.push(next);
    const filled = full(results);
    if (filled !== null) {
      noteLast(results, filled);
      break;
    }
    if (ends.has(next) || host.stopped()) break;
    queries = cache.pairs.length > 0 ? 1 : written.length;
    feeds = nextFeeds(opened, cache, feeds, ran.run.others, written, queries);
  }
  return results;
}

function noteLast(results: CaptureResult[], notice: string): void {
  const last = results.pop();
  if (last)
    results.push({ ...last, capture: { ...last.capture, notices: [...last.capture.notices, notice] } });
}

/** What the next run is given: the last token (or all), a longer mask, later positions, and the caches. */
function nextFeeds(
  opened: OpenModel,
  cache: CacheInputs,
  before: ReadonlyMap<string, NamedArray>,
  made: ReadonlyMap<string, NamedArray>,
  written: readonly number[],
  queries: number,
): Map<string, NamedArray> {
  const feeds = new Map(before);
  const signature = (name: string) =>
    opened.inputs.find((input) => input.name === name) ?? { name, dtype: "int64" };
  for (const [name, array] of before) {
    const rank = array.dims.length;
    const dims = (length: number) => (rank === 1 ? [length] : [1, length]);
    if (name === cache.ids)
      feeds.set(name, integers(signature(name), dims(queries), written.slice(written.length - queries)));
    else if (/^(decoder_)?attention_mask$/.test(name) && rank <= 2) {
      const old = Array.from(array.data as ArrayLike<number | bigint>, Number);
      const more = new Array<number>(Math.max(0, written.length - old.length)).fill(1);
      feeds.set(name, integers(signature(name), dims(written.length), [...old, ...more]));
    } else if (/position_ids$/.test(name) && rank <= 2) {
      // Positions count the tokens that are seen, so that padding on the left takes none.
      const last = Number(array.data[array.data.length - 1] ?? -1);
      const own = Array.from(array.data as ArrayLike<number | bigint>, Number);
      feeds.set(
        name,
        integers(signature(name), dims(queries), queries === 1 ? [last + 1] : [...own, last + 1]),
      );
    } else if (/token_type_ids$/.test(name) && rank <= 2)
      feeds.set(name, integers(signature(name), dims(queries), new Array<number>(queries).fill(0)));
    else if (name === cache.branch) feeds.set(name, { ...array, data: Uint8Array.from([1]) });
    else if (/^cache_position$/.test(name))
      feeds.set(
        name,
        integers(
          signature(name),
          [queries],
          Array.from({ length: queries }, (_, at) => written.length - queries + at),
        ),
      );
  }
  for (const { input, output } of cache.pairs) {
    const present = made.get(output);
    // A merged decoder returns an empty cache of the encoder from its second run on: the first one's stays.
    if (present && countOf(present.dims) > 0) feeds.set(input, present);
  }
  return feeds;
}

/** Labels of the text so far, and of the tokens that are queries in this run. */
function shownInput(
  prompt: ChosenInput,
  feeds: ReadonlyMap<string, NamedArray>,
  token: ((id: number) => Token) | null,
  written: readonly number[],
  queries: number,
  ids: string,
): ChosenInput {
  const [own] = prompt.texts.filter(({ input }) => input === ids);
  const others = prompt.texts.filter(({ input }) => input !== ids);
  const row = token ? written.map(token) : null;
  const on = (tokens: readonly Token[]) => ({
    input: ids,
    role: own?.role ?? ("decoder" as const),
    from: own?.from ?? "tokenizer.json",
    symbol: null,
    tokens: [tokens],
  });
  return {
    ...prompt,
    feeds,
    texts: row
      ? [on(row), ...(queries < row.length ? [on(row.slice(-queries))] : []), ...others]
      : prompt.texts,
    report: {
      ...prompt.report,
      tensors: [...feeds].map(([name, { dtype, dims }]) => ({ name, dtype, dims: [...dims] })),
    },
  };
}

function tokenTexts(opened: OpenModel, prompt: ChosenInput): ((id: number) => Token) | null {
  if (prompt.texts.length === 0 && tokenizerFile(opened) === null) return null;
  return tokenizerOf(opened).token;
}

/** Tokens that end a text: of generation_config.json or config.json, else the tokenizer's own. */
function endTokens(opened: OpenModel): ReadonlySet<number> {
  const ids = configIds(opened, "eos_token_id");
  if (ids.length > 0) return new Set(ids);
  const own = tokenizerFile(opened) === null ? null : tokenizerOf(opened).special("eos_token");
  return new Set(own === null ? [] : [own]);
}

/** Ids that the configuration beside the model gives to a role. */
export function configIds({ file }: Pick<OpenModel, "file">, role: string): number[] {
  const folder = path.dirname(file.path);
  const places = [folder, ...(path.basename(folder) === "onnx" ? [path.dirname(folder)] : [])];
  for (const place of places) {
    for (const name of ["generation_config.json", "config.json"]) {
      const config = path.join(place, name);
      if (!existsSync(config)) continue;
      try {
        const value = (JSON.parse(readFileSync(config, "utf8")) as Record<string, unknown>)[role];
        const ids = [value].flat().filter((id): id is number => Number.isInteger(id));
        if (ids.length > 0) return ids;
      } catch {
        // A configuration that cannot be read names no tokens.
      }
    }
  }
  return [];
}

/** Logits of the last token: [batch 1, tokens, vocabulary]. */
function lastRow({ data, dims, dtype }: NamedArray): Float64Array {
  const size = dims.at(-1) ?? 0;
  const row = data.slice(data.length - size) as ArrayLike<number>;
  return Float64Array.from(row, (value) => (dtype === "float16" ? fromHalf(value) : Number(value)));
}

/** The likeliest token; or one drawn from softmax(logits / temperature). */
function choose(logits: Float64Array, choice: GenerateChoice, random: () => number): number {
  let best = 0;
  for (let id = 1; id < logits.length; id++)
    if ((logits[id] ?? -Infinity) > (logits[best] ?? -Infinity)) best = id;
  if (choice.sample !== true) return best;
  const most = logits[best] ?? 0;
  const weights = logits.map((logit) => Math.exp((logit - most) / (choice.temperature ?? 1)));
  let left = random() * weights.reduce((all, weight) => all + weight, 0);
  for (let id = 0; id < weights.length; id++) {
    left -= weights[id] ?? 0;
    if (left < 0) return id;
  }
  return best;
}
