/**
 * A loop of the manifest over steps: every step is a run, or a loop over passes, that is given outputs of the step before,
 * such as a state or a memory. Recorded inputs are those of the step. Steps are run up to the one that is asked for.
 */
import { AttentionError } from "../../shared/errors";
import type { AxisOfRuns, InputChoice } from "../../shared/input-choice";
import type { CaptureRequest } from "../../shared/protocol";
import type { NamedArray } from "../../inputs/arrays";
import type { ManifestLoop } from "../../inputs/manifest/steps-schema";
import { type CaptureResult, describeRun } from "../describe-run";
import type { ChosenInput } from "../inputs/choose-input";
import { inputOf } from "../inputs/input-of-request";
import { runLoop } from "./loop";
import { countOfLoop, type Fed, fedInputs, fedOn, loopOver, setValues } from "./loop-feeds";
import type { OpenModel } from "../model/open-model";
import { runSites } from "../run/run-sites";
import { memoryGuard, type SequenceHost, stoppedAfter } from "./sequence-host";

export class StepLoop {
  readonly #opened: OpenModel;
  readonly #request: CaptureRequest;
  readonly #loop: ManifestLoop;
  readonly #fed: readonly Fed[];
  readonly #full = memoryGuard();
  /** Captures of each step that was run: one, or one for each pass. */
  readonly #steps: CaptureResult[][] = [];
  /** What the next step is given of the last one. */
  #carried: readonly [string, NamedArray][] = [];
  #count: number | undefined;
  /** The step that is run up to. */
  #asked = 0;
  /** The step that is shown where none is asked for. */
  #first = 0;

  constructor(opened: OpenModel, request: CaptureRequest, loop: ManifestLoop) {
    this.#opened = opened;
    this.#request = request;
    this.#loop = loop;
    this.#fed = fedInputs(opened, loop);
  }

  /** The capture of a step and pass; what is missing up to there is run. A stopped one shows the last that there is. */
  async show({ input }: CaptureRequest, host: SequenceHost): Promise<CaptureResult | undefined> {
    const count = (this.#count ??= await this.#measure(host));
    const asked = input?.step ?? this.#first;
    if (asked >= count)
      throw new AttentionError(
        "inputMissing",
        `There is no ${this.#name} ${asked}; there are ${count}, from 0.`,
      );
    this.#asked = asked;
    let ended: string | null = null;
    while (this.#steps.length <= asked) {
      const done = this.#steps.length;
      ended =
        this.#full(this.#steps.flat()) ?? (done > 0 ? stoppedAfter(host, done, asked + 1, this.#name) : null);
      if (ended !== null) break;
      await this.#run(this.#steps.length, count, host);
    }
    const passes = this.#steps[Math.min(asked, this.#steps.length - 1)];
    const result = passes?.at(Math.min(input?.pass ?? passes.length - 1, passes.length - 1));
    return result && withNotice(result, ended);
  }

  get #name(): string {
    return this.#opened.manifest?.manifest.steps?.axis ?? "step";
  }

  /** Number of steps: the loop's own, else those of the recording. */
  async #measure(host: SequenceHost): Promise<number> {
    const input = await inputOf(this.#opened, this.#requestAt(undefined), host.phases);
    input.close();
    const recorded = input.recording.steps;
    const own = countOfLoop(this.#loop);
    const count = recorded && own !== undefined ? Math.min(recorded.count, own) : (own ?? recorded?.count);
    if (count === undefined)
      throw new AttentionError("manifestInvalid", "Nothing says how many steps the loop makes.", {
        where: "loops.count",
        fix: "Give loops a count, or name the inputs that were recorded step by step: steps.inputs.",
      });
    this.#recorded = recorded !== null;
    // An episode begins at its beginning; a loop that makes its own inputs is run to its end.
    this.#first = recorded ? Math.min(recorded.index, count - 1) : count - 1;
    return count;
  }

  #recorded = false;

  /** @param step not given to an input that has no steps of its own */
  #requestAt(step: number | undefined): CaptureRequest {
    const choice: InputChoice = { ...this.#request.input };
    delete choice.step;
    if (loopOver(this.#opened, "passes")) delete choice.pass;
    if (step !== undefined && this.#recorded) choice.step = step;
    return { ...this.#request, input: Object.keys(choice).length === 0 ? null : choice };
  }

  async #run(step: number, count: number, host: SequenceHost): Promise<void> {
    const opened = this.#opened;
    const request = this.#requestAt(step);
    const own = await inputOf(opened, request, host.phases);
    try {
      const carried = new Map([...own.feeds, ...this.#carried]);
      const feeds = new Map([...carried, ...setValues(this.#loop, carried, step)]);
      const recorded = own.recording.steps;
      const axis: AxisOfRuns = { ...recorded, name: recorded?.name ?? this.#name, count, index: step };
      const input: ChosenInput = {
        ...own,
        feeds,
        report: {
          ...own.report,
          tensors: [...feeds].map(([name, { dtype, dims }]) => ({ name, dtype, dims: [...dims] })),
        },
        recording: {
          ...own.recording,
          steps: axis.labels ? { ...axis, labels: axis.labels.slice(0, count) } : axis,
        },
      };
      const outputs = [...new Set(this.#fed.map(({ output }) => output))];
      const passes = loopOver(opened, "passes");
      if (passes) {
        // A step is stopped whole: the next one goes on from its last pass.
        const whole: SequenceHost = { ...host, stopped: () => false };
        const { results, made } = await runLoop(opened, request, input, passes, whole, outputs);
        this.#carried = fedOn(opened, this.#fed, feeds, made);
        this.#steps.push(results.map((result, pass) => placed(result, pass, results)));
        return;
      }
      const ran = await runSites(opened, request, feeds, {
        phases: host.phases,
        label: { name: this.#name, done: step, total: this.#asked + 1 },
        others: outputs,
      });
      this.#steps.push([describeRun(opened, request, input, ran, host.nextGeneration(), host.phases)]);
      this.#carried = fedOn(opened, this.#fed, feeds, ran.run.others);
    } finally {
      own.close();
    }
  }
}

/** A pass among those that were run, with the words of all of them. */
function placed(result: CaptureResult, index: number, all: readonly CaptureResult[]): CaptureResult {
  const { capture } = result;
  const { passes } = capture.recording;
  if (!passes) return result;
  const labels = all.flatMap((each) => each.capture.recording.passes?.labels ?? []);
  const known = labels.length === all.length ? { labels } : {};
  return {
    ...result,
    capture: {
      ...capture,
      recording: { ...capture.recording, passes: { name: passes.name, count: all.length, index, ...known } },
    },
  };
}

function withNotice(result: CaptureResult, notice: string | null): CaptureResult {
  return notice === null
    ? result
    : { ...result, capture: { ...result.capture, notices: [...result.capture.notices, notice] } };
}
