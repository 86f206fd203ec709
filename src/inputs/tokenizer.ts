/** A tokenizer.json as Hugging Face's tokenizers write it, and the text that its tokens stand for. */
import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import { AttentionError } from "../shared/errors";
import { refuseLarger } from "./limits";
import { tokenTexts } from "./token-text";

export interface Token {
  readonly id: number;
  /** The text that it stands for. */
  readonly text: string;
  /** As the vocabulary writes it. */
  readonly raw: string;
  /** Added around texts: [CLS], <s>. */
  readonly special: boolean;
  /** It only fills a text up to a length. */
  readonly padding?: true;
  /** It stands for a word that the vocabulary does not have. */
  readonly unknown?: true;
}

export interface EncodedText {
  readonly tokens: readonly Token[];
  /** 0 for tokens of the first text, 1 for those of the second. */
  readonly types: readonly number[];
}

export interface TextTokenizer {
  /** Path of its file. */
  readonly file: string;
  encode(text: string, pair: string | null, special?: boolean): EncodedText;
  token(id: number): Token;
  /** Words of a text that the vocabulary does not have. */
  unknownWords(text: string): string[];
  /** Id of a special token that tokenizer_config.json names: `eos_token`, `pad_token`. */
  special(role: string): number | null;
}

/** Reads a tokenizer; what is too large for one is refused unread. @param file path of tokenizer.json */
export function loadTokenizer(file: string): TextTokenizer {
  const name = path.basename(file);
  const json = readJson(file, name);
  const config = readConfig(path.join(path.dirname(file), "tokenizer_config.json"));
  let tokenizer: Tokenizer;
  try {
    tokenizer = new Tokenizer(withWords(withLetters(json)), config);
  } catch (error) {
    throw new AttentionError(
      "tokenizerInvalid",
      error instanceof Error ? `${error.message.replace(/\.$/, "")}.` : "",
      { where: file, cause: error },
    );
  }
  const text = tokenTexts(json);
  const added = tokenizer.get_added_tokens_decoder();
  const unknownToken = modelOf(json)["unk_token"];
  const unknown = typeof unknownToken === "string" ? tokenizer.token_to_id(unknownToken) : undefined;
  const token = (id: number | undefined): Token => {
    if (id === undefined)
      throw new AttentionError(
        "tokenizerInvalid",
        "A word is not in its vocabulary, and it has no token for such.",
        {
          where: file,
        },
      );
    const raw = tokenizer.id_to_token(id) ?? `#${id}`;
    const special = added.get(id)?.special === true;
    return {
      ...{ id, raw, special, text: added.has(id) ? raw : text(raw) },
      ...(id === unknown ? { unknown: true as const } : {}),
    };
  };
  const isUnknown = (word: string): boolean =>
    tokenizer
      .encode(word, { add_special_tokens: false })
      .ids.some((id) => id === unknown || id === undefined);
  return {
    file,
    token,
    encode: (first, pair, special = true) => {
      // The library leaves types out where nothing adds special tokens, whatever its types say.
      const ids = (text: string, other: string | null, specials: boolean) => {
        const made: { ids: number[]; token_type_ids?: number[] } = tokenizer.encode(text, {
          text_pair: other,
          add_special_tokens: specials,
          return_token_type_ids: true,
        });
        return { ids: made.ids, types: made.token_type_ids ?? made.ids.map(() => 0) };
      };
      const alone = ids(first, null, special);
      const both = pair === null ? alone : ids(first, pair, special);
      // Without a template for pairs it leaves the second text out.
      const second = pair !== null && both.ids.length === alone.ids.length ? ids(pair, null, false).ids : [];
      return {
        tokens: [...both.ids, ...second].map((id) => token(id)),
        types: [...both.types, ...second.map(() => 1)],
      };
    },
    unknownWords: (words) => {
      const each = new Set(words.split(/\s+/).filter(Boolean).slice(0, MOST_WORDS));
      return unknown === undefined ? [] : [...each].filter(isUnknown);
    },
    special: (role) => {
      const value = config[role] ?? (role === "pad_token" ? padTokenOf(json) : undefined);
      const written =
        typeof value === "object" && value !== null && "content" in value ? value.content : value;
      return typeof written === "string" ? (tokenizer.token_to_id(written) ?? null) : null;
    },
  };
}

/** Words of a text that are looked up one by one. */
const MOST_WORDS = 1_000;

function modelOf(json: object): Record<string, unknown> {
  const model: unknown = "model" in json ? json.model : undefined;
  return typeof model === "object" && model !== null ? (model as Record<string, unknown>) : {};
}

/** The token that the file itself fills texts up with. */
function padTokenOf(json: object): unknown {
  const padding: unknown = "padding" in json ? json.padding : undefined;
  return typeof padding === "object" && padding !== null && "pad_token" in padding
    ? padding.pad_token
    : undefined;
}

/**
 * A vocabulary of whole words (WordLevel), which the library does not know: as pieces of words (WordPiece) of which none
 * goes on, whole words are all that is found.
 */
function withWords(json: object): object {
  const model = modelOf(json);
  if (model["type"] !== "WordLevel") return json;
  return {
    ...json,
    model: {
      ...model,
      type: "WordPiece",
      continuing_subword_prefix: "\u0000",
      max_input_chars_per_word: 10_000,
    },
  };
}

/** What Rust's regular expressions take for \\w: letters of any script, marks, digits and joining punctuation. */
const WORD = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200c\\u200d";

/** Words as `tokenizers` finds them: the library's own rule for them knows the letters of ASCII alone. */
function withLetters(json: object): object {
  const pattern = { Regex: `[${WORD}]+|[^${WORD}\\s]+` };
  const replaced = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    const { type, pretokenizers } = value as Record<string, unknown>;
    if (type === "Whitespace") return { type: "Split", pattern, behavior: "Removed", invert: true };
    return Array.isArray(pretokenizers) ? { ...value, pretokenizers: pretokenizers.map(replaced) } : value;
  };
  return "pre_tokenizer" in json ? { ...json, pre_tokenizer: replaced(json.pre_tokenizer) } : json;
}

function readJson(file: string, name: string): object {
  try {
    refuseLarger("tokenizer", statSync(file).size, "The tokenizer", name);
    const json: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof json !== "object" || json === null || !("model" in json))
      throw new AttentionError("tokenizerInvalid", "It names no model.", { where: file });
    return json;
  } catch (error) {
    if (error instanceof AttentionError) throw error;
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw missing
      ? new AttentionError("fileNotFound", "The tokenizer does not exist.", { where: file })
      : new AttentionError("tokenizerInvalid", error instanceof Error ? `${error.message}.` : "", {
          where: file,
          cause: error,
        });
  }
}

/** tokenizer_config.json beside it; an empty one where there is none, or it cannot be read. */
function readConfig(file: string): Record<string, unknown> {
  try {
    refuseLarger("tokenizer", statSync(file).size, "The tokenizer's configuration", path.basename(file));
    const json: unknown = JSON.parse(readFileSync(file, "utf8"));
    return typeof json === "object" && json !== null ? (json as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
