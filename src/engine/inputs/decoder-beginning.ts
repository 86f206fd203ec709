/** The tokens that the text of a decoder begins with. */
import { AttentionError } from "../../shared/errors";
import type { InputChoice } from "../../shared/input-choice";
import type { Token } from "../../inputs/tokenizer";
import type { ChosenInput } from "./choose-input";
import type { OpenModel } from "../model/open-model";
import { tokenizerFile, tokenizerOf } from "./text-input";
import { startToken } from "../model/token-config";

export interface DecoderBeginning {
  readonly rows: readonly (readonly number[])[];
  readonly length: number;
  /** Tokens of each row that are not padding. */
  readonly lengths: readonly number[];
  readonly tokens: readonly (readonly Token[])[] | null;
  readonly notices: readonly string[];
}

/** The tokens that the decoder's text begins with: recorded, given as a second text, or its first token alone. */
export function decoderBeginning(
  opened: OpenModel,
  input: ChosenInput,
  choice: InputChoice,
  batch: number,
): DecoderBeginning {
  const tokenizer = tokenizerFile(opened) === null ? null : tokenizerOf(opened);
  const labelled = (rows: readonly (readonly number[])[]) =>
    tokenizer ? rows.map((row) => row.map(tokenizer.token)) : null;
  const recorded = choice.file === undefined ? undefined : input.arrays.get("decoder_input_ids");
  if (recorded && !Array.isArray(recorded.data)) {
    const length = recorded.dims.at(-1) ?? 1;
    const all = Array.from(recorded.data as ArrayLike<number | bigint>, Number);
    const rows = Array.from({ length: batch }, (_, row) => all.slice(row * length, (row + 1) * length));
    return { rows, length, lengths: rows.map(() => length), tokens: labelled(rows), notices: [] };
  }
  const start = startToken(opened);
  const id = start?.id ?? 0;
  const notices = start ? [] : ["Nothing says what the decoder begins with: token 0 was taken."];
  const pairs = choice.textPair === undefined ? null : [choice.textPair].flat();
  if (pairs && pairs.length !== batch)
    throw new AttentionError("inputMismatch", `There are ${batch} texts and ${pairs.length} second texts.`);
  const own = Array.from({ length: batch }, (_, row) => {
    const text = pairs?.[row];
    const tokens =
      text === undefined
        ? []
        : tokenizerOf(opened)
            .encode(text, null, false)
            .tokens.map((token) => token.id);
    return tokens[0] === id ? tokens : [id, ...tokens];
  });
  const length = Math.max(...own.map((row) => row.length));
  const padding = tokenizer?.special("pad_token") ?? 0;
  const rows = own.map((row) => [...row, ...new Array<number>(length - row.length).fill(padding)]);
  if (!pairs && !choice.generate)
    notices.push("The decoder begins with its first token alone; give it a text with --text-pair.");
  return { rows, length, lengths: own.map((row) => row.length), tokens: labelled(rows), notices };
}
