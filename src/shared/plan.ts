/** What a run would take, told before it begins, and what it could be cut to. */
import * as z from "zod";

const bytes = z.number().nonnegative();

export const planChoiceSchema = z.object({
  /** Ids of the sites that are captured; null for all. */
  sites: z.array(z.string()).nullable(),
  siteCount: z.number().int().positive(),
  /** Null where the graph does not tell. */
  heads: z.number().int().nullable(),
  /** What the engine holds at its peak, by the sizes of the graph: model, maps, the largest step. */
  memoryBytes: bytes,
  /** Maps that stay in the engine, as float32. */
  mapBytes: bytes,
  /** What the view is sent at first: a thumbnail a head. Null where the graph does not tell. */
  viewBytes: bytes.nullable(),
});
export type PlanChoice = z.infer<typeof planChoiceSchema>;

export const planSchema = z.object({
  /** What the run is on: "recorded.npz", "synthetic (seed 0)". */
  input: z.string(),
  /** All sites first, then fewer of them. */
  choices: z.array(planChoiceSchema).min(1),
  /** Memory that a run may take now. */
  freeBytes: bytes,
  /** The largest map, as [queries, keys]; null where the graph does not tell. */
  largest: z.tuple([z.number(), z.number()]).nullable(),
  /** Tensors whose size the graph does not tell: the run takes more than is said. */
  unknown: z.number().int().nonnegative(),
});
export type Plan = z.infer<typeof planSchema>;
