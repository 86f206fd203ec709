/** Holds the one state; every change is a pure function of it. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { type AppState, initialState } from "./state";

export class Store {
  #state: AppState;
  readonly #listeners = new Set<(state: AppState, before: AppState) => void>();

  constructor(state: AppState = initialState) {
    this.#state = state;
  }

  get state(): AppState {
    return this.#state;
  }

  /** Apply a reducer; listeners are told only when it gave another state. */
  update(reducer: (state: AppState) => AppState): void {
    const before = this.#state;
    const after = reducer(before);
    if (after === before) return;
    this.#state = after;
    for (const listener of [...this.#listeners]) listener(after, before);
  }

  subscribe(listener: (state: AppState, before: AppState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/**
 * Redraws a Lit element when one of the values that `uses` picks of the store is another: panes that do not follow the
 * pointer are not redrawn for it.
 */
export class StoreController implements ReactiveController {
  #leave: (() => void) | null = null;

  constructor(
    private readonly element: ReactiveControllerHost,
    private readonly storeOf: () => Store,
    private readonly uses: (state: AppState) => readonly unknown[],
  ) {
    element.addController(this);
  }

  hostConnected(): void {
    this.#leave = this.storeOf().subscribe((state, before) => {
      const old = this.uses(before);
      if (this.uses(state).some((value, index) => value !== old[index])) this.element.requestUpdate();
    });
  }

  hostDisconnected(): void {
    this.#leave?.();
    this.#leave = null;
  }
}
