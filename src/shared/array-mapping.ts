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

/** The mapping that was made for a recording with arrays of the same names, in any order. */
export function mappingFor(
  mappings: readonly RememberedMapping[],
  names: readonly string[],
): RememberedMapping | null {
  const key = keyOf(names);
  return mappings.find((mapping) => keyOf(mapping.names) === key) ?? null;
}

const keyOf = (names: readonly string[]): string => JSON.stringify([...names].sort());
