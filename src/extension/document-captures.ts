/**
 * The captures of a document: the first of a load, those on another input or with more figures, and the one that is
 * made again because the engine gave its memory back.
 */
import type { Capture } from "../shared/capture";
import { AttentionError, oneLine } from "../shared/errors";
import { counted } from "../shared/format";
import type { CaptureAll, InputChoice } from "../shared/input-choice";
import type { ModelSummary } from "../shared/model";
import type { CaptureRequest } from "../shared/protocol";
import { recipeOf } from "./document-all";
import type { DocumentCore } from "./document-core";
import type { Engine } from "./document-host";
import type { DocumentMappings } from "./document-mappings";

export class DocumentCaptures {
  readonly #core: DocumentCore;
  readonly #mappings: DocumentMappings;
  #capturingAgain = false;
  /** Scores were asked for: captures from then on have them. */
  #withScores = false;
  #scoresComing: Promise<void> | undefined;
  /** The input that was chosen while another was being captured. */
  #nextInput: { readonly choice: InputChoice | null } | undefined;
  #choosing: Promise<void> | undefined;
  /** Another input was chosen while runs that follow each other were made for this one. */
  #superseded = false;
  /** What the person chose to run of a large model: ids of sites, null for all; undefined before it was asked. */
  #agreed: readonly string[] | null | undefined;

  constructor(core: DocumentCore, mappings: DocumentMappings) {
    this.#core = core;
    this.#mappings = mappings;
  }

