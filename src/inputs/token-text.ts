/**
 * The text that a token of a vocabulary stands for (`decisions.md` 28). Byte-level vocabularies write each byte as a
 * printable letter (GPT-2's table), SentencePiece's a space as ▁ and a byte as <0x0A>, WordPiece's the inside of a
 * word with ## before it.
 */

/** A token's text by the pieces of a tokenizer.json. */
export function tokenTexts(tokenizer: object): (token: string) => string {
  const kinds = componentKinds(tokenizer);
  const { continuing_subword_prefix: prefix } = (
    tokenizer as { model: { continuing_subword_prefix?: unknown } }
  ).model;
  const inside = kinds.has("WordPiece") ? (typeof prefix === "string" ? prefix : "##") : null;
  const byteLevel = kinds.has("ByteLevel");
  const spaces = kinds.has("Metaspace") || kinds.has("ByteFallback") || kinds.has("Unigram");
  return (token) => {
    if (byteLevel) return visible(bytesOf(token) ?? token);
    if (inside !== null && token.startsWith(inside)) return token.slice(inside.length);
    const byte = /^<0x([0-9A-F]{2})>$/i.exec(token)?.[1];
    if (byte !== undefined) return visible(utf8([parseInt(byte, 16)]));
    return visible(spaces || token.startsWith("▁") ? token.replaceAll("▁", " ") : token);
  };
}

/** Types of model, pre-tokenizer and decoder, those inside sequences too. */
function componentKinds(tokenizer: object): ReadonlySet<string> {
  const kinds = new Set<string>();
  const visit = (value: unknown) => {
    if (typeof value !== "object" || value === null) return;
    const { type, pretokenizers, decoders } = value as Record<string, unknown>;
    if (typeof type === "string") kinds.add(type);
    for (const list of [pretokenizers, decoders]) if (Array.isArray(list)) list.forEach(visit);
  };
  const { model, pre_tokenizer: before, decoder } = tokenizer as Record<string, unknown>;
  // Older files leave the model's type out; WordPiece is the one with a prefix for the inside of words.
  if (
    typeof model === "object" &&
    model !== null &&
    !("type" in model) &&
    "max_input_chars_per_word" in model
  )
    kinds.add("WordPiece");
  [model, before, decoder].forEach(visit);
  return kinds;
}

/** GPT-2's table: printable bytes stand for themselves, the others for letters from 256 on. */
const byteOf: ReadonlyMap<string, number> = (() => {
  const printable = (byte: number) =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
  let next = 256;
  return new Map(
    Array.from({ length: 256 }, (_, byte) => [String.fromCodePoint(printable(byte) ? byte : next++), byte]),
  );
})();

function bytesOf(token: string): string | null {
  const bytes = Array.from(token, (letter) => byteOf.get(letter));
  return bytes.every((byte) => byte !== undefined) ? utf8(bytes) : null;
}

/** Bytes as text; a part of a letter, which is none yet, as its bytes. */
function utf8(bytes: readonly number[]): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
  } catch {
    return `⟨${bytes.map((byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join(" ")}⟩`;
  }
}

/** Text that would not be seen, as signs for it. */
function visible(text: string): string {
  if (!/^\s+$/.test(text)) return text;
  return text.replace(/\r?\n/g, "↵").replaceAll("\t", "⇥").replace(/\s/g, "␣");
}
