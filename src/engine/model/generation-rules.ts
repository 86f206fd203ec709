/**
 * How a text goes on: what was asked for, else what generation_config.json or config.json beside the model says, each
 * thing that is taken from there stated. The fields are those of Hugging Face's `GenerationConfig`.
 */
import { count } from "../../shared/format";
import type { GenerateChoice } from "../../shared/input-choice";
import type { TokenRules } from "../sequences/choose-token";
import { configured, configIds, configuredIds, configuredNumber, isId } from "./model-config";
import type { OpenModel } from "./open-model";
import { type EndTokens, endTokens } from "./token-config";

/** Tokens that are made where nothing says how many. */
const TOKENS = 32;

export interface GenerationRules extends TokenRules {
  /** Tokens to make at most. */
  readonly tokens: number;
  readonly ends: EndTokens;
  /** What was taken from beside the model, and not asked for, in sentences. */
  readonly notices: readonly string[];
}

/** Whether tokens are drawn where nobody says: `do_sample` of the configuration. */
export function drawsByDefault(opened: Pick<OpenModel, "file">): boolean {
  return doSample(opened)?.value ?? false;
}

const doSample = (opened: Pick<OpenModel, "file">) =>
  configured(opened, "do_sample", (value) => (typeof value === "boolean" ? value : null));

/**
 * @param prompt tokens that are there before the first one is made
 * @param word a token in words
 */
export function generationRules(
  opened: OpenModel,
  choice: GenerateChoice,
  prompt: number,
  word: (id: number) => string,
): GenerationRules {
  const notices: string[] = [];
  const forced = forcedTokens(opened, prompt);
  for (const { id, from } of forced.values())
    notices.push(`${word(id)} is written whatever the model says, as ${from} says.`);
  let begin = prompt;
  while (forced.has(begin)) begin += 1;
  const suppressed = configuredIds(opened, "suppress_tokens");
  const first = configuredIds(opened, "begin_suppress_tokens");
  for (const [ids, when] of [
    [suppressed, "never written"],
    [first, "not written first"],
  ] as const)
    if (ids)
      notices.push(
        `${ids.value.length === 1 ? "1 token is" : `${count(ids.value.length)} tokens are`} ${when}, as ${ids.from} says.`,
      );
  return {
    ...drawing(opened, choice, notices),
    tokens: tokensToMake(opened, choice, prompt, notices),
    forced: new Map([...forced].map(([at, { id }]) => [at, id])),
    suppressed: new Set(suppressed?.value),
    suppressedAt: { at: begin, ids: new Set(first?.value) },
    ends: endTokens(opened),
    notices,
  };
}

/** Whether and how tokens are drawn. */
function drawing(
  opened: OpenModel,
  choice: GenerateChoice,
  notices: string[],
): Pick<TokenRules, "sample" | "temperature" | "topK" | "topP"> {
  const usual = doSample(opened);
  const sample = choice.sample ?? usual?.value ?? false;
  if (!sample) return { sample, temperature: 1, topK: null, topP: null };
  const taken: string[] = [];
  let from = choice.sample === undefined ? (usual?.from ?? "") : "";
  const setting = (asked: number | undefined, field: string, words: string): number | null => {
    if (asked !== undefined) return asked;
    const said = configuredNumber(opened, field);
    if (said === null) return null;
    taken.push(`${words} ${said.value}`);
    from ||= said.from;
    return said.value;
  };
  const temperature = setting(choice.temperature, "temperature", "temperature") ?? 1;
  const topK = setting(choice.topK, "top_k", "top-k");
  const topP = setting(choice.topP, "top_p", "top-p");
  const settings = [...taken, `seed ${choice.seed ?? 0}`].join(", ");
  if (choice.sample === undefined)
    notices.push(
      `Tokens are drawn by chance (${settings}), as ${from} says; --greedy takes the likeliest instead.`,
    );
  else if (taken.length > 0) notices.push(`Tokens are drawn with ${taken.join(", ")}, as ${from} says.`);
  return { sample, temperature, topK, topP };
}

/** How many tokens: what is asked for, else the configuration's most new tokens, or its most tokens less the prompt. */
function tokensToMake(
  opened: OpenModel,
  { tokens }: GenerateChoice,
  prompt: number,
  notices: string[],
): number {
  if (tokens !== undefined) return tokens;
  const fresh = configuredNumber(opened, "max_new_tokens");
  const all = fresh ? null : configuredNumber(opened, "max_length");
  const made = fresh ? fresh.value : all ? all.value - prompt : TOKENS;
  const most = Math.min(100_000, Math.max(1, Math.floor(made)));
  notices.push(
    fresh || all
      ? `Up to ${count(most)} tokens are written, as ${fresh ? "max_new_tokens" : "max_length"} of ${(fresh ?? all)?.from ?? ""} says.`
      : `Up to ${count(most)} tokens are written, since nothing says how many.`,
  );
  return most;
}

/** Tokens that are written whatever the model says, by how many stand before them; only those behind the prompt. */
function forcedTokens(opened: OpenModel, prompt: number): Map<number, { id: number; from: string }> {
  const forced = new Map<number, { id: number; from: string }>();
  const listed = configured(opened, "forced_decoder_ids", (value) => (Array.isArray(value) ? value : null));
  for (const entry of (listed?.value ?? []) as readonly unknown[]) {
    const [at, id] = Array.isArray(entry) ? (entry as readonly unknown[]) : [];
    if (listed && isId(at) && isId(id)) forced.set(at, { id, from: `forced_decoder_ids of ${listed.from}` });
  }
  const [bos] = configIds(opened, "forced_bos_token_id");
  const from = configuredIds(opened, "forced_bos_token_id")?.from ?? "";
  if (bos !== undefined) forced.set(1, { id: bos, from: `forced_bos_token_id of ${from}` });
  return new Map([...forced].filter(([at]) => at >= prompt).sort(([one], [other]) => one - other));
}
