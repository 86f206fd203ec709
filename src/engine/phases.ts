/** The phases of opening, as the view and the terminal show them. */
import { type Phase, type PhaseName, phaseLabels } from "../shared/capture";
import type { RunProgress } from "../shared/input-choice";

export class Phases {
  readonly #report: (phases: Phase[]) => void;
  #phases: Phase[];
  #started = 0;

  constructor(report: (phases: Phase[]) => void, done: readonly Phase[] = []) {
    this.#report = report;
    this.#phases = (Object.keys(phaseLabels) as PhaseName[]).map(
      (name) => done.find((phase) => phase.name === name) ?? { name, state: "pending", ms: null, detail: "" },
    );
  }

  get all(): Phase[] {
    return this.#phases.map((phase) => ({ ...phase }));
  }

  /** @param runs where it is one of several runs */
  start(name: PhaseName, detail = "", runs?: RunProgress): void {
    this.#started = performance.now();
    this.#set(name, { state: "active", ms: null, detail, ...(runs ? { runs } : {}) });
  }

  /** Which of several runs it was stays said until the next one begins. */
  end(name: PhaseName, detail: string): void {
    const runs = this.#phases.find((phase) => phase.name === name)?.runs;
    const ms = performance.now() - this.#started;
    this.#set(name, { state: "done", ms, detail, ...(runs ? { runs } : {}) });
  }

  #set(name: PhaseName, change: Omit<Phase, "name">): void {
    this.#phases = this.#phases.map((phase) => (phase.name === name ? { name, ...change } : phase));
    this.#report(this.all);
  }
}
