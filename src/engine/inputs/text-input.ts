/** The texts of a capture: which tokenizer, and what it makes for the model's inputs. */
import { existsSync } from "node:fs";
import path from "node:path";
import { AttentionError } from "../../shared/errors";
import type { InputChoice, Tokenized } from "../../shared/input-choice";
import { insideFolder } from "../../inputs/manifest/paths";
import type { NamedArray } from "../../inputs/arrays";
import type { ManifestText } from "../../inputs/manifest/inputs-schema";
import { textFeeds, textInputs } from "../../inputs/text-feeds";
import { loadTokenizer, type TextTokenizer, type Token } from "../../inputs/tokenizer";
import { configIds } from "../model/model-config";
import { encoderIfRead } from "../model/model-parts";
import type { OpenModel } from "../model/open-model";

/** Tokens that an axis of the same length holds. */
export interface TextOnAxis {
  /** The model's input of their ids. */
  readonly input: string;
  readonly role: "encoder" | "decoder";
  /** Tokens of each sample of the batch. */
  readonly tokens: readonly (readonly Token[])[];
  /** The tokenizer's file, for what is assumed. */
  readonly from: string;
  /** Symbol of the input's length, where the graph has one. */
  readonly symbol: string | null;
  /** The graph says that an axis of keys from the encoder holds these very tokens. */
  readonly known?: boolean;
}

export interface TextInput {
  readonly feeds: ReadonlyMap<string, NamedArray>;
  readonly texts: readonly TextOnAxis[];
  readonly prompt: { text: string[]; textPair: string[] | null };
  readonly tokenizer: TextTokenizer;
  readonly notices: readonly string[];
}

/** The tokenizer that a manifest names, else the one beside the model or in the folder above it. */
export function tokenizerFile({ file, manifest }: Pick<OpenModel, "file" | "manifest">): string | null {
  const named = manifest?.manifest.inputs?.texts?.find(({ tokenizer }) => tokenizer !== undefined)?.tokenizer;
  if (named !== undefined && manifest) return insideFolder(path.dirname(manifest.path), named);
  const folder = path.dirname(file.path);
  // Exports of optimum lie in a folder "onnx" below the tokenizer.
  const places = [folder, ...(path.basename(folder) === "onnx" ? [path.dirname(folder)] : [])];
  return places.map((place) => path.join(place, "tokenizer.json")).find((place) => existsSync(place)) ?? null;
}

const loaded = new WeakMap<OpenModel, TextTokenizer>();

export function tokenizerOf(opened: OpenModel): TextTokenizer {
  const known = loaded.get(opened);
  if (known) return known;
  const file = tokenizerFile(opened);
  if (file === null)
    throw new AttentionError("inputMissing", "There is no tokenizer.json beside the model.", {
      where: path.dirname(opened.file.path),
      fix: "Put the model's tokenizer.json there (tokenizer.save_pretrained(folder)), or name it in the manifest: inputs.texts.",
    });
  const tokenizer = loadTokenizer(file);
  loaded.set(opened, tokenizer);
  return tokenizer;
}

/** The tokens of a text while it is typed, and what becomes of what does not fit. */
export function tokenized(opened: OpenModel, text: string, textPair: string | null): Tokenized {
  const tokenizer = tokenizerOf(opened);
  const said: Partial<ManifestText> = opened.manifest?.manifest.inputs?.texts?.[0] ?? {};
  const [main] = textInputs(opened.inputs, namesOf(said));
  const apart = secondText(opened, encoderIfRead(opened) !== null) === "decoder";
  const { tokens } = tokenizer.encode(text, apart ? null : textPair, said.special ?? true);
  const fixed = main?.ids.dims?.at(-1);
  const most = said.length ?? (typeof fixed === "number" && fixed > 0 ? fixed : Infinity);
  return {
    tokens: tokens.map(shown),
    // What a decoder begins with has no special tokens but those that are written.
    ...(apart && textPair !== null
      ? { second: tokenizer.encode(textPair, null, false).tokens.map(shown) }
      : {}),
    from: path.basename(tokenizer.file),
    notices: [
      ...unknownWords(tokenizer, [text, ...(textPair === null ? [] : [textPair])]),
      ...(tokens.length > most ? [`The model takes the first ${most} of ${tokens.length} tokens.`] : []),
    ],
  };
}

