/**
 * Arrays of a JSON file: an object of nested lists of numbers, truths or texts, one for each array. Whole numbers are
 * int64, others float64; a run converts them to what the model wants.
 */
import { AttentionError } from "../../shared/errors";
import type { NamedArray } from "../arrays";
import type { ByteFile } from "./byte-file";
import { fileText } from "./file-text";

type Leaf = number | boolean | string;

export function readJsonArrays(file: ByteFile): Map<string, NamedArray> {
  const text = fileText(file).replace(/^\ufeff/, "");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw notJson(error, text, file.name);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new AttentionError("fileUnreadable", "It must be an object of arrays by name.", {
      where: file.name,
    });
  return new Map(Object.entries(value).map(([name, list]) => [name, arrayOf(list, `${file.name}: ${name}`)]));
}

function notJson(error: unknown, text: string, where: string): AttentionError {
  if (error instanceof RangeError) return tooDeep(where);
  // Python writes these, and nothing else reads them.
  const word = /[[,:]\s*(-?(?:NaN|Infinity))\b/.exec(text)?.[1];
  const detail =
    word !== undefined
      ? `JSON has no ${word}.`
      : error instanceof Error
        ? `${error.message}.`
        : "It is not JSON.";
  const fix = "Save arrays that hold it as npz: numpy.savez(file, name=array).";
  return new AttentionError("fileUnreadable", detail, {
    where,
    ...(word === undefined ? {} : { fix }),
    cause: error,
  });
}

/** Axes that NumPy's arrays have at most, and more than any model's. */
const MOST_AXES = 32;

const tooDeep = (where: string) =>
  new AttentionError("fileUnreadable", `Its lists are nested more than ${MOST_AXES} deep.`, { where });

/** Nested lists as an array; refuses lists of different lengths. */
export function arrayOf(list: unknown, where: string): NamedArray {
  const dims: number[] = [];
  for (let at = list; Array.isArray(at); at = (at as unknown[])[0]) {
    dims.push(at.length);
    if (dims.length > MOST_AXES) throw tooDeep(where);
  }
  const leaves: Leaf[] = [];
  const visit = (value: unknown, depth: number) => {
    if (depth < dims.length) {
      if (!Array.isArray(value) || value.length !== dims[depth])
        throw new AttentionError("fileUnreadable", `Its lists have different lengths at depth ${depth}.`, {
          where,
        });
      for (const each of value) visit(each, depth + 1);
    } else if (typeof value === "number" || typeof value === "boolean" || typeof value === "string")
      leaves.push(value);
    else
      throw new AttentionError(
        "fileUnreadable",
        `It holds ${value === null ? "null" : Array.isArray(value) ? "lists of different depth" : "an object"}, which is no number, truth or text.`,
        { where },
      );
  };
  visit(list, 0);
  return leavesOf(leaves, dims, where);
}

/** Values of one kind as an array. */
export function leavesOf(leaves: readonly Leaf[], dims: readonly number[], where: string): NamedArray {
  if (leaves.length === 0) return { dtype: "float64", dims, data: new Float64Array(0) };
  if (leaves.every((leaf) => typeof leaf === "boolean"))
    return { dtype: "bool", dims, data: Uint8Array.from(leaves, Number) };
  if (leaves.every((leaf) => typeof leaf === "string")) return { dtype: "string", dims, data: [...leaves] };
  if (!leaves.every((leaf) => typeof leaf === "number"))
    throw new AttentionError("fileUnreadable", "It mixes numbers, truths and texts.", { where });
  return leaves.every((leaf) => Number.isSafeInteger(leaf))
    ? { dtype: "int64", dims, data: BigInt64Array.from(leaves, BigInt) }
    : { dtype: "float64", dims, data: Float64Array.from(leaves) };
}
