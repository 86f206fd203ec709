/**
 * Captures all steps of the input that is shown, one after the other, in the engine of the document: what a person asks
 * for meanwhile comes between two of them. What was captured stays when it is ended, so that it goes on from there.
 */
import { AttentionError, oneLine } from "../shared/errors";
import { bytes as formatBytes, count, plural } from "../shared/format";
import type { AxisOfRuns, CaptureAll, InputChoice, RunAxis } from "../shared/input-choice";
import { countIndices, firstMissing, hasIndex, type IndexRanges } from "../shared/index-ranges";
import type { ModelSummary } from "../shared/model";
import type { CaptureRequest } from "../shared/protocol";
import type { DocumentCore } from "./document-core";

/** How often the views are told how far it came, ms. */
const TOLD_EVERY_MS = 400;

type RequestOn = (choice: InputChoice | null, model: ModelSummary) => CaptureRequest;

export class DocumentAll {
  readonly #core: DocumentCore;
  /** The request that a capture on an input makes. */
  readonly #requestOn: RequestOn;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(core: DocumentCore, requestOn: RequestOn) {
    this.#core = core;
    this.#requestOn = requestOn;
  }

  /** Capture what is not captured yet; again while it runs changes nothing. */
  start(axis: RunAxis): Promise<void> {
    this.#stopped = false;
    this.#running ??= this.#run(axis).finally(() => (this.#running = undefined));
    return this.#running;
  }

  /** End after the step that it is at. */
  stop(): void {
    this.#stopped = true;
  }

  async #run(axis: RunAxis): Promise<void> {
    const begun = this.#shown(axis);
    if (!begun) return;
    const total = begun.runs.count;
    const recipe = recipeOf(begun.choice, axis);
    let captured: IndexRanges = begun.runs.captured ?? [];
    let told = performance.now();
    const tell = (change: Partial<CaptureAll>): void => {
      if (this.#sameInput(axis, recipe))
        this.#core.setInput({
          all: { axis, running: true, captured: ownRanges(captured), told: null, ...change },
        });
    };
    tell({});
    const ended = (words: string | null): void => tell({ running: false, told: words });
    for (let place = this.#place(axis); ;) {
      const next = firstMissing(captured, total, place);
      if (next === null) return ended(null);
      if (this.#stopped) return ended(`Stopped with ${some(captured, total, begun.runs)} captured.`);
      // Another input is shown: what was captured of this one stays in the engine as long as there is room.
      if (!this.#sameInput(axis, recipe)) return;
      const engine = this.#core.engine.value;
      const { shown } = this.#core;
      if (!engine || !shown) return;
      try {
        const reply = await engine.captureAhead(
          this.#requestOn({ ...begun.choice, [axis]: next }, shown.model),
        );
        captured = axis === "step" ? reply.steps : reply.passes;
        // A loop within the step may have been stopped before its end.
        if (this.#stopped) continue;
        if (!reply.kept || !hasIndex(captured, next))
          return ended(
            `${some(captured, total, begun.runs)} are kept, which take ${formatBytes(reply.bytes)} of the ${formatBytes(reply.limitBytes)} that are set aside; the others are captured when they are shown.`,
          );
      } catch (thrown) {
        const error = AttentionError.wrap(thrown);
        if (error.code === "cancelled") captured = [];
        const why = oneLine(error.report());
        if (error.code !== "cancelled")
          this.#core.host.log.error(`${this.#core.name}: ${axis} ${next}: ${why}`);
        return ended(error.code === "cancelled" ? null : `Ended at ${begun.runs.name} ${next}: ${why}`);
      }
      place = next + 1;
      if (performance.now() - told >= TOLD_EVERY_MS) {
        told = performance.now();
        tell({});
      }
    }
  }

  #shown(axis: RunAxis): { choice: InputChoice | null; runs: AxisOfRuns } | null {
    const { state } = this.#core;
    if (state.status !== "ready") return null;
    const { steps, passes } = state.capture.recording;
    const runs = axis === "step" ? steps : passes;
    return runs && runs.count > 1 ? { choice: state.input.choice, runs } : null;
  }

  #place(axis: RunAxis): number {
    return this.#shown(axis)?.runs.index ?? 0;
  }

  #sameInput(axis: RunAxis, recipe: string): boolean {
    const shown = this.#shown(axis);
    return shown !== null && recipeOf(shown.choice, axis) === recipe;
  }
}

/** An input without its place on an axis: what `all` belongs to. */
export function recipeOf(choice: InputChoice | null, axis: RunAxis): string {
  const rest = Object.entries(choice ?? {}).filter(([name, value]) => name !== axis && value !== undefined);
  return JSON.stringify(rest.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const ownRanges = (ranges: IndexRanges) => ranges.map(([from, to]): [number, number] => [from, to]);

/** "312 of 5,000 steps". */
function some(captured: IndexRanges, total: number, { name }: AxisOfRuns): string {
  return `${count(countIndices(captured))} of ${count(total)} ${plural(name)}`;
}
