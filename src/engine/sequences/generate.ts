/**
 * Goes on writing after a prompt: greedy, or drawn with a seed, one token a run. With caches of past keys and values a
 * run is given the last token alone; without them the whole text. Every run is a step with maps of its own.
 */
import { AttentionError } from "../../shared/errors";
import type { GenerateChoice } from "../../shared/input-choice";
import type { CaptureRequest } from "../../shared/protocol";
import type { NamedArray } from "../../inputs/arrays";
import { countOf } from "../../inputs/files/lazy-arrays";
import { integers } from "../../inputs/integers";
import { randomNumbers } from "../../inputs/synthetic";
import type { Token } from "../../inputs/tokenizer";
import { type CacheInputs, cacheOf, cachePairs } from "../inputs/cache-inputs";
import { type CaptureResult, describeRun } from "../describe-run";
import type { ChosenInput } from "../inputs/choose-input";
import { chooseToken, lastRow } from "./choose-token";
import { generationRules } from "../model/generation-rules";
import type { OpenModel } from "../model/open-model";
import { runSites } from "../run/run-sites";
import { memoryGuard, noteLast, type SequenceHost, stoppedAfter } from "./sequence-host";
import { tokenizerFile, tokenizerOf } from "../inputs/text-input";
import { tokenFeeds, tokenRoles, tooLong } from "../inputs/token-feeds";

/** The models of a generation; the same one twice where it is one file. */
export interface Writers {
  /** Reads the prompt. */
  readonly first: OpenModel;
  /** Is given the caches of the run before. */
  readonly later: OpenModel;
}

/**
 * @param prompt the input of the first run, its caches empty
 * @returns a capture for each token, the prompt's run first
 */
export async function generate(
  { first, later }: Writers,
  request: CaptureRequest,
  prompt: ChosenInput,
  choice: GenerateChoice,
  host: SequenceHost,
): Promise<CaptureResult[]> {
  const written = promptTokens(first, prompt);
  const tokens = tokenTexts(first, prompt);
  const word = (id: number) => tokens?.(id).text ?? `#${id}`;
  const rules = generationRules(first, choice, written.length, word);
  const stated = { ...prompt, notices: [...prompt.notices, ...rules.notices] };
  const random = randomNumbers(choice.seed ?? 0);
  const full = memoryGuard();
  const results: CaptureResult[] = [];
  let opened = first;
  let feeds = prompt.feeds;
  let queries = written.length;
  for (let step = 0; step < rules.tokens; step++) {
    const writer = writerOf(opened);
    const pairs = cachePairs(later.inputs, opened.summary.outputs);
    const ran = await runSites(opened, request, feeds, {
      phases: host.phases,
      label: { name: "token", done: step, total: rules.tokens },
      others: [writer.logits, ...pairs.map(({ output }) => output)],
    });
    const scores = ran.run.others.get(writer.logits);
    if (!scores) throw new AttentionError("runFailed", `The run returned no ${writer.logits}.`);
    const next = chooseToken(lastRow(scores), written.length, rules, random);
    const shown = shownInput(opened, writer, { prompt: stated, feeds, tokens, written, queries });
    const labelled = {
      ...shown,
      parts: [...(prompt.parts ?? []), first, later],
      recording: {
        ...shown.recording,
        generates: true,
        steps: { name: "token", count: step + 1, index: step, labels: [word(next)] },
      },
    };
    results.push(describeRun(opened, request, labelled, ran, host.nextGeneration(), host.phases));
    written.push(next);
    const more = step + 1 < rules.tokens;
    const ended =
      full(results) ??
      (rules.ends.ids.has(next) ? `The text ends there: ${word(next)} is ${rules.ends.from}.` : null) ??
      bufferEnd(later, written.length, more) ??
      (more ? stoppedAfter(host, results.length, rules.tokens, "token") : null);
    if (ended !== null) {
      noteLast(results, ended);
      break;
    }
    // The first model's session is of no use to the later ones.
    if (opened !== later) await opened.sessions.release();
    opened = later;
    queries = pairs.length > 0 ? 1 : written.length;
    feeds = nextFeeds(opened, feeds, ran.run.others, pairs, written, queries);
  }
  return results;
}

type Writer = CacheInputs & { readonly ids: string; readonly logits: string };

function writerOf(opened: OpenModel): Writer {
  const cache = cacheOf(opened);
  const { ids, logits } = cache ?? { ids: null, logits: null };
  if (cache && ids !== null && logits !== null) return { ...cache, ids, logits };
  throw new AttentionError(
    "inputMismatch",
    "This model does not write: it has no input_ids, or no logits of tokens.",
    { where: opened.summary.name },
  );
}

