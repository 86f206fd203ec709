/** Rows and cells of a CSV text (RFC 4180), with commas, semicolons or tabs between the cells. */
import { AttentionError } from "../../shared/errors";

export interface CsvRows {
  readonly rows: readonly (readonly string[])[];
  readonly delimiter: string;
}

const delimiters = [",", ";", "\t"];

/**
 * The cells, quotes undone; empty lines, and lines before the first that begin with `#`, are left out. What stands
 * between the cells is the first of comma, semicolon and tab by which all rows have as many cells, and more than one.
 */
export function csvRows(text: string, where: string): CsvRows {
  const source = text.replace(/^\ufeff/, "").replace(/^(#[^\r\n]*(\r\n|\r|\n))+/, "");
  const tried = delimiters.map((delimiter) => ({ delimiter, rows: cellsOf(source, delimiter) }));
  const even = tried.find(
    ({ rows }) => rows && (rows[0]?.length ?? 0) > 1 && rows.every((row) => row.length === rows[0]?.length),
  );
  const [plain] = tried;
  const chosen = even ?? plain;
  if (!chosen?.rows)
    throw new AttentionError("fileUnreadable", "A quote is opened and never closed.", { where });
  return { rows: chosen.rows, delimiter: chosen.delimiter };
}

/** Undefined where a quote is never closed. */
function cellsOf(source: string, delimiter: string): string[][] | undefined {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  const endRow = () => {
    row.push(cell);
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
    cell = "";
  };
  for (let at = 0; at < source.length; at++) {
    const letter = source[at] as string;
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (source[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else quoted = false;
    } else if (letter === '"' && cell.trim() === "") {
      quoted = true;
      cell = "";
    } else if (letter === delimiter) {
      row.push(cell);
      cell = "";
    } else if (letter === "\n" || letter === "\r") {
      if (letter === "\r" && source[at + 1] === "\n") at += 1;
      endRow();
    } else cell += letter;
  }
  if (quoted) return undefined;
  if (cell !== "" || row.length > 0) endRow();
  return rows;
}
