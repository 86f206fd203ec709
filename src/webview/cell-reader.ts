/**
 * Asks the host for the cells, figures and rows of the selected head, and puts into the store what still belongs
 * to it: a reply for another map, generation or window than the last one asked for is dropped.
 */
import { CancellationTokenSource } from "vscode-jsonrpc";
import { AttentionError, describe } from "../shared/errors";
import type { Page, PageRequest } from "../shared/page";
import type { Host } from "./host";
import { RowReader } from "./row-reader";
import {
  type HeadRef,
  isOf,
  isPooled,
  type MapRef,
  pageOf,
  sameHead,
  selectedHead,
  shownMap,
} from "./selectors";
import type { AppState } from "./state";
import type { Store } from "./store";

/** Cells that the heatmap wants: a window in whole cells, and how many rows and columns its pane can show. */
export type PageWindow = Pick<
  PageRequest,
  "queryStart" | "queryEnd" | "keyStart" | "keyEnd" | "maxRows" | "maxColumns" | "pooling"
>;

function contains(page: Page, wanted: PageWindow): boolean {
  return (
    !isPooled(page) &&
    page.queryStart <= wanted.queryStart &&
    page.queryEnd >= wanted.queryEnd &&
    page.keyStart <= wanted.keyStart &&
    page.keyEnd >= wanted.keyEnd
  );
}

export class CellReader {
  #map: MapRef | null = null;
  #wanted: PageWindow | null = null;
  #inFlight: { wanted: PageWindow; cancel: CancellationTokenSource } | null = null;
  #cancelHead: CancellationTokenSource | null = null;
  readonly #rows: readonly RowReader[];

  constructor(
    private readonly host: Host,
    private readonly store: Store,
  ) {
    const failed = (map: HeadRef, error: AttentionError): void => this.#rowFailed(map, error);
    this.#rows = [
      new RowReader(host, store, {
        mapOf: (state) => {
          const head = selectedHead(state);
          return head && { ...head, what: "probability" };
        },
        rowOf: (state) => state.row,
        arrived: (state, row) => ({ ...state, row }),
        failed,
      }),
      new RowReader(host, store, {
        mapOf: (state) => {
          const map = shownMap(state);
          return map?.what === "probability" ? null : map;
        },
        rowOf: (state) => state.scoreRow,
        arrived: (state, scoreRow) => ({ ...state, scoreRow }),
        failed,
      }),
    ];
    store.subscribe((state) => this.#follow(state));
  }

  /** The heatmap's window changed. Asks unless the cells are there; while one is asked, only the last waits. */
  want(wanted: PageWindow): void {
    if (JSON.stringify(wanted) === JSON.stringify(this.#wanted)) return;
    this.#wanted = wanted;
    this.#nextPage();
  }

  #follow(state: AppState): void {
    const map = shownMap(state);
    if (map === null) return;
    const before = this.#map;
    if (before === null || !isOf(before, map)) {
      this.#map = map;
      this.#inFlight?.cancel.cancel();
      this.#inFlight = null;
      this.#wanted = null;
      if (before === null || !sameHead(before, map)) {
        this.#cancelHead?.cancel();
        if (state.rowsLeftOut) this.store.update((now) => ({ ...now, rowsLeftOut: false }));
        void this.#readProfile(map);
      }
    }
    for (const rows of this.#rows) rows.follow(this.store.state);
  }

  async #readProfile({ handle, generation, batch, head }: HeadRef): Promise<void> {
    const cancel = new CancellationTokenSource();
    this.#cancelHead = cancel;
    const own = { handle, generation, batch, head };
    try {
      const profile = await this.host.calls.readHead(own, cancel.token);
      if (this.#isCurrent(own)) this.store.update((state) => ({ ...state, profile, problem: null }));
    } catch (error) {
      this.#failed(own, AttentionError.wrap(error));
    }
  }

  #nextPage(): void {
    const map = this.#map;
    const wanted = this.#wanted;
    if (!map || !wanted || this.#inFlight) return;
    const page = pageOf(this.store.state);
    if (page && contains(page, wanted)) return;
    const cancel = new CancellationTokenSource();
    const flight = { wanted, cancel };
    this.#inFlight = flight;
    void this.host.calls
      .readPage({ ...map, ...wanted }, cancel.token)
      .then(
        (arrived) => {
          if (this.#map && isOf(map, this.#map) && this.#inFlight === flight) {
            this.store.update((state) => ({ ...state, page: arrived, problem: null }));
          }
        },
        (error: unknown) => this.#failed(map, AttentionError.wrap(error)),
      )
      .finally(() => {
        if (this.#inFlight !== flight) return;
        this.#inFlight = null;
        if (this.#wanted !== wanted) this.#nextPage();
      });
  }

  /** A report that holds maxima alone has no rows: that is said at the cell, not as a failure. */
  #rowFailed(head: HeadRef, error: AttentionError): void {
    if (error.code !== "leftOut") this.#failed(head, error);
    else if (this.#isCurrent(head)) this.store.update((state) => ({ ...state, rowsLeftOut: true }));
  }

  #isCurrent(head: HeadRef): boolean {
    return this.#map !== null && sameHead(head, this.#map);
  }

  #failed(head: HeadRef, error: AttentionError): void {
    const report = error.report();
    // A cancelled or outdated request is no failure: its successor is on its way.
    if (!this.#isCurrent(head) || report.code === "cancelled" || report.code === "stale") return;
    const words = describe(report);
    this.store.update((state) => ({
      ...state,
      problem: [words.title, words.detail].filter(Boolean).join(": "),
    }));
    this.host.failed(error.message);
  }
}
