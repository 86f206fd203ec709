/** Tokens that the configuration beside a model gives a role: those that begin a decoder's text, and those that end one. */
import { configIds, configuredIds } from "./model-config";
import type { OpenModel } from "./open-model";
import { tokenizerFile, tokenizerOf } from "../inputs/text-input";

export interface EndTokens {
  readonly ids: ReadonlySet<number>;
  /** What says that they are, in words. */
  readonly from: string;
}

/** Tokens that end a text: of generation_config.json or config.json, else the tokenizer's own. */
export function endTokens(opened: OpenModel): EndTokens {
  const said = configuredIds(opened, "eos_token_id");
  if (said) return { ids: new Set(said.value), from: `eos_token_id of ${said.from}` };
  const own = tokenizerFile(opened) === null ? null : tokenizerOf(opened).special("eos_token");
  return { ids: new Set(own === null ? [] : [own]), from: "the tokenizer's eos_token" };
}

/** The token that a decoder begins with, and where it was read; null where nothing says it. */
export function startToken(opened: OpenModel): { id: number; from: string } | null {
  for (const role of ["decoder_start_token_id", "bos_token_id", "pad_token_id"]) {
    const [id] = configIds(opened, role);
    if (id !== undefined) return { id, from: role };
  }
  if (tokenizerFile(opened) === null) return null;
  for (const role of ["decoder_start_token", "bos_token", "pad_token"]) {
    const id = tokenizerOf(opened).special(role);
    if (id !== null) return { id, from: role };
  }
  return null;
}