/** Ids of the prompt; one text alone. */
function promptTokens(opened: OpenModel, { feeds }: ChosenInput): number[] {
  const { ids: name, length, pairs } = writerOf(opened);
  const ids = feeds.get(name);
  if (!ids || Array.isArray(ids.data) || countOf(ids.dims.slice(0, -1)) !== 1)
    throw new AttentionError("inputMismatch", "A generation goes on from one text at a time.", {
      where: name,
    });
  const written = Array.from(ids.data as ArrayLike<number | bigint>, Number);
  if (length !== null && written.length > length)
    throw tooLong({ name: pairs[0]?.input ?? name }, written.length, length);
  return written;
}

/** Why no further run can be made, where caches of a fixed length are full. */
function bufferEnd(later: OpenModel, tokens: number, more: boolean): string | null {
  const length = cacheOf(later)?.length ?? null;
  return more && length !== null && tokens > length
    ? `It was ended there: the caches hold ${length} tokens.`
    : null;
}

/** What the next run is given: the last token (or all), a longer mask, later positions, and the caches. */
function nextFeeds(
  opened: OpenModel,
  before: ReadonlyMap<string, NamedArray>,
  made: ReadonlyMap<string, NamedArray>,
  pairs: CacheInputs["pairs"],
  written: readonly number[],
  queries: number,
): Map<string, NamedArray> {
  const writer = writerOf(opened);
  const feeds = new Map<string, NamedArray>();
  const hidden = maskedIn(opened, writer, before);
  const visible = written.map((_, at) => hidden[at] ?? 1);
  const follow = tokenFeeds(opened, writer, { visible: [visible], queries }, before);
  for (const input of opened.inputs) {
    const { name } = input;
    const kept = before.get(name);
    const pair = pairs.find((each) => each.input === name);
    const present = pair && made.get(pair.output);
    const rank = input.dims?.length ?? 2;
    const array =
      name === writer.ids
        ? integers(input, rank === 1 ? [queries] : [1, queries], written.slice(written.length - queries))
        : name === writer.branch
          ? { dtype: "bool", dims: kept?.dims ?? [1], data: Uint8Array.from([1]) }
          : // A merged decoder returns an empty cache of the encoder from its second run on: the first one's stays.
            present && countOf(present.dims) > 0
            ? present
            : (follow.get(name) ?? kept);
    if (!array)
      throw new AttentionError("inputMissing", `Nothing tells what ${name} is in a later run.`, {
        where: opened.summary.name,
      });
    feeds.set(name, array);
  }
  return feeds;
}

/** What the mask of the run before said of each token; those behind a buffer's end are not there yet. */
function maskedIn(opened: OpenModel, writer: Writer, before: ReadonlyMap<string, NamedArray>): number[] {
  const [name] = [...tokenRoles(opened, writer)].find(([, role]) => role === "mask") ?? [];
  const mask = name === undefined ? undefined : before.get(name);
  if (!mask || writer.length !== null) return [];
  return Array.from(mask.data as ArrayLike<number | bigint>, Number);
}

interface Shown {
  readonly prompt: ChosenInput;
  readonly feeds: ReadonlyMap<string, NamedArray>;
  readonly tokens: ((id: number) => Token) | null;
  readonly written: readonly number[];
  readonly queries: number;
}

/** Labels of the text so far, and of the tokens that are queries in this run. */
function shownInput(
  opened: OpenModel,
  { ids, pairs }: Writer,
  { prompt, feeds, tokens, written, queries }: Shown,
): ChosenInput {
  const [own] = prompt.texts.filter(
    ({ input, role }) => input === ids && (!prompt.pair || role === "decoder"),
  );
  const others = prompt.texts.filter((text) => text !== own);
  const row = tokens ? written.map(tokens) : null;
  const symbolOf = (list: OpenModel["inputs"], name: string | undefined, axis: number) => {
    const symbol = list.find((each) => each.name === name)?.dims?.at(axis);
    return typeof symbol === "string" ? symbol : null;
  };
  const on = (shown: readonly Token[], symbol: string | null) => ({
    input: ids,
    role: own?.role ?? ("decoder" as const),
    from: own?.from ?? "tokenizer.json",
    symbol,
    tokens: [shown],
  });
  const present = symbolOf(opened.summary.outputs, pairs[0]?.output, 2);
  return {
    ...prompt,
    feeds,
    texts: row
      ? [on(row, present), on(row.slice(-queries), symbolOf(opened.inputs, ids, -1)), ...others]
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
