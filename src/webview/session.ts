/** One open view: host, store and reader wired together. Elements get it as their `session` property. */
import type { ViewCommand } from "../shared/protocol";
import { CellReader } from "./cell-reader";
import type { Host } from "./host";
import { commanded, documentArrived } from "./reducers";
import { fromSaved, toSaved } from "./saved-state";
import type { AppState } from "./state";
import { Store } from "./store";

export class Session {
  readonly store: Store;
  readonly reader: CellReader;

  constructor(readonly host: Host) {
    this.store = new Store(fromSaved(host.readState()));
    this.store.subscribe((state, before) => this.#changed(state, before));
    this.reader = new CellReader(host, this.store);
  }

  /** Ask for the document and follow it from then on. */
  async start(): Promise<void> {
    this.host.listen({
      state: (document) => this.store.update((state) => documentArrived(state, document)),
      command: (command: ViewCommand) => this.store.update((state) => commanded(state, command)),
    });
    const document = await this.host.calls.connect({});
    this.store.update((state) => documentArrived(state, document));
  }

  /** Run a request that answers with nothing; a failure goes to the log. */
  act(name: "cancel" | "retry" | "selectProvider" | "manageTrust" | "showLog"): void {
    this.host.calls[name]({}).catch((error: unknown) => {
      this.host.failed(error instanceof Error ? error.message : String(error));
    });
  }

  #changed(state: AppState, before: AppState): void {
    if (state.selection === before.selection && state.view === before.view && state.anchor === before.anchor)
      return;
    this.host.writeState(toSaved(state));
    const selectionChanged = state.selection !== before.selection || before.document?.status !== "ready";
    if (state.document?.status === "ready" && selectionChanged) this.host.selected(state.selection);
  }
}
