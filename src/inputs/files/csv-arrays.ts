/**
 * Arrays of a CSV file (RFC 4180): with a header each column is an array by its name, and the columns of numbers
 * together are an array [rows, columns] by the file's name; without one only that.
 */
import path from "node:path";
import { AttentionError } from "../../shared/errors";
import type { NamedArray } from "../arrays";
import { refuseLarger } from "../limits";
import type { ByteFile } from "./byte-file";
import { leavesOf } from "./json-arrays";

export function readCsv(file: ByteFile): Map<string, NamedArray> {
  refuseLarger("text", file.size, "The file", file.name);
  const rows = csvRows(new TextDecoder().decode(file.read(0, file.size)));
  const width = rows[0]?.length ?? 0;
  const uneven = rows.findIndex((row) => row.length !== width);
  if (uneven >= 0)
    throw new AttentionError(
      "fileUnreadable",
      `Row ${uneven + 1} has ${rows[uneven]?.length} cells, the first ${width}.`,
      {
        where: file.name,
      },
    );
  if (width === 0) throw new AttentionError("fileUnreadable", "It is empty.", { where: file.name });
  const named = rows[0]?.some((cell) => !isNumber(cell)) === true;
  const body = named ? rows.slice(1) : rows;
  const columns = Array.from({ length: width }, (_, column) => body.map((row) => row[column] ?? ""));
  const numeric = columns.filter((cells) => cells.every(isNumber));
  const arrays = new Map<string, NamedArray>();
  if (numeric.length > 0)
    arrays.set(
      path.parse(file.name).name,
      leavesOf(
        body.flatMap((_, row) => numeric.map((cells) => Number(cells[row]))),
        [body.length, numeric.length],
        file.name,
      ),
    );
  if (named)
    columns.forEach((cells, column) => {
      const leaves = cells.every(isNumber) ? cells.map(Number) : cells;
      arrays.set(rows[0]?.[column] ?? "", leavesOf(leaves, [cells.length], file.name));
    });
  return arrays;
}

const isNumber = (cell: string) => cell.trim() !== "" && Number.isFinite(Number(cell));

/** Cells of a text, quotes undone. Lines that begin with `#` are comments, as in the files that captures write. */
function csvRows(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  const source = text.replace(/^\ufeff/, "").replace(/^(#[^\n]*\n)+/, "");
  for (let at = 0; at < source.length; at++) {
    const letter = source[at] as string;
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (source[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else quoted = false;
    } else if (letter === '"' && cell === "") quoted = true;
    else if (letter === ",") {
      row.push(cell);
      cell = "";
    } else if (letter === "\n") {
      row.push(cell.replace(/\r$/, ""));
      if (row.length > 1 || row[0] !== "") rows.push(row);
      row = [];
      cell = "";
    } else cell += letter;
  }
  if (cell !== "" || row.length > 0) rows.push([...row, cell]);
  return rows;
}
