/** A manifest as text: its value, and the places of its parts in lines and columns. */
import {
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
  readonly #root: Node | undefined;
  readonly #lineStarts: readonly number[];

  constructor(text: string) {
    const errors: ParseError[] = [];
    this.#lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
    this.#root = parseTree(text.replace(/^\uFEFF/, " "), errors, { allowTrailingComma: true });
    this.value = this.#root ? plainValue(this.#root) : undefined;
    this.syntaxErrors = errors.map(({ error, offset, length }) => {
      const code = printParseErrorCode(error);
      return { message: `${syntaxWords[code] ?? code}.`, range: this.#range(offset, Math.max(1, length)) };
    });
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
