/**
 * The captures of one open model: a run, a place in a sequence of runs that are made once and then gone through, or
 * what was kept of a step that was captured before.
 */
import { AttentionError } from "../../shared/errors";
import type { AxisOfRuns, RunAxis } from "../../shared/input-choice";
import type { CapturedAhead, CaptureRequest } from "../../shared/protocol";
import { asGeneration, captureModel } from "../capture";
import type { CaptureResult } from "../describe-run";
import { KeptCaptures } from "./kept-captures";
import { loopOver } from "./loop-feeds";
import type { OpenModel } from "../model/open-model";
import { runSequence, type Sequence, sequenceKey } from "./sequence";
import type { SequenceHost } from "./sequence-host";

export class StepRuns {
  readonly #kept = new KeptCaptures();
  /** Steps of a generation or passes of a loop that were run before. */
  #sequence: Sequence | undefined;

  /** Another model is open. */
  clear(): void {
    this.#kept.clear();
    this.#sequence = undefined;
  }

  /** The capture of a request, under a generation of its own, with the other places that are there. */
  async capture(opened: OpenModel, request: CaptureRequest, host: SequenceHost): Promise<CaptureResult> {
    this.#follow(opened, request);
    const known = this.#sequence ? undefined : this.#kept.find(request);
    if (known) return this.#withPlaces(request, asGeneration(known, host.nextGeneration()));
    const shown = await this.#inSequence(opened, request, host);
    if (shown) return this.#withPlaces(request, asGeneration(shown, host.nextGeneration()));
    const result = await this.#made(opened, request, host);
    this.#kept.keep(request, result);
    return this.#withPlaces(request, result);
  }

  /** Captures a step or a pass and keeps it, where there is room. */
  async ahead(opened: OpenModel, request: CaptureRequest, host: SequenceHost): Promise<CapturedAhead> {
    this.#follow(opened, request);
    let kept = this.#sequence !== undefined || this.#kept.hasRoom(request);
    let result = this.#sequence ? undefined : this.#kept.find(request);
    if (kept && !result) {
      const shown = await this.#inSequence(opened, request, host);
      result = shown ?? (await captureModel(opened, request, host.nextGeneration(), host.phases));
      kept = shown ? isAt(shown, request) : this.#kept.keep(request, result, true);
    }
    const { steps, passes } = result ? this.#withPlaces(request, result).capture.recording : {};
    const { bytes, limitBytes } = this.#kept;
    return { kept, steps: steps?.captured ?? [], passes: passes?.captured ?? [], bytes, limitBytes };
  }

  /** A sequence is gone through as long as the same one is asked for. */
  #follow(opened: OpenModel, request: CaptureRequest): void {
    const key = sequenceKey(opened, request);
    const { step, pass } = request.input ?? {};
    const again = this.#sequence?.stopped === true && step === undefined && pass === undefined;
    if (key === null || this.#sequence?.key !== key || again) this.#sequence = undefined;
  }

  async #inSequence(
    opened: OpenModel,
    request: CaptureRequest,
    host: SequenceHost,
  ): Promise<CaptureResult | undefined> {
    this.#sequence ??= (await runSequence(opened, request, host)) ?? undefined;
    const shown = await this.#sequence?.show(request, host);
    if (!this.#sequence || !shown) return undefined;
    const { steps, passes } = shown.capture.recording;
    if (loopOver(opened, "steps"))
      // Each step of such a loop needs those before it, so they are there.
      return steps ? withSteps(shown, { ...steps, captured: [[0, steps.index + 1]] }) : shown;
    // The next step has a sequence of its own: the passes of this one are kept beside it.
    if (steps && passes && !steps.captured && this.#sequence.stopped === false)
      await this.#keepPasses(request, passes.count, host);
    return shown;
  }

  async #keepPasses(request: CaptureRequest, count: number, host: SequenceHost): Promise<void> {
    for (let pass = 0; pass < count; pass++) {
      const at = { ...request, input: { ...request.input, pass } };
      const result = await this.#sequence?.show(at, host);
      if (result) this.#kept.keep(at, result, true);
    }
    const result = await this.#sequence?.show(request, host);
    if (result) this.#kept.keep(request, result, true);
  }

  /** A run; where the memory does not suffice, once more without what is kept. */
  async #made(opened: OpenModel, request: CaptureRequest, host: SequenceHost): Promise<CaptureResult> {
    try {
      return await captureModel(opened, request, host.nextGeneration(), host.phases);
    } catch (error) {
      if (AttentionError.wrap(error).code !== "memory" || !this.#kept.holds) throw error;
      this.#kept.clear();
      return captureModel(opened, request, host.nextGeneration(), host.phases);
    }
  }

  /** A capture that says which other steps and passes are there. */
  #withPlaces(request: CaptureRequest, result: CaptureResult): CaptureResult {
    const { recording } = result.capture;
    const { steps, passes } = recording;
    const place = { step: steps?.index ?? 0, pass: passes?.index ?? 0 };
    const told = (axis: RunAxis, runs: AxisOfRuns | null): AxisOfRuns | null =>
      runs && {
        ...runs,
        captured:
          runs.captured ??
          this.#kept.places(request, axis, place).map(([from, to]): [number, number] => [from, to]),
      };
    return {
      ...result,
      capture: {
        ...result.capture,
        recording: { ...recording, steps: told("step", steps), passes: told("pass", passes) },
      },
    };
  }
}

/** Whether a sequence came as far as it was asked to: it ends before the memory is full. */
function isAt({ capture }: CaptureResult, { input }: CaptureRequest): boolean {
  const { steps, passes } = capture.recording;
  return (
    (input?.step === undefined || steps?.index === input.step) &&
    (input?.pass === undefined || passes?.index === input.pass)
  );
}

function withSteps(result: CaptureResult, steps: AxisOfRuns): CaptureResult {
  const { capture } = result;
  return { ...result, capture: { ...capture, recording: { ...capture.recording, steps } } };
}