const shown = ({ text, raw, id, special }: Token): Tokenized["tokens"][number] => ({
  text,
  raw,
  id,
  special,
});

/** What a second text is to the model; null where it has no place. @param encoder lies in a file beside the model */
export function secondText(opened: OpenModel, encoder: boolean): "pair" | "decoder" | null {
  const said: Partial<ManifestText> = opened.manifest?.manifest.inputs?.texts?.[0] ?? {};
  const [main, decoder] = textInputs(opened.inputs, namesOf(said));
  if (encoder || decoder) return "decoder";
  return main?.types ? "pair" : null;
}

/** Words that a notice names. */
const MOST_NAMED = 8;

/** What becomes of words that the vocabulary does not have. */
function unknownWords(tokenizer: TextTokenizer, texts: readonly string[]): string[] {
  const words = [...new Set(texts.flatMap((text) => tokenizer.unknownWords(text)))];
  if (words.length === 0) return [];
  const [stand] = tokenizer.encode(words[0] ?? "", null, false).tokens.filter(({ unknown }) => unknown);
  const named = words.slice(0, MOST_NAMED).map((word) => `“${word}”`);
  const rest = words.length - named.length;
  const subject = `${named.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
  return [
    `${subject} ${words.length === 1 ? "is" : "are"} not in the vocabulary, and ${words.length === 1 ? "becomes" : "become"} ${stand?.raw ?? "unknown"}.`,
  ];
}

const listed = (value: string | readonly string[] | undefined): string[] | undefined =>
  value === undefined ? undefined : [value].flat();

export interface Texts {
  readonly text: string[];
  readonly textPair: string[] | null;
}

/**
 * The texts that were asked for or that the manifest names, in which {task} stands for the recorded task; else the
 * tasks themselves; null where there are none.
 * @param tasks of the samples that are shown; null where the recording has none
 */
export function textsOf(
  { manifest }: OpenModel,
  choice: InputChoice | null,
  tasks: readonly string[] | null = null,
): Texts | null {
  const asked = listed(choice?.text);
  if (asked) return { text: asked, textPair: listed(choice?.textPair) ?? null };
  const [first, second] = manifest?.manifest.inputs?.texts ?? [];
  if (first?.text === undefined) return tasks && { text: [...tasks], textPair: null };
  const pair = first.pair ?? second?.text;
  const filled = (text: string) => (tasks ?? [""]).map((task) => text.replaceAll("{task}", task));
  return { text: filled(first.text), textPair: pair === undefined ? null : filled(pair) };
}

/** The tasks, where all samples have one, a tokenizer is there, and nothing recorded fills the input of its ids. */
export function unfedTasks(
  opened: OpenModel,
  { given }: { readonly given: ReadonlyMap<string, NamedArray> },
  tasks: readonly (string | null)[],
): string[] | null {
  const known = tasks.filter((task) => task !== null);
  if (known.length < tasks.length || known.length === 0) return null;
  const said = opened.manifest?.manifest.inputs?.texts?.[0];
  const [main] = textInputs(opened.inputs, said?.ids === undefined ? {} : { ids: said.ids });
  return main && !given.has(main.ids.name) && (said !== undefined || tokenizerFile(opened) !== null)
    ? known
    : null;
}

/** What becomes of the texts that were asked for; null where none were. */
export function askedText(opened: OpenModel, choice: InputChoice | null): TextInput | null {
  const texts = choice?.text === undefined ? null : textsOf(opened, choice);
  return texts ? textInput(opened, texts) : null;
}

/** What becomes of the text that the manifest names; null where it names none, or its ids are recorded. */
export function ownText(
  opened: OpenModel,
  recorded: ReadonlyMap<string, NamedArray> | undefined,
  tasks: readonly string[] | null,
): TextInput | null {
  const texts = textsOf(opened, null, tasks);
  const [main] = textInputs(opened.inputs, namesOf(opened.manifest?.manifest.inputs?.texts?.[0] ?? {}));
  return !texts || (main && recorded?.has(main.ids.name)) ? null : textInput(opened, texts);
}

function namesOf({ ids, mask, types }: Partial<ManifestText>): {
  ids?: string;
  mask?: string;
  types?: string;
} {
  return {
    ...(ids === undefined ? {} : { ids }),
    ...(mask === undefined ? {} : { mask }),
    ...(types === undefined ? {} : { types }),
  };
}

/** Ids, masks, types and positions of texts. */
function textInput(opened: OpenModel, { text, textPair }: Texts): TextInput {
  const said: Partial<ManifestText> = opened.manifest?.manifest.inputs?.texts?.[0] ?? {};
  const [main, decoder] = textInputs(opened.inputs, namesOf(said));
  if (!main)
    throw new AttentionError(
      "inputMismatch",
      `No input of this model takes token ids; its inputs are ${opened.inputs.map(({ name }) => name).join(", ")}.`,
      { fix: "Give --inputs, or name the input of the ids in the manifest: inputs.texts[].ids." },
    );
  if (textPair && textPair.length !== text.length)
    throw new AttentionError(
      "inputMismatch",
      `There are ${text.length} texts and ${textPair.length} second texts.`,
    );
  const tokenizer = tokenizerOf(opened);
  // The second text is the decoder's where there is one, else the other half of a pair.
  const paired = decoder ? null : textPair;
  const encoded = text.map((each, at) => tokenizer.encode(each, paired?.[at] ?? null, said.special ?? true));
  const options = { length: said.length, padding: said.padding };
  const made = textFeeds(main, encoded, tokenizer, options);
  const feeds = new Map(made.feeds);
  const onAxis = (of: typeof main, tokens: TextOnAxis["tokens"], role: TextOnAxis["role"]): TextOnAxis => {
    const symbol = of.ids.dims?.at(-1);
    return {
      input: of.ids.name,
      role,
      tokens,
      from: path.basename(tokenizer.file),
      symbol: typeof symbol === "string" ? symbol : null,
    };
  };
  const isDecoder =
    /decoder/i.test(main.ids.name) || opened.inputs.some(({ name }) => /encoder_hidden_states/.test(name));
  const texts = [onAxis(main, made.tokens, isDecoder ? "decoder" : "encoder")];
  const notices = [...unknownWords(tokenizer, [...text, ...(textPair ?? [])]), ...made.notices];
  if (decoder) {
    const begin =
      configIds(opened, "decoder_start_token_id")[0] ??
      tokenizer.special("decoder_start_token") ??
      tokenizer.special("bos_token") ??
      tokenizer.special("pad_token");
    const rows = text.map((_, at) => {
      const own = textPair?.[at] === undefined ? [] : tokenizer.encode(textPair[at], null).tokens;
      const tokens = own.length > 0 ? own : [tokenizer.token(begin ?? 0)];
      return { tokens, types: tokens.map(() => 0) };
    });
    if (!textPair)
      notices.push("The decoder begins with its first token alone; give it a text with --text-pair.");
    const other = textFeeds(decoder, rows, tokenizer, { padding: said.padding });
    for (const [name, array] of other.feeds) feeds.set(name, array);
    texts.push(onAxis(decoder, other.tokens, "decoder"));
    notices.push(...other.notices);
  }
  return { feeds, texts, prompt: { text, textPair }, tokenizer, notices };
}
