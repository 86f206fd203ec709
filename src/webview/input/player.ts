/** Goes from step to step by itself: the next one is asked for when the last is drawn and has been seen. */
import type { Session } from "../session";
import { inputOf, placeOn, runsOf } from "./runs";

/** How long a step is shown at least where the recording does not say it, ms. */
const SHOWN_MS = 300;
/** Nothing is seen that is shown for a shorter time, and nobody waits for longer, ms. */
const [SHORTEST_MS, LONGEST_MS] = [40, 5000];

export class Player {
  readonly #session: Session;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Begin at the step that is shown, or at the first where that is the last; or stop. */
  toggle(): void {
    const { store } = this.#session;
    if (store.state.playing) return this.stop();
    const steps = runsOf(store.state, "step");
    if (!steps) return;
    store.update((state) => ({ ...state, playing: true }));
    this.#unsubscribe = store.subscribe(() => this.#plan());
    if (placeOn(store.state, "step") === steps.count - 1) this.#session.goTo("step", 0);
    else this.#plan();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    if (this.#session.store.state.playing)
      this.#session.store.update((state) => ({ ...state, playing: false }));
  }

  #plan(): void {
    const { state } = this.#session.store;
    const steps = runsOf(state, "step");
    if (!steps || inputOf(state)?.problem) return this.stop();
    if (this.#timer !== undefined || inputOf(state)?.running || state.wanted.step !== null) return;
    if (steps.index >= steps.count - 1) return this.stop();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const place = placeOn(this.#session.store.state, "step") + 1;
      this.#session.goTo("step", place);
    }, shownMs(steps.seconds));
  }
}

function shownMs(seconds: number | undefined): number {
  return seconds === undefined ? SHOWN_MS : Math.min(LONGEST_MS, Math.max(SHORTEST_MS, seconds * 1000));
}
