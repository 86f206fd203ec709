/** Arrays that are proposed for inputs of other names. */
import type { ArrayList, MappedInput } from "./array-mapping";

/** Why an array is proposed for an input. */
export type Suggested = "name" | "shape";
export interface Suggestion {
  readonly array: string;
  readonly by: Suggested;
}

/** Upper and lower case, dots, dashes and underscores aside; of a path its last part. */
const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "");
const last = (name: string): string => plain(name.split(/[./]/).at(-1) ?? "");

/**
 * An array for each input that has none of its own: the one whose name is the same but for case and punctuation, else
 * the only one left that fits, as it is or with a conversion. Nothing is proposed where two would do.
 */
export function suggestArrays({ arrays, inputs }: ArrayList): Map<string, Suggestion> {
  const found = new Map<string, Suggestion>();
  const free = new Set(arrays.map(({ name }) => name));
  for (const { own } of inputs) if (own !== null) free.delete(own);
  const open = (): MappedInput[] =>
    inputs.filter(({ name, own, otherwise }) => own === null && otherwise === null && !found.has(name));
  const take = (input: string, array: string, by: Suggested): void => {
    found.set(input, { array, by });
    free.delete(array);
  };
  const fitting = (input: MappedInput, exactly: boolean): string[] =>
    arrays
      .filter(({ name, kind }) => {
        const fit = input.fits[kind];
        return free.has(name) && fit?.problem === null && (!exactly || fit.note === null);
      })
      .map(({ name }) => name);
  for (const same of [plain, last])
    for (const input of open()) {
      const named = fitting(input, false).filter((name) => same(name) === same(input.name));
      if (named.length === 1 && named[0] !== undefined) take(input.name, named[0], "name");
    }
  for (const exactly of [true, false])
    for (let more = true; more;) {
      more = false;
      for (const input of open()) {
        const [only, second] = fitting(input, exactly);
        if (only === undefined || second !== undefined) continue;
        // Where another input could take it as well, neither is told.
        if (open().some((other) => other !== input && fitting(other, exactly).includes(only))) continue;
        take(input.name, only, "shape");
        more = true;
      }
    }
  return found;
}

/** "float32 [1, T, 3]"; a shape that is not known is left out. */
export function typeWords(dtype: string, dims: readonly (number | string | null)[] | null): string {
  return dims === null ? dtype : `${dtype} [${dims.map((dim) => dim ?? "?").join(", ")}]`;
}
