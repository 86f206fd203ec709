/** The one formatter of numbers (rules of `mock/DESIGN.md`, "Type and numbers"). */
import type { Site } from "./model";

/** A probability: 2 decimals, 3 below 0.1, `<0.001` below that, `0` only if exactly zero. */
export function probability(p: number): string {
  if (Number.isNaN(p)) return "NaN";
  if (p === 0) return "0";
  if (p < 0.001) return "<0.001";
  return p < 0.1 ? p.toFixed(3) : p.toFixed(2);
}

/** Where a logarithmic scale begins: all that is no larger has one colour. `≤ 0.002`, `≤ 1.4e−4`. */
export function upTo(p: number): string {
  return `≤ ${p < 0.001 ? p.toExponential(1).replace("-", "−") : probability(p)}`;
}

/** A score, with its sign: `+3.21`, `−0.043`, `0`; fewer decimals from 10 and from 100. */
export function score(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const sign = value < 0 ? "−" : "+";
  if (size === Infinity) return `${sign}∞`;
  if (size < 0.001) return `${sign}<0.001`;
  if (size >= 1e5) return `${sign}${size.toExponential(1).replace("+", "")}`;
  return `${sign}${size.toFixed(size < 0.1 ? 3 : size < 10 ? 2 : size < 100 ? 1 : 0)}`;
}

/** A score in a dense cell: `3.2`, `−.4`, `−12`. */
export function denseScore(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  const size = Math.abs(value);
  if (size === Infinity) return value < 0 ? "−∞" : "∞";
  const text = size < 9.95 ? size.toFixed(1).replace(/^0\./, ".").replace(/^\.0$/, "0") : size.toFixed(0);
  return value < 0 && text !== "0" ? `−${text}` : text;
}

/** `.23` in a dense cell; `1` and `0` stay. */
export function denseValue(p: number): string {
  if (Number.isNaN(p)) return "NaN";
  if (p === 0) return "0";
  const text = p.toFixed(2);
  return text.startsWith("0.") ? text.slice(1) : text;
}

/** A figure with 2 decimals; `—` where there is none. */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined) return "—";
  if (Number.isNaN(value)) return "NaN";
  return value.toFixed(2).replace("-", "−");
}

/** How many times as large: `0.93 ×`, `57.3 ×`, `1204 ×`, `5.7e5 ×`. */
export function ratio(times: number): string {
  if (Number.isNaN(times)) return "NaN";
  if (times === Infinity) return "∞ ×";
  if (times > 0 && times < 0.01) return "<0.01 ×";
  if (times >= 1e4) return `${times.toExponential(1).replace("+", "")} ×`;
  return `${times.toFixed(times < 10 ? 2 : times < 100 ? 1 : 0)} ×`;
}

/** A share of 1: `58 %`, one decimal under 10 %. */
export function share(part: number): string {
  if (Number.isNaN(part)) return "NaN";
  const percent = part * 100;
  return `${percent > 0 && percent < 10 ? percent.toFixed(1) : percent.toFixed(0)} %`;
}

/** Decimal bytes: MB is 10⁶ bytes. */
export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  if (count < 1e6) return `${(count / 1e3).toFixed(count < 1e4 ? 1 : 0)} KB`;
  if (count < 1e9) return `${(count / 1e6).toFixed(count < 1e7 ? 2 : count < 1e8 ? 1 : 0)} MB`;
  return `${(count / 1e9).toFixed(2)} GB`;
}

/** Thousands with a comma. */
export function count(value: number): string {
  // A locale's tables take longer to load than a first screen has.
  return Number.isInteger(value) && Math.abs(value) < 1000 ? String(value) : value.toLocaleString("en-US");
}

/** "1 head", "8 heads". */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** `L1H2` where there is one component, else `decoder.1 H2`; `mean` for the mean of heads; `L1 mean over heads`. */
export function headName(
  site: Pick<Site, "component" | "layer" | "name" | "averaged">,
  head: number | string,
  oneComponent: boolean,
): string {
  if (site.averaged)
    return `${site.layer === null ? site.name : oneComponent || site.component === null ? `L${site.layer}` : `${site.component}.${site.layer}`} mean over heads`;
  if (site.layer === null) return `${site.name} H${head}`;
  if (oneComponent || site.component === null) return `L${site.layer}H${head}`;
  return `${site.component}.${site.layer} H${head}`;
}

/** Byte that a character of GPT-2's byte-level vocabularies stands for, by code point. */
function byteLevelTable(): Map<number, number> {
  const table = new Map<number, number>();
  let next = 256;
  for (let byte = 0; byte < 256; byte++) {
    const printable =
      (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
    table.set(printable ? byte : next++, byte);
  }
  return table;
}
let byteLevel: Map<number, number> | undefined;
/** Characters that no byte shows as itself: one of them is what tells a byte-level token. */
const shifted = /[\u0100-\u0143]/;

function utf8(bytes: readonly number[]): string | null {
  try {
    // The language's own strict UTF-8 decoder.
    return decodeURIComponent(bytes.map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""));
  } catch {
    return null;
  }
}

/**
 * The text that a tokenizer's token stands for (`decisions.md` 28): `Ġthe` is " the", `▁the` is " the", `<0x0A>` is a
 * line break. What is no such token, or not text by itself (part of a character), is given back as it is.
 */
export function tokenText(token: string): string {
  const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(token);
  if (byte) return utf8([parseInt(byte[1] ?? "0", 16)]) ?? token;
  if (shifted.test(token)) {
    byteLevel ??= byteLevelTable();
    const bytes = Array.from(token, (character) => byteLevel?.get(character.codePointAt(0) ?? -1) ?? -1);
    const text = bytes.includes(-1) ? null : utf8(bytes);
    if (text !== null) return text;
  }
  return token.replaceAll("\u2581", " ");
}

/** A text with control and direction characters, which must not act on the page, replaced. */
export function visibleText(text: string): string {
  // eslint-disable-next-line no-control-regex -- what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "�");
}

/**
 * A token for a ruler: the text it stands for, with white space at its ends and control characters made visible and
 * long names cut in the middle. One space between words stays a space.
 */
export function tokenLabel(token: string, longest = 12): string {
  const visible = Array.from(
    visibleText(
      tokenText(token)
        .replace(/\n/g, "⏎")
        .replace(/\t/g, "⇥")
        .replace(/^ +| +$| {2,}/g, (spaces) => "␣".repeat(spaces.length)),
    ),
  );
  if (visible.length <= longest) return visible.join("");
  const head = Math.ceil((longest - 1) / 2);
  return (
    visible.slice(0, head).join("") + "…" + visible.slice(visible.length - (longest - 1 - head)).join("")
  );
}

/** "steps", "denoising passes". */
export function plural(word: string): string {
  return /(s|x|ch|sh)$/.test(word) ? `${word}es` : `${word}s`;
}
