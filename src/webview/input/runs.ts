/** Steps and passes of the input that is shown, and how to get from one to another. */
import type {
  AxisOfRuns,
  CaptureAll,
  InputChoice,
  InputState,
  Recording,
  RunAxis,
  RunProgress,
} from "../../shared/input-choice";
import { countIndices, type IndexRanges } from "../../shared/index-ranges";
import { captureOf } from "../selectors";
import type { AppState } from "../state";

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

/** The places whose captures are there, so that they are shown without a run. */
export function capturedOn(state: AppState, axis: RunAxis): IndexRanges {
  const all = allOn(state, axis);
  return all?.captured ?? runsOf(state, axis)?.captured ?? [];
}

/** How far capturing all of them came; null where nobody asked for it. */
export function allOn(state: AppState, axis: RunAxis): CaptureAll | null {
  const all = inputOf(state)?.all ?? null;
  return all?.axis === axis ? all : null;
}

/** Where the person is: at what was asked for last, though it may not be shown yet. */
export function placeOn(state: AppState, axis: RunAxis): number {
  return state.wanted[axis] ?? runsOf(state, axis)?.index ?? 0;
}

/** The input that is shown, at another step or pass; null where there is none such. */
export function choiceAt(state: AppState, axis: RunAxis, place: number): InputChoice | null {
  const runs = runsOf(state, axis);
  return runs && place >= 0 && place < runs.count ? choiceWith(state, { [axis]: place }) : null;
}

/** The input that is shown, with what is on its way and another change. */
export function choiceWith(
  state: AppState,
  { set, ...places }: Pick<InputChoice, "step" | "pass" | "set">,
): InputChoice {
  const { step, pass, set: values } = state.wanted;
  const choice = inputOf(state)?.choice ?? null;
  const changed = { ...choice?.set, ...values, ...set };
  return {
    ...choice,
    ...(step === null ? {} : { step }),
    ...(pass === null ? {} : { pass }),
    ...places,
    ...(Object.keys(changed).length === 0 ? {} : { set: changed }),
  };
}

/**
 * What of the input that is shown stays beside another text or another picture: the recording of which they take a part,
 * at its place. Nothing where a text is all that the model takes.
 */
export function keptBeside(state: AppState): InputChoice {
  const recording = recordingOf(state);
  const { file, arrays, episode, samples, step, images, video, text, textPair, set, generate } =
    inputOf(state)?.choice ?? {};
  const recorded = recording !== null && (recording.episodes.length > 0 || recording.samples !== null);
  const steps = generate === undefined && recording?.steps ? step : undefined;
  if (!recorded && steps === undefined && (recording?.imageInputs.length ?? 0) === 0) return {};
  const kept = { file, arrays, episode, step: steps, images, video, text, textPair, set };
  const one = samples?.length === 1 ? { samples } : {};
  return { ...Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined)), ...one };
}

/** How far the runs came that follow each other: those of an input that is on its way, or of all steps. */
export function progressOf(state: AppState, axis?: RunAxis): RunProgress | null {
  if (axis === undefined) return inputOf(state)?.progress ?? null;
  const runs = runsOf(state, axis);
  if (!runs || allOn(state, axis)?.running !== true) return null;
  return { name: runs.name, done: countIndices(capturedOn(state, axis)), total: runs.count };
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
