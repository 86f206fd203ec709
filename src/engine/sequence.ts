/** Runs that follow each other: the steps of a generation, or the passes of a loop, each a capture of its own. */
import type { GenerateChoice } from "../shared/input-choice";
import type { CaptureRequest } from "../shared/protocol";
import type { CaptureResult } from "./capture";
import { generate } from "./generate";
import { encoderFor } from "./decoder-input";
import { loopOf, runLoop } from "./loop";
import { inputOf } from "./input-of-request";
import { writersOf } from "./model-parts";
import type { OpenModel } from "./open-model";
import type { SequenceHost } from "./sequence-host";

export interface Sequence {
  /** What it was made on, without the step or pass that is shown. */
  readonly key: string;
  readonly axis: "steps" | "passes";
  readonly results: readonly CaptureResult[];
}

/** What a request without the place in the sequence is, to tell whether a sequence can be gone through again. */
export function sequenceKey(opened: OpenModel, request: CaptureRequest): string | null {
  const { input } = request;
  if (generationOf(opened, request))
    return JSON.stringify({ ...request, input: { ...input, step: undefined } });
  return loopOf(opened) ? JSON.stringify({ ...request, input: { ...input, pass: undefined } }) : null;
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
  const writers = generating ? writersOf(opened) : { first: opened, later: opened };
  const asked = generating ? { ...request, input: { ...request.input, generate: generating } } : request;
  const input = await inputOf(writers.first, asked, host.phases);
  try {
    if (generating)
      return { key, axis: "steps", results: await generate(writers, asked, input, generating, host) };
    const loop = loopOf(opened);
    return loop ? { key, axis: "passes", results: await runLoop(opened, request, input, loop, host) } : null;
  } finally {
    input.close();
  }
}

/** The capture of a request in a sequence: the step or pass that is asked for, else the last. */
export function shownOf({ axis, results }: Sequence, { input }: CaptureRequest): CaptureResult | undefined {
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
          ...(known && labels.length > 0 ? { labels } : {}),
        },
      },
    },
  };
}
