/** What survives hide, show and a window reload: the selection and how it is looked at, never cells. */
import * as z from "zod";
import { selectionSchema } from "../shared/selection";
import { colourMapNames } from "./colour-maps";
import { scaleNames } from "./colour-scale";
import { type AppState, initialState } from "./state";

const windowSchema = z
  .object({
    queryStart: z.number().nonnegative(),
    queryEnd: z.number().positive(),
    keyStart: z.number().nonnegative(),
    keyEnd: z.number().positive(),
  })
  .refine((window) => window.queryEnd > window.queryStart && window.keyEnd > window.keyStart);

const savedStateSchema = z.object({
  version: z.literal(1),
  selection: selectionSchema,
  anchor: z.object({ site: z.string(), queries: z.number().int(), keys: z.number().int() }).nullable(),
  view: z.object({
    window: windowSchema.nullable(),
    colourMap: z.enum(colourMapNames),
    scale: z.enum(scaleNames),
    lastHead: z.number().int().nonnegative(),
  }),
});
export type SavedState = z.infer<typeof savedStateSchema>;

export function toSaved(state: AppState): SavedState {
  return { version: 1, selection: state.selection, anchor: state.anchor, view: state.view };
}

/** The state to start from. What was saved by another version or is damaged is left aside. */
export function fromSaved(saved: unknown): AppState {
  const parsed = savedStateSchema.safeParse(saved);
  if (!parsed.success) return initialState;
  const { selection, anchor, view } = parsed.data;
  return { ...initialState, selection, anchor, view };
}