  /** Open and capture from the beginning; whatever ran before is stopped. Failures become the state. */
  async load(): Promise<void> {
    const load = this.#core.supersede();
    this.#core.incoming.value = undefined;
    this.#core.shown = undefined;
    this.#core.set({ status: "opening", name: this.#core.name, phases: [], model: null });
    if (this.#core.busy) await this.#core.engine.value?.cancel();
    if (!this.#core.isCurrent(load)) return;
    this.#core.occupy(load);
    const engine = this.#core.engine.value ?? this.#core.watched(this.#core.host.createEngine());
    this.#core.engine.value = engine;
    try {
      await this.open(engine, load);
    } catch (error) {
      if (this.#core.isCurrent(load)) this.#core.fail(error);
    } finally {
      this.#core.free(load);
    }
  }

  /** The first capture of a load; what is not current any more writes nothing. */
  async open(engine: Engine, load: number): Promise<void> {
    const { trusted } = this.#core.host;
    const model = await engine.open(this.#core.path, trusted ? "full" : "scan");
    if (!this.#core.isCurrent(load)) return;
    if (model.sites.length === 0)
      return this.#core.finish(engine, { status: "empty", name: this.#core.name, model });
    if (!trusted) return this.#core.finish(engine, { status: "restricted", name: this.#core.name, model });
    if (this.#core.state.status === "opening") {
      this.#core.set({ ...this.#core.state, model });
      if (await this.#asks(engine, model, load)) return;
    }
    await this.#capture(engine, model, load, this.#core.input);
  }

  /** Run what was planned, as the person chose. */
  async runPlanned(index: number): Promise<void> {
    const { state, engine: slot, name } = this.#core;
    const choice = state.status === "plan" ? state.plan.choices[index] : undefined;
    const engine = slot.value;
    if (state.status !== "plan" || !choice || !engine) throw new AttentionError("stale");
    this.#agreed = choice.sites;
    const load = this.#core.supersede();
    this.#core.occupy(load);
    this.#core.set({ status: "opening", name, phases: [], model: state.model });
    try {
      await this.#capture(engine, state.model, load, this.#core.input);
    } catch (error) {
      if (this.#core.isCurrent(load)) this.#core.fail(error);
    } finally {
      this.#core.free(load);
    }
  }

  /** A large run is planned again before the next load. */
  forgetPlan(): void {
    this.#agreed = undefined;
  }

  /** Whether the run is large and waits for the person, who has not been asked yet. */
  async #asks(engine: Engine, model: ModelSummary, load: number): Promise<boolean> {
    const { recipe, askAboveBytes } = this.#core.host;
    if (this.#agreed !== undefined || askAboveBytes <= 0) return false;
    const request = { ...recipe, input: this.#core.input, fallback: true, sites: null };
    // What cannot be planned is told by the run itself.
    const plan = await engine.plan(request).catch(() => null);
    if (!this.#core.isCurrent(load)) return true;
    if (plan === null) return false;
    if ((plan.choices[0]?.memoryBytes ?? 0) <= askAboveBytes) return false;
    this.#core.finish(engine, { status: "plan", name: this.#core.name, model, plan, askAboveBytes });
    return true;
  }

  /** The sites that were agreed on, as far as the model still has them; null for all. */
  #sites(model: ModelSummary): string[] | null {
    const kept = model.sites.map(({ id }) => id).filter((id) => this.#agreed?.includes(id));
    return kept.length > 0 ? kept : null;
  }

  async #capture(
    engine: Engine,
    model: ModelSummary,
    load: number,
    choice: InputChoice | null,
  ): Promise<void> {
    const { log, inputs } = this.#core.host;
    const request = this.requestOn(choice, model);
    const captured = await engine.capture(request);
    if (!this.#core.isCurrent(load) || this.#superseded) return;
    const chosen = `${captured.sites.length} of ${model.sites.length} sites were captured, as was chosen; Restart Engine asks again.`;
    const notices = [
      ...(request.sites === null ? [] : [chosen]),
      ...this.#mappings.captured(choice),
      ...captured.notices,
    ];
    const capture = { ...captured, notices };
    this.#core.input = choice;
    inputs.remember(choice, capture.input.label);
    log.info(
      `${this.#core.name}: ${counted(capture.sites.length, "site")} captured on ${capture.provider.used}`,
    );
    for (const { name, reason } of capture.provider.refused) log.warn(`${name} was not used: ${reason}`);
    this.#core.finish(engine, {
      status: "ready",
      name: this.#core.name,
      model,
      capture: this.#core.show(model, capture),
      input: {
        choice,
        running: this.#nextInput !== undefined,
        problem: null,
        recent: [...this.#core.host.inputs.recent],
        all: this.#allAfter(choice, capture),
      },
      stale: null,
    });
  }

  /** What a capture on an input asks of the engine. */
  requestOn = (choice: InputChoice | null, model: ModelSummary): CaptureRequest => ({
    ...this.#core.host.recipe,
    input: choice,
    fallback: true,
    sites: this.#sites(model),
    ...(this.#withScores ? { scores: true } : {}),
  });

  /** Capture again with the scores; what is shown stays until they are there, and if they cannot be had. */
  scores(): Promise<void> {
    this.#scoresComing ??= this.#captureScores().finally(() => (this.#scoresComing = undefined));
    return this.#scoresComing;
  }

  /**
   * Capture on another input; null for the model's own. What is shown stays until the capture is there, and when it
   * fails. One is captured at a time: of those that are chosen meanwhile, the last.
   */
  choose(choice: InputChoice | null): Promise<void> {
    this.#nextInput = { choice };
    const { state, engine } = this.#core;
    if (this.#choosing && state.status === "ready" && state.input.progress) {
      // Of runs that follow each other the rest is not waited for, and what they came to is not shown.
      this.#superseded = true;
      void engine.value?.stop().catch(() => undefined);
    }
    this.#choosing ??= this.#chooseInTurn().finally(() => (this.#choosing = undefined));
    return this.#choosing;
  }

  /** The engine gave its memory back after a while without use: run the recipe again, once for all who ask. */
  async again(): Promise<void> {
    if (this.#capturingAgain || this.#core.busy) return;
    const engine = this.#core.engine.value;
    if (!engine) return;
    const load = this.#core.supersede();
    this.#core.occupy(load);
    this.#capturingAgain = true;
    this.#core.markStale("The engine had given its memory back after a while without use. Capturing again.");
    try {
      await this.open(engine, load);
    } catch (error) {
      if (this.#core.isCurrent(load)) this.#core.fail(error);
    } finally {
      this.#capturingAgain = false;
      this.#core.free(load);
    }
  }

  async #captureScores(): Promise<void> {
    if (this.#withScores && this.#core.shown?.capture.sites.some((site) => site.scores !== null)) return;
    const engine = this.#core.engine.value;
    if (!this.#core.shown || !engine || this.#core.busy)
      throw new AttentionError("stale", `${this.#core.name} is being captured now.`);
    const load = this.#core.supersede();
    this.#core.occupy(load);
    this.#withScores = true;
    try {
      await this.#capture(engine, this.#core.shown.model, load, this.#core.input);
    } catch (error) {
      this.#withScores = false;
      throw error;
    } finally {
      this.#core.free(load);
    }
  }

  async #chooseInTurn(): Promise<void> {
    for (let next = this.#nextInput; next && !this.#core.disposed; next = this.#nextInput) {
      this.#nextInput = undefined;
      await this.#captureOn(next.choice);
    }
  }

  async #captureOn(choice: InputChoice | null): Promise<void> {
    const engine = this.#core.engine.value;
    const shown = this.#core.shown;
    if (!shown || !engine || this.#core.busy) {
      // Nothing is shown that could stay: open it on this input from the beginning.
      this.#core.input = choice;
      return this.load();
    }
    const load = this.#core.supersede();
    this.#core.occupy(load);
    this.#superseded = false;
    this.#core.setInput({ running: true, problem: null, progress: null });
    try {
      await this.#capture(engine, shown.model, load, choice);
    } catch (thrown) {
      if (!this.#core.isCurrent(load)) return;
      const error = AttentionError.wrap(thrown);
      if (error.code !== "cancelled")
        this.#core.host.log.error(`${this.#core.name}: ${oneLine(error.report())}`);
      const problem = error.code === "cancelled" ? null : error.report();
      this.#core.setInput({ running: false, problem, progress: null });
    } finally {
      this.#core.free(load);
    }
  }

  /** What was said of all steps, while the input is the same but for the step. */
  #allAfter(choice: InputChoice | null, { recording }: Capture): CaptureAll | null {
    const { state } = this.#core;
    const all = state.status === "ready" ? state.input.all : null;
    if (!all || state.status !== "ready") return null;
    const runs = all.axis === "step" ? recording.steps : recording.passes;
    const same = recipeOf(choice, all.axis) === recipeOf(state.input.choice, all.axis);
    return same && runs ? { ...all, captured: runs.captured ?? all.captured } : null;
  }
}
