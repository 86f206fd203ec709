/**
 * Arrays of a CSV file: with a header each column is an array by its name, and the columns of numbers together are an
 * array [rows, columns] by the file's name; without one only that. A missing number is NaN, which a run tells.
 */
import path from "node:path";
import { AttentionError } from "../../shared/errors";
import type { NamedArray } from "../arrays";
import type { ByteFile } from "./byte-file";
import { csvRows } from "./csv-rows";
import { fileText } from "./file-text";
import { leavesOf } from "./json-arrays";

export interface CsvArrays {
  readonly arrays: ReadonlyMap<string, NamedArray>;
  /** Name of the array of all numbers; null where no column holds numbers. */
  readonly whole: string | null;
}

export function readCsv(file: ByteFile): CsvArrays {
  const { rows, delimiter } = csvRows(fileText(file), file.name);
  const width = rows[0]?.length ?? 0;
  if (width === 0) throw new AttentionError("fileUnreadable", "It is empty.", { where: file.name });
  const uneven = rows.findIndex((row) => row.length !== width);
  if (uneven >= 0)
    throw new AttentionError(
      "fileUnreadable",
      `Row ${uneven + 1} has ${rows[uneven]?.length} cells, the first ${width}.`,
      { where: file.name, fix: "Put cells that hold a comma in quotes, and give every row as many cells." },
    );
  const comma = delimiter === ";" && hasDecimalCommas(rows);
  const read = (cell: string) => numberOf(comma ? cell.replace(",", ".") : cell);
  const named = rows[0]?.some((cell) => read(cell) === undefined) === true;
  const body = named ? rows.slice(1) : rows;
  const columns = Array.from({ length: width }, (_, column) =>
    columnOf(
      body.map((row) => row[column] ?? ""),
      read,
    ),
  );
  const arrays = new Map<string, NamedArray>();
  const numeric = columns.filter((values) => typeof values[0] === "number") as number[][];
  const whole = numeric.length > 0 ? path.parse(file.name).name : null;
  if (whole !== null)
    arrays.set(
      whole,
      leavesOf(
        body.flatMap((_, row) => numeric.map((values) => values[row] ?? NaN)),
        [body.length, numeric.length],
        file.name,
      ),
    );
  if (named)
    columnNames(rows[0] ?? []).forEach((name, column) => {
      const values = columns[column] ?? [];
      arrays.set(name, leavesOf(values, [values.length], file.name));
    });
  return { arrays, whole };
}

/** Names of the columns: those without one are numbered, and one that is there twice is told apart. */
function columnNames(header: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return header.map((cell, column) => {
    const name = cell.trim() === "" ? `column ${column + 1}` : cell.trim();
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return times === 1 ? name : `${name} (${times})`;
  });
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const missing = new Set(["nan", "na", "n/a", "null", "none", "-nan"]);

/** A cell as a number, NaN for what stands for a missing one; undefined for a text. */
function numberOf(cell: string): number | undefined {
  const text = cell.trim().toLowerCase();
  if (decimal.test(text)) return Number(text);
  if (missing.has(text)) return NaN;
  const infinite = /^([+-]?)inf(inity)?$/.exec(text);
  return infinite ? (infinite[1] === "-" ? -Infinity : Infinity) : undefined;
}

/** Values of a column: numbers where every cell that is not empty is one, true and false, else texts. */
function columnOf(
  cells: readonly string[],
  read: (cell: string) => number | undefined,
): (number | boolean | string)[] {
  const filled = cells.filter((cell) => cell.trim() !== "");
  const numbers = filled.map(read);
  if (numbers.some((value) => value !== undefined && !Number.isNaN(value)) && !numbers.includes(undefined))
    return cells.map((cell) => read(cell) ?? NaN);
  if (filled.length === cells.length && cells.every((cell) => /^\s*(true|false)\s*$/i.test(cell)))
    return cells.map((cell) => cell.trim().toLowerCase() === "true");
  return [...cells];
}

/** Whether a comma stands for the point in its numbers, as where semicolons are between them: 0,5;1,25. */
function hasDecimalCommas(rows: readonly (readonly string[])[]): boolean {
  const cells = rows.flat();
  return (
    cells.some((cell) => /^\s*[+-]?\d+,\d+\s*$/.test(cell)) && !cells.some((cell) => /\d\.\d/.test(cell))
  );
}
