/** Steps and passes of the input that is shown, and how to get from one to another. */
import type { AxisOfRuns, InputChoice, InputState, Recording } from "../../shared/input-choice";
import { captureOf } from "../selectors";
import type { AppState } from "../state";

export const runAxes = ["step", "pass"] as const;
/** What can be gone through one by one: the steps of an episode or a generation, the passes of a loop. */
export type RunAxis = (typeof runAxes)[number];

export function recordingOf(state: AppState): Recording | null {
  return captureOf(state)?.recording ?? null;
}

export function inputOf(state: AppState): InputState | null {
  return state.document?.status === "ready" ? state.document.input : null;
}

/** The axis, where there is more than one place on it. */
export function runsOf(state: AppState, axis: RunAxis): AxisOfRuns | null {
  const recording = recordingOf(state);
  const runs = axis === "step" ? recording?.steps : recording?.passes;
  return runs && runs.count > 1 ? runs : null;
}

/** Where the person is: at what was asked for last, though it may not be shown yet. */
export function placeOn(state: AppState, axis: RunAxis): number {
  return state.wanted[axis] ?? runsOf(state, axis)?.index ?? 0;
}

/** The input that is shown, at another step or pass; null where there is none such. */
export function choiceAt(state: AppState, axis: RunAxis, place: number): InputChoice | null {
  const runs = runsOf(state, axis);
  const input = inputOf(state);
  if (!runs || !input || place < 0 || place >= runs.count) return null;
  const other: RunAxis = axis === "step" ? "pass" : "step";
  const kept = state.wanted[other];
  return { ...input.choice, ...(kept === null ? {} : { [other]: kept }), [axis]: place };
}

/** The word of a step, where it has one and it is known before the step is shown. */
export function labelAt(runs: AxisOfRuns, place: number): string | undefined {
  return runs.labels?.[place] ?? (place === runs.index ? runs.label : undefined);
}

/** "token 3 of 32: cat", "step 12 of 40". Counted from 0, as the tensors are. */
export function placeWords(runs: AxisOfRuns, place: number): string {
  const label = labelAt(runs, place);
  return `${runs.name} ${place} of ${runs.count - 1}${label === undefined ? "" : `: ${label}`}`;
}
