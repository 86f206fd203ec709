/** The captures that a command line asks for, one after the other: at every step and pass, of every sample. */
import type { EngineClient } from "../client/engine-client";
import type { Capture } from "../shared/capture";
import { AttentionError } from "../shared/errors";
import type { AxisOfRuns, InputChoice } from "../shared/input-choice";
import type { CaptureRequest } from "../shared/protocol";

/** Places on an axis of runs: those that are listed, or all there are. */
export type Places = readonly number[] | "all";

/** Which steps and passes are asked for; left out where none are, and the input's usual one is captured. */
export interface AskedRuns {
  readonly steps?: Places | undefined;
  readonly pass?: Places | undefined;
}

/** Where a capture stands; null where no step or pass was asked for. */
export interface RunPlace {
  readonly step: number | null;
  readonly pass: number | null;
}

export interface CaptureAt extends RunPlace {
  readonly capture: Capture;
}

/** The place that a first capture is made at, to know what there is. */
export function firstPlace({ steps, pass }: AskedRuns): RunPlace {
  const first = (places: Places | undefined) =>
    places === undefined ? null : places === "all" ? 0 : (places[0] ?? 0);
  return { step: first(steps), pass: first(pass) };
}

/** The request at a step and a pass. */
export function requestAt(request: CaptureRequest, { step, pass }: RunPlace): CaptureRequest {
  if (step === null && pass === null) return request;
  const input: InputChoice = {
    ...request.input,
    ...(step === null ? {} : { step }),
    ...(pass === null ? {} : { pass }),
  };
  return { ...request, input };
}

const lacking = {
  steps: {
    words: "The input has no steps.",
    fix: "Name them in the manifest (steps.inputs), or make some with --generate.",
  },
  pass: {
    words: "The input has no passes.",
    fix: "Name them in the manifest: loops for passes that the model makes, passes.inputs for recorded ones.",
  },
};

/**
 * The places that are asked for, each of which is there; [null] where none are.
 * @param known what there is; null where the input has no such axis
 */
export function placesOf(
  asked: Places | undefined,
  axis: keyof AskedRuns,
  known: Pick<AxisOfRuns, "name" | "count"> | null,
): readonly (number | null)[] {
  if (asked === undefined) return [null];
  if (!known) throw new AttentionError("inputMissing", lacking[axis].words, { fix: lacking[axis].fix });
  const wanted = asked === "all" ? Array.from({ length: known.count }, (_, place) => place) : asked;
  const past = wanted.find((place) => place >= known.count);
  if (past !== undefined)
    throw new AttentionError(
      "inputMissing",
      `There is no ${known.name} ${past}; there are ${known.count}, from 0.`,
      { fix: known.count === 1 ? "Name 0." : `Name some of 0 to ${known.count - 1}.` },
    );
  return wanted;
}

/** @param request with the input that was chosen; its step and pass are set here */
export async function* capturesAlong(
  client: EngineClient,
  request: CaptureRequest,
  asked: AskedRuns,
): AsyncGenerator<CaptureAt> {
  const begin = firstPlace(asked);
  const at = (place: RunPlace) => client.capture(requestAt(request, place));
  const first = await at(begin);
  for (const [index, step] of placesOf(asked.steps, "steps", first.recording.steps).entries()) {
    const here = index === 0 ? first : await at({ ...begin, step });
    for (const [nth, pass] of placesOf(asked.pass, "pass", here.recording.passes).entries())
      yield { capture: nth === 0 ? here : await at({ step, pass }), step, pass };
  }
}

/** Whether several captures are asked for along an axis. */
export function several(places: Places | undefined): boolean {
  return places === "all" || (places?.length ?? 0) > 1;
}

/** A file's name with {step} and {pass} filled in; refused where several captures would be one file. */
export function fileOf(template: string, { step, pass }: RunPlace, asked: AskedRuns): string {
  for (const [places, field, many] of [
    [asked.steps, "{step}", "steps"],
    [asked.pass, "{pass}", "passes"],
  ] as const)
    if (several(places) && template !== "-" && !template.includes(field))
      throw new AttentionError("writeFailed", `Several ${many} would be written to ${template}.`, {
        fix: `Write ${field} into the file's name.`,
      });
  return template.replaceAll("{step}", String(step ?? 0)).replaceAll("{pass}", String(pass ?? 0));
}
