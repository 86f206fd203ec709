/** The arrays of a recording and the inputs of a model that they can be given to: what a table of both shows. */
import * as z from "zod";
import { pathSchema } from "./input-choice";

const nameSchema = z.string();
const kindIndex = z.number().int().nonnegative();

/** Arrays that are listed at most; a file of more is hardly one of inputs. */
export const MOST_ARRAYS = 2000;

export const arrayListRequestSchema = z.object({
  /** A file that was chosen; null for the recording that the manifest names. */
  file: pathSchema.nullable(),
  /** Array for each input where the names differ: what `problem` is said of. */
  arrays: z.record(z.string().max(1_000), z.string().max(1_000)).optional(),
});
export type ArrayListRequest = z.infer<typeof arrayListRequestSchema>;

/** How an array of some type and shape fits an input. */
export const arrayFitSchema = z.object({
  /** Why it cannot be given, in words; null where it can. */
  problem: z.string().nullable(),
  /** What happens to it on the way, in words: a conversion, samples along an axis. Null for nothing. */
  note: z.string().nullable(),
});
export type ArrayFit = z.infer<typeof arrayFitSchema>;

export const mappedInputSchema = z.object({
  name: nameSchema,
  dtype: z.string(),
  /** null where the model does not say its shape. */
  dims: z.array(z.union([z.number(), z.string(), z.null()])).nullable(),
  /** The array that it is given without a mapping; null where none is called so. */
  own: nameSchema.nullable(),
  /** What it is given where no array is, in words; null where it needs one. */
  otherwise: z.string().nullable(),
  /** How the arrays of each kind fit it. */
  fits: z.array(arrayFitSchema),
});
export type MappedInput = z.infer<typeof mappedInputSchema>;

export const arrayListSchema = z.object({
  /** What the recording is called. */
  name: z.string(),
  /** Type and shape of arrays, each once. */
  kinds: z.array(z.object({ dtype: z.string(), dims: z.array(z.number().int()) })),
  arrays: z.array(z.object({ name: nameSchema, kind: kindIndex })),
  /** Arrays beyond `MOST_ARRAYS`, which are not listed. */
  left: z.number().int().nonnegative(),
  inputs: z.array(mappedInputSchema),
  /** Why the mapping that was asked about cannot be run; null where it can. */
  problem: z.string().nullable(),
});
export type ArrayList = z.infer<typeof arrayListSchema>;

/** A mapping that was made by hand, used again for recordings with arrays of the same names. */
export const rememberedMappingSchema = z.object({
  /** Names of the arrays of the recording that it was made for. */
  names: z.array(z.string().max(1_000)).max(MOST_ARRAYS),
  arrays: z.record(z.string().max(1_000), z.string().max(1_000)),
  /** What that recording is called. */
  from: z.string().max(1_000),
});
export type RememberedMapping = z.infer<typeof rememberedMappingSchema>;

/** What a view is told of a recording that somebody chose. */
export const arrayChoiceSchema = arrayListSchema.extend({
  /** The mapping that was made for such a recording before; null where there is none that can be used. */
  remembered: rememberedMappingSchema.nullable(),
});
export type ArrayChoice = z.infer<typeof arrayChoiceSchema>;

/** Why an array is proposed for an input. */
export type Suggested = "name" | "shape";
export interface Suggestion {
  readonly array: string;
  readonly by: Suggested;
}

/** The mapping that was made for a recording with arrays of the same names, in any order. */
export function mappingFor(
  mappings: readonly RememberedMapping[],
  names: readonly string[],
): RememberedMapping | null {
  const key = keyOf(names);
  return mappings.find((mapping) => keyOf(mapping.names) === key) ?? null;
}

const keyOf = (names: readonly string[]): string => JSON.stringify([...names].sort());

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
