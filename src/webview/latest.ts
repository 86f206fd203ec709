/** One request at a time for a thing of which only the last wanted matters. */
import { type CancellationToken, CancellationTokenSource } from "vscode-jsonrpc";

export class Latest<Wanted> {
  #wanted: Wanted | null = null;
  #key: string | null = null;
  #inFlight: { key: string; cancel: CancellationTokenSource } | null = null;

  /** `read` asks and hands on what arrives; what it throws is its own to tell. */
  constructor(private readonly read: (wanted: Wanted, cancel: CancellationToken) => Promise<void>) {}

  /** Ask for this, or for nothing more. The same again asks for nothing; while one is asked, only the last waits. */
  want(wanted: Wanted | null): void {
    const key = wanted === null ? null : JSON.stringify(wanted);
    if (key === this.#key) return;
    this.#wanted = wanted;
    this.#key = key;
    if (key === null) this.#inFlight?.cancel.cancel();
    this.#next();
  }

  #next(): void {
    const wanted = this.#wanted;
    const key = this.#key;
    if (wanted === null || key === null || this.#inFlight) return;
    const flight = { key, cancel: new CancellationTokenSource() };
    this.#inFlight = flight;
    void this.read(wanted, flight.cancel.token).finally(() => {
      this.#inFlight = null;
      if (this.#key !== flight.key) this.#next();
    });
  }
}
