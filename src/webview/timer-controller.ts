/** One timer of an element: started again it begins anew, and it ends with the element. */
import type { ReactiveController, ReactiveControllerHost } from "lit";

export class TimerController implements ReactiveController {
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(element: ReactiveControllerHost) {
    element.addController(this);
  }

  get runs(): boolean {
    return this.#timer !== undefined;
  }

  /** @param ms until it acts, once */
  start(ms: number, act: () => void): void {
    this.stop();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      act();
    }, ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  hostDisconnected(): void {
    this.stop();
  }
}
