/**
 * Conditions over the fields of an episode: `return > 5 and length < 20`, `group = success`, `not (seed != 3)`.
 *
 *   any        = all { "or" all }
 *   all        = one { "and" one }
 *   one        = "not" one | "(" any ")" | name compare value
 *   compare    = "<" | "<=" | ">" | ">=" | "=" | "==" | "!="
 *   value      = number | word | "text"
 */
import { AttentionError } from "./errors";
import type { Episode } from "./input-choice";

type Value = number | string | boolean;
type Test = (fields: ReadonlyMap<string, Value>) => boolean;

interface Token {
  readonly kind: "name" | "number" | "text" | "compare" | "open" | "close";
  readonly text: string;
  /** Where it begins, from 1. */
  readonly at: number;
}

const forms: readonly (readonly [Token["kind"], RegExp])[] = [
  ["number", /[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?(?![\w.])/iy],
  ["name", /[\p{L}_][\p{L}\p{N}_.-]*/uy],
  ["text", /"[^"]*"|'[^']*'/y],
  ["compare", /<=|>=|==|!=|<|>|=/y],
  ["open", /\(/y],
  ["close", /\)/y],
];

function refuse(text: string, at: number, why: string): AttentionError {
  return new AttentionError("filterInvalid", `${why}, at character ${at} of “${text}”.`);
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length;) {
    if (/\s/.test(text[at] ?? "")) {
      at += 1;
      continue;
    }
    const found = forms.find(([, form]) => {
      form.lastIndex = at;
      return form.test(text);
    });
    if (!found) throw refuse(text, at + 1, `“${text[at]}” means nothing here`);
    tokens.push({ kind: found[0], text: text.slice(at, found[1].lastIndex), at: at + 1 });
    at = found[1].lastIndex;
  }
  return tokens;
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #known: readonly string[];
  #next = 0;

  constructor(text: string, known: readonly string[]) {
    this.#text = text;
    this.#tokens = tokensOf(text);
    this.#known = known;
  }

  parse(): Test {
    const test = this.#any();
    const rest = this.#tokens[this.#next];
    if (rest) throw refuse(this.#text, rest.at, `Expected “and” or “or”, not “${rest.text}”`);
    return test;
  }

  #any(): Test {
    const tests = [this.#all()];
    while (this.#word("or")) tests.push(this.#all());
    return (fields) => tests.some((test) => test(fields));
  }

  #all(): Test {
    const tests = [this.#one()];
    while (this.#word("and")) tests.push(this.#one());
    return (fields) => tests.every((test) => test(fields));
  }

  #one(): Test {
    if (this.#word("not")) {
      const test = this.#one();
      return (fields) => !test(fields);
    }
    if (this.#take("open")) {
      const test = this.#any();
      if (!this.#take("close")) throw refuse(this.#text, this.#place(), "A bracket is not closed");
      return test;
    }
    const name = this.#take("name");
    if (!name) throw refuse(this.#text, this.#place(), "Expected the name of a field");
    if (!this.#known.includes(name.text)) {
      const known = this.#known.length > 0 ? `; there are ${this.#known.join(", ")}` : "";
      throw refuse(this.#text, name.at, `There is no field ${name.text}${known}`);
    }
    const compare = this.#take("compare");
    if (!compare) throw refuse(this.#text, this.#place(), `Expected <, >, = or != after ${name.text}`);
    const value = this.#take("number") ?? this.#take("text") ?? this.#take("name");
    if (!value) throw refuse(this.#text, this.#place(), `Expected a value after ${compare.text}`);
    const wanted = valueOf(value);
    return (fields) => compares(fields.get(name.text), compare.text, wanted);
  }

  #take(kind: Token["kind"]): Token | undefined {
    const token = this.#tokens[this.#next];
    if (token?.kind !== kind) return undefined;
    this.#next += 1;
    return token;
  }

  #word(word: string): boolean {
    const token = this.#tokens[this.#next];
    const found = token?.kind === "name" && token.text.toLowerCase() === word;
    if (found) this.#next += 1;
    return found;
  }

  /** Where the next token begins, or the end. */
  #place(): number {
    return this.#tokens[this.#next]?.at ?? this.#text.length + 1;
  }
}

function valueOf({ kind, text }: Token): Value {
  if (kind === "number") return Number(text);
  if (kind === "text") return text.slice(1, -1);
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === "true";
  return text;
}

/** A field that an episode does not have meets no condition but "not". */
function compares(value: Value | undefined, compare: string, wanted: Value): boolean {
  if (value === undefined) return false;
  if (compare === "!=") return String(value) !== String(wanted);
  if (compare === "=" || compare === "==") return String(value) === String(wanted);
  if (typeof value !== "number" || typeof wanted !== "number") return false;
  if (compare === "<") return value < wanted;
  if (compare === "<=") return value <= wanted;
  return compare === ">" ? value > wanted : value >= wanted;
}

/** What an episode can be chosen by: its own fields, its name, its group, its length in steps. */
function fieldsOf({ name, group, steps, fields }: Episode): Map<string, Value> {
  const own: [string, Value | null][] = [
    ["name", name],
    ["group", group],
    ["steps", steps],
    ["length", steps],
    ...Object.entries(fields),
  ];
  return new Map(own.filter((entry): entry is [string, Value] => entry[1] !== null));
}

/** What any episode may be chosen by, whatever fields it has. */
const ownFields = ["name", "group", "steps", "length"];

/** Throws `filterInvalid`, with the place of the mistake, where a condition over these fields cannot be read. */
export function checkFilter(condition: string, fields: readonly string[]): void {
  if (condition.trim() !== "") new Parser(condition, [...new Set([...fields, ...ownFields])]).parse();
}

/** Names of the fields that a condition over these episodes may use. */
export function filterFields(episodes: readonly Episode[]): string[] {
  return [...new Set(episodes.flatMap((episode) => [...fieldsOf(episode).keys()]))];
}

/**
 * Numbers of the episodes that meet a condition; all of them for an empty one.
 * Throws `filterInvalid` with the place of the mistake.
 */
export function filterEpisodes(episodes: readonly Episode[], condition: string): number[] {
  const all = episodes.map((_, index) => index);
  if (condition.trim() === "") return all;
  const test = new Parser(condition, filterFields(episodes)).parse();
  return all.filter((index) => {
    const episode = episodes[index];
    return episode !== undefined && test(fieldsOf(episode));
  });
}
