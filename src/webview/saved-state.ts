/** What survives hide, show and a window reload, and what `copyViewState` gives: selection and view, never cells. */
import * as z from "zod";
import { colourMapNames } from "../shared/colour-maps";
import { scaleNames } from "../shared/colour-scale";
import { metricNameSchema } from "../shared/figures";
import { cellKinds } from "../shared/page";
import { selectionSchema } from "../shared/selection";
import {
  type AppState,
  dockTabs,
  headOrders,
  initialState,
  initialView,
  narrowTabs,
  rangeNames,
} from "./state";

const windowSchema = z
  .object({
    queryStart: z.number().nonnegative(),
    queryEnd: z.number().positive(),
    keyStart: z.number().nonnegative(),
    keyEnd: z.number().positive(),
  })
  .refine((window) => window.queryEnd > window.queryStart && window.keyEnd > window.keyStart);

const size = z.number().min(0).max(4000).nullable();

const viewSchema = z.object({
  window: windowSchema.nullable(),
  colourMap: z.enum(colourMapNames),
  scale: z.enum(scaleNames),
  range: z.union([z.enum(rangeNames), z.number().positive().max(1)]),
  cells: z.enum(cellKinds),
  scoreEnd: z.number().positive().nullable(),
  pooling: z.enum(["max", "mean"]),
  metric: metricNameSchema,
  heads: z.enum(["one", "all"]),
  windows: z.enum(["window", "grid"]),
  reading: z.enum(["keys", "queries"]),
  order: z.enum(headOrders),
  filter: z.string().max(200),
  entropyUnit: z.enum(["normalised", "nats"]),
  dock: z.enum(dockTabs),
  dockOpen: z.boolean(),
  narrow: z.enum(narrowTabs),
  sizes: z.object({ overview: size, inspector: size, tokens: size.default(null), dock: size }),
  lastHead: z.number().int().nonnegative(),
});

const savedStateSchema = z.object({
  version: z.literal(2),
  selection: selectionSchema,
  anchor: z.object({ site: z.string(), queries: z.number().int(), keys: z.number().int() }).nullable(),
  view: viewSchema.partial(),
});
export type SavedState = z.infer<typeof savedStateSchema>;

export function toSaved(state: AppState): SavedState {
  return { version: 2, selection: state.selection, anchor: state.anchor, view: state.view };
}

/** null when it was saved by another version or is damaged. */
export function parseSaved(saved: unknown): Pick<AppState, "selection" | "anchor" | "view"> | null {
  const parsed = savedStateSchema.safeParse(saved);
  if (!parsed.success) return null;
  const { selection, anchor, view } = parsed.data;
  const known = Object.fromEntries(Object.entries(view).filter(([, value]) => value !== undefined));
  return { selection, anchor, view: { ...initialView, ...known } };
}

/** The state to start from. What cannot be read is left aside. */
export function fromSaved(saved: unknown): AppState {
  return { ...initialState, ...parseSaved(saved) };
}
