/** Texts as inputs of a model: ids, masks, types and positions, padded and cut as its shapes want. */
import { AttentionError } from "../shared/errors";
import type { TensorSignature } from "../shared/model";
import type { NamedArray } from "./arrays";
import { integers } from "./integers";
import type { EncodedText, TextTokenizer, Token } from "./tokenizer";

/** The inputs of a model that belong to one text. */
export interface TextInputs {
  readonly ids: TensorSignature;
  readonly mask: TensorSignature | undefined;
  readonly types: TensorSignature | undefined;
  readonly positions: TensorSignature | undefined;
}

export interface TextOptions {
  /** Number of tokens to cut or pad to; the input's own, or the longest text, when left out. */
  readonly length?: number | undefined;
  readonly padding?: "left" | "right" | undefined;
  readonly special?: boolean | undefined;
}

export interface TextFeeds {
  readonly feeds: ReadonlyMap<string, NamedArray>;
  /** Tokens of each text, padding included. */
  readonly tokens: readonly (readonly Token[])[];
  readonly notices: readonly string[];
}

const isInteger = ({ dtype }: TensorSignature) => /^u?int(8|16|32|64)$/.test(dtype);

/**
 * The inputs that take tokens: first those of the (encoder's) text, then those of a decoder's. Names are the ones that
 * exporters of transformers write; `named` says them where they differ.
 */
export function textInputs(
  inputs: readonly TensorSignature[],
  named: { ids?: string; mask?: string; types?: string } = {},
): TextInputs[] {
  const find = (pattern: RegExp, name?: string) =>
    inputs.find((input) => (name === undefined ? pattern.test(input.name) : input.name === name));
  const of = (before: string, own: typeof named): TextInputs | null => {
    const start = `^${before}`;
    const ids = find(
      new RegExp(`${start}(input_ids?|ids|tokens|token_ids|input_tokens)(\\.\\d+)?$`, "i"),
      own.ids,
    );
    if (!ids || (ids.dims && ids.dims.length > 2) || !isInteger(ids)) return null;
    return {
      ids,
      mask: find(new RegExp(`${start}(attention_mask|input_mask|mask)(\\.\\d+)?$`, "i"), own.mask),
      types: find(new RegExp(`${start}(token_type_ids|segment_ids)(\\.\\d+)?$`, "i"), own.types),
      positions: find(new RegExp(`${start}position_ids(\\.\\d+)?$`, "i")),
    };
  };
  return [of("(encoder_)?", named), of("decoder_", {})].filter((each) => each !== null);
}

/** Texts of a batch that a notice speaks of one by one. */
const MOST_TOLD = 8;

function paddingWords(
  short: readonly { readonly text: number; readonly tokens: number }[],
  length: number,
  many: boolean,
): string {
  if (!many) return `The text has ${short[0]?.tokens} tokens and is padded to ${length}.`;
  const each = short.slice(0, MOST_TOLD).map(({ text, tokens }) => `text ${text} has ${tokens}`);
  const rest = short.length - each.length;
  return `Texts are padded to ${length} tokens: ${each.join(", ")}${rest > 0 ? `, and ${rest} more are shorter` : ""}.`;
}

/** Ids, mask, types and positions of texts that make one batch. @param where the tokenizer's name, for messages */
export function textFeeds(
  inputs: TextInputs,
  encoded: readonly EncodedText[],
  tokenizer: TextTokenizer,
  options: TextOptions = {},
): TextFeeds {
  const fixed = inputs.ids.dims?.at(-1);
  const wanted = options.length ?? (typeof fixed === "number" && fixed > 0 ? fixed : undefined);
  const longest = Math.max(...encoded.map(({ tokens }) => tokens.length));
  const length = wanted ?? longest;
  if (length === 0)
    throw new AttentionError("inputMismatch", "The text makes no tokens.", { where: inputs.ids.name });
  const batch = inputs.ids.dims && inputs.ids.dims.length > 1 ? inputs.ids.dims[0] : undefined;
  if (inputs.ids.dims?.length === 1 && encoded.length > 1)
    throw new AttentionError("inputMismatch", `${inputs.ids.name} takes one text at a time.`);
  if (typeof batch === "number" && batch > 0 && batch !== encoded.length)
    throw new AttentionError(
      "inputMismatch",
      `${inputs.ids.name} wants a batch of ${batch}, and ${encoded.length} ${encoded.length === 1 ? "text is" : "texts are"} given.`,
    );
  const notices: string[] = [];
  const sizes = encoded.map(({ tokens }, text) => ({ text, tokens: tokens.length }));
  const many = encoded.length > 1;
  for (const { text, tokens } of sizes.filter((each) => each.tokens > length).slice(0, MOST_TOLD))
    notices.push(
      `${many ? `Text ${text}` : "The text"} has ${tokens} tokens; ${inputs.ids.name} takes the first ${length}.`,
    );
  const short = sizes.filter(({ tokens }) => tokens < length);
  const shorter = short.length > 0;
  if (shorter) notices.push(paddingWords(short, length, many));
  const padding: Token = tokenizer.token(
    tokenizer.special("pad_token") ?? tokenizer.special("eos_token") ?? 0,
  );
  if (shorter && !inputs.mask)
    notices.push(
      "No input of the model masks padding: unless its graph knows padding by its id, it is attended to as any token.",
    );
  const rows = encoded.map(({ tokens, types }) => {
    const kept = tokens.slice(0, length);
    const pads = new Array<Token>(length - kept.length).fill(padding);
    const left = options.padding === "left";
    const sides = <T>(values: readonly T[], fill: T): T[] => {
      const empty = pads.map(() => fill);
      return left ? [...empty, ...values] : [...values, ...empty];
    };
    const mask = sides(
      kept.map(() => 1),
      0,
    );
    let seen = 0;
    return {
      tokens: sides<Token>(kept, { ...padding, special: true, padding: true }),
      mask,
      types: sides(types.slice(0, length), 0),
      // Padding on the left takes no position; what is behind the text goes on counting.
      positions: mask.map((valid, at) => (left ? (valid ? seen++ : 0) : at)),
    };
  });
  const dims = inputs.ids.dims?.length === 1 ? [length] : [encoded.length, length];
  const feeds = new Map<string, NamedArray>();
  const give = (input: TensorSignature | undefined, values: readonly number[]) => {
    if (input) feeds.set(input.name, integers(input, dims, values));
  };
  give(
    inputs.ids,
    rows.flatMap(({ tokens }) => tokens.map(({ id }) => id)),
  );
  give(
    inputs.mask,
    rows.flatMap(({ mask }) => mask),
  );
  give(
    inputs.types,
    rows.flatMap(({ types }) => types),
  );
  give(
    inputs.positions,
    rows.flatMap(({ positions }) => positions),
  );
  return { feeds, tokens: rows.map(({ tokens }) => tokens), notices };
}
