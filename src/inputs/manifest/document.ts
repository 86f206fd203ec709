/** A manifest as text: its value, and the places of its parts in lines and columns. */
import {
  createScanner,
  findNodeAtLocation,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from "jsonc-parser";

/** A way into the manifest: `["sites", 0, "match"]`. */
export type ManifestPath = readonly (string | number)[];

/** A range of the text; lines and columns (UTF-16) from 0, the end left out. */
export interface TextRange {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

const syntaxWords: Readonly<Record<string, string>> = {
  InvalidSymbol: "This is no JSON",
  InvalidNumberFormat: "This is no number",
  PropertyNameExpected: "A field's name in quotes is expected",
  ValueExpected: "A value is expected",
  ColonExpected: "A colon is expected",
  CommaExpected: "A comma is expected",
  CloseBraceExpected: "A closing brace } is missing",
  CloseBracketExpected: "A closing bracket ] is missing",
  EndOfFileExpected: "The file should end here",
  UnexpectedEndOfString: "The text in quotes is not closed",
  UnexpectedEndOfComment: "The comment is not closed",
  UnexpectedEndOfNumber: "The number is cut off",
  InvalidEscapeCharacter: "This is no escape in a text: a backslash is written twice",
  InvalidCharacter: "This character has to be escaped in a text",
};

export class ManifestText {
  /** What was written, as far as it is JSON; comments and trailing commas are allowed. */
  readonly value: unknown;
  /** Places at which it is no JSON, with words. */
  readonly syntaxErrors: readonly { readonly message: string; readonly range: TextRange }[];
  /** Fields that are written twice in one object: the last one holds. */
  readonly repeatedKeys: readonly ManifestPath[];
  readonly #root: Node | undefined;
  readonly #lineStarts: readonly number[];

  constructor(written: string) {
    // A byte order mark is no column of the first line, as editors count.
    const text = written.replace(/^\uFEFF/, "");
    const errors: ParseError[] = [];
    const deep = tooDeepAt(text);
    this.#lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
    this.#root = deep === undefined ? parseTree(text, errors, { allowTrailingComma: true }) : undefined;
    const encoded = isUtf16(text);
    this.value = this.#root && !encoded ? plainValue(this.#root) : undefined;
    const whole = wholeProblem(text, encoded, deep);
    this.syntaxErrors = whole
      ? [{ message: whole.message, range: this.#range(whole.offset, 1) }]
      : withoutEchoes(errors, text).map(({ error, offset, length }) => {
          const code = printParseErrorCode(error);
          const words =
            code === "InvalidSymbol" ? symbolWords(text.substr(offset, length)) : syntaxWords[code];
          return { message: `${words ?? code}.`, range: this.#range(offset, Math.max(1, length)) };
        });
    // What was read is still of use: a letter of a title, say, was of another encoding.
    const letter = encoded ? -1 : text.indexOf("\uFFFD");
    if (letter >= 0)
      this.syntaxErrors = [
        ...this.syntaxErrors,
        { message: "This letter is not saved as UTF-8; save the file so.", range: this.#range(letter, 1) },
      ];
    this.repeatedKeys = this.#root ? repeatedKeys(this.#root) : [];
  }

  /** Where a part is written: its key, or its value. The nearest part that is written, where it is not. */
  range(path: ManifestPath, on: "key" | "value"): TextRange {
    for (let length = path.length; length >= 0; length--) {
      const node = this.#root && findNodeAtLocation(this.#root, path.slice(0, length));
      if (!node) continue;
      const key = node.parent?.type === "property" ? node.parent.children?.[0] : undefined;
      const atKey = key !== undefined && (on === "key" || length < path.length);
      const found = atKey ? key : node;
      // Of a long list or object its first line is marked.
      const range = this.#range(found.offset, found.length);
      return range.endLine === range.line
        ? range
        : { ...range, endLine: range.line, endColumn: range.column + 1 };
    }
    return this.#range(0, 1);
  }

  #range(offset: number, length: number): TextRange {
    const [line, column] = this.#place(offset);
    const [endLine, endColumn] = this.#place(offset + length);
    return { line, column, endLine, endColumn };
  }

  #place(offset: number): [number, number] {
    let line = this.#lineStarts.findLastIndex((start) => start <= offset);
    if (line < 0) line = 0;
    return [line, offset - (this.#lineStarts[line] ?? 0)];
  }
}

/** Lists and objects within each other, far above what any field holds. */
const MOST_DEPTH = 100;

/** Where a text nests deeper than is read; a parser that calls itself would run out of its stack. */
function tooDeepAt(text: string): number | undefined {
  const scanner = createScanner(text, true);
  for (let depth = 0; ;) {
    scanner.scan();
    const at = scanner.getTokenOffset();
    const letter = text[at];
    if (letter === undefined) return undefined;
    if (letter === "{" || letter === "[") depth += 1;
    if (letter === "}" || letter === "]") depth -= 1;
    if (depth > MOST_DEPTH) return at;
  }
}

/** What keeps all of a text from being read. */
function wholeProblem(
  text: string,
  encoded: boolean,
  deep: number | undefined,
): { message: string; offset: number } | undefined {
  if (encoded) return { message: "The file is saved as UTF-16; save it as UTF-8.", offset: 0 };
  if (deep !== undefined)
    return { message: `Lists and objects are nested more than ${MOST_DEPTH} deep.`, offset: deep };
  return text.trim() === ""
    ? { message: 'It is empty: write { "version": 1 } first.', offset: 0 }
    : undefined;
}

/** UTF-16 that was read as UTF-8: every other character is NUL. */
function isUtf16(text: string): boolean {
  return /^.?\uFFFD|^\0|^.\0/s.test(text) && text.includes("\0");
}

/** A symbol that JSON does not know, and the value that it therefore misses: one mistake. */
function withoutEchoes(errors: readonly ParseError[], text: string): readonly ParseError[] {
  return errors.filter((error, at) => {
    const before = errors[at - 1];
    const echo = printParseErrorCode(error.error) === "ValueExpected";
    return !(echo && before && text.slice(before.offset + before.length, error.offset).trim() === "");
  });
}

function symbolWords(symbol: string): string {
  if (/^[-+]?(nan|inf(inity)?)$/i.test(symbol)) return `JSON has no ${symbol}: write a number`;
  return /^(True|False|None)$/.test(symbol)
    ? `JSON has no ${symbol}: write ${symbol === "None" ? "null" : symbol.toLowerCase()}`
    : "This is no JSON";
}

function repeatedKeys(node: Node, path: ManifestPath = []): ManifestPath[] {
  if (node.type === "array")
    return (node.children ?? []).flatMap((child, at) => repeatedKeys(child, [...path, at]));
  if (node.type !== "object") return [];
  const seen = new Set<string>();
  return (node.children ?? []).flatMap((property) => {
    const [key, inner] = property.children ?? [];
    if (!key) return [];
    const at = [...path, String(key.value)];
    const repeated = seen.has(String(key.value)) ? [at] : [];
    seen.add(String(key.value));
    return [...repeated, ...(inner ? repeatedKeys(inner, at) : [])];
  });
}

/** The value of a tree without a prototype's influence: a key `__proto__` is a key like any other. */
function plainValue(node: Node): unknown {
  if (node.type === "array") return (node.children ?? []).map(plainValue);
  if (node.type !== "object") return getNodeValue(node);
  const value: Record<string, unknown> = {};
  for (const property of node.children ?? []) {
    const [key, inner] = property.children ?? [];
    if (!key) continue;
    const held = inner === undefined ? undefined : plainValue(inner);
    Object.defineProperty(value, String(key.value), {
      value: held,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return value;
}
