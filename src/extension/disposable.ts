/** Lifetimes: a base that disposes what it was given, and a slot whose content can be replaced. */

export interface Disposable {
  dispose(): void;
}

/** Base of everything that holds listeners, processes or panels. Disposes in reverse order, once. */
export abstract class DisposableBase implements Disposable {
  #held: Disposable[] = [];
  #disposed = false;

  get disposed(): boolean {
    return this.#disposed;
  }

  /** Keep `held` until this is disposed; what arrives too late is disposed at once. */
  protected register<T extends Disposable>(held: T): T {
    if (this.#disposed) held.dispose();
    else this.#held.push(held);
    return held;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const held of this.#held.reverse()) held.dispose();
    this.#held = [];
  }
}

/** One replaceable disposable: setting a new value disposes the old one. */
export class DisposableSlot<T extends Disposable> implements Disposable {
  #value: T | undefined;

  get value(): T | undefined {
    return this.#value;
  }

  set value(next: T | undefined) {
    if (next === this.#value) return;
    this.#value?.dispose();
    this.#value = next;
  }

  /** Take the value out without disposing it. */
  release(): T | undefined {
    const value = this.#value;
    this.#value = undefined;
    return value;
  }

  dispose(): void {
    this.value = undefined;
  }
}
