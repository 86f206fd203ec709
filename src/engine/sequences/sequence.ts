/** Runs that follow each other: the steps of a generation, or the passes of a loop, each a capture of its own. */
import type { GenerateChoice } from "../../shared/input-choice";
import type { CaptureRequest } from "../../shared/protocol";
import type { CaptureResult } from "../describe-run";
import { generate } from "./generate";
import { encoderFor } from "../inputs/decoder-input";
import { inputOf } from "../inputs/input-of-request";
import { runLoop } from "./loop";
import { loopOver } from "./loop-feeds";
import { writersOf } from "../model/model-parts";
import type { OpenModel } from "../model/open-model";
import type { SequenceHost } from "./sequence-host";
import { StepLoop } from "./step-loop";

/** Runs that were made once and are then gone through. */
export interface Sequence {
  /** What it was made on, without the step or pass that is shown. */
  readonly key: string;
  /** It was stopped before its end: gone through as it is, and made anew when it is asked for as a whole. */
  readonly stopped: boolean;
  /** The step or pass that is asked for, else the last; a loop over steps runs what is missing up to there. */
  readonly show: (request: CaptureRequest, host: SequenceHost) => Promise<CaptureResult | undefined>;
}

/** What a request without the place in the sequence is, to tell whether a sequence can be gone through again. */
export function sequenceKey(opened: OpenModel, request: CaptureRequest): string | null {
  const { input } = request;
  const without = (...places: readonly ("step" | "pass")[]) =>
    JSON.stringify({
      ...request,
      input: { ...input, ...Object.fromEntries(places.map((place) => [place, undefined])) },
    });
  if (generationOf(opened, request)) return without("step");
  const passes = loopOver(opened, "passes");
  if (loopOver(opened, "steps")) return passes ? without("step", "pass") : without("step");
  return passes ? without("pass") : null;
}

/**
 * The tokens to make. A decoder that has only a form with a cache has none to read before the first token of its text,
 * which the decoder beside it makes: a text alone is then two runs, of which the second is shown.
 */
function generationOf(opened: OpenModel, { input }: CaptureRequest): GenerateChoice | undefined {
  if (input?.generate) return input.generate;
  const { first } = input === null ? { first: opened } : writersOf(opened);
  return first !== opened && encoderFor(first, input) ? { tokens: 2 } : undefined;
}

/** Runs the sequence that a request asks for; null where it asks for one run. */
export async function runSequence(
  opened: OpenModel,
  request: CaptureRequest,
  host: SequenceHost,
): Promise<Sequence | null> {
  const key = sequenceKey(opened, request);
  if (key === null) return null;
  const generating = generationOf(opened, request);
  const steps = generating ? null : loopOver(opened, "steps");
  if (steps) {
    const loop = new StepLoop(opened, request, steps);
    return { key, stopped: false, show: (each, own) => loop.show(each, own) };
  }
  const writers = generating ? writersOf(opened) : { first: opened, later: opened };
  const asked = generating ? { ...request, input: { ...request.input, generate: generating } } : request;
  const made = (axis: "steps" | "passes", results: readonly CaptureResult[]): Sequence => ({
    key,
    stopped: host.stopped(),
    show: (each) => Promise.resolve(shownOf(axis, results, each)),
  });
  const input = await inputOf(writers.first, asked, host.phases);
  try {
    if (generating) return made("steps", await generate(writers, asked, input, generating, host));
    const loop = loopOver(opened, "passes");
    return loop ? made("passes", (await runLoop(opened, request, input, loop, host)).results) : null;
  } finally {
    input.close();
  }
}

/** The capture of a request in a sequence: the step or pass that is asked for, else the last. */
function shownOf(
  axis: "steps" | "passes",
  results: readonly CaptureResult[],
  { input }: CaptureRequest,
): CaptureResult | undefined {
  const asked = axis === "steps" ? input?.step : input?.pass;
  const index = Math.min(asked ?? results.length - 1, results.length - 1);
  const result = results[index];
  if (!result) return undefined;
  const runs = result.capture.recording[axis];
  const labels = results.map(({ capture }) => capture.recording[axis]?.labels?.at(-1));
  const known = labels.every((label) => label !== undefined);
  return {
    ...result,
    capture: {
      ...result.capture,
      recording: {
        ...result.capture.recording,
        [axis]: {
          name: runs?.name ?? "run",
          count: results.length,
          index,
          captured: [[0, results.length]],
          ...(known && labels.length > 0 ? { labels } : {}),
        },
      },
    },
  };
}
