/**
 * Asks the host for the cells, figures and row of the selected head, and puts into the store what still belongs
 * to it: a reply for another head, generation or window than the last one asked for is dropped.
 */
import { CancellationTokenSource } from "vscode-jsonrpc";
import { AttentionError, describe } from "../shared/errors";
import type { Page, PageRequest, Row } from "../shared/page";
import type { Host } from "./host";
import {
  activeQuery,
  type HeadRef,
  isPooled,
  pageOf,
  sameHead,
  selectedHead,
  selectedSite,
} from "./selectors";
import type { AppState } from "./state";
import type { Store } from "./store";

/** Cells that the heatmap wants: a window in whole cells, and how many rows and columns its pane can show. */
export type PageWindow = Pick<
  PageRequest,
  "queryStart" | "queryEnd" | "keyStart" | "keyEnd" | "maxRows" | "maxColumns" | "pooling"
>;

/** Rows kept, so that going back over tokens asks for nothing. */
const ROWS_KEPT = 256;

function contains(page: Page, wanted: PageWindow): boolean {
  return (
    !isPooled(page) &&
    page.queryStart <= wanted.queryStart &&
    page.queryEnd >= wanted.queryEnd &&
    page.keyStart <= wanted.keyStart &&
    page.keyEnd >= wanted.keyEnd
  );
}

/** The exact row of a query out of a page that holds all its keys unpooled. */
function rowFromPage(page: Page, query: number, keys: number): Row | null {
  if (isPooled(page) || page.keyStart !== 0 || page.keyEnd !== keys) return null;
  if (query < page.queryStart || query >= page.queryEnd) return null;
  const start = (query - page.queryStart) * page.columns * Float32Array.BYTES_PER_ELEMENT;
  const cells = page.cells.slice(start, start + page.columns * Float32Array.BYTES_PER_ELEMENT);
  const { handle, generation, batch, head } = page;
  return { handle, generation, batch, head, query, cells };
}

export class CellReader {
  #head: HeadRef | null = null;
  #wanted: PageWindow | null = null;
  #inFlight: { wanted: PageWindow; cancel: CancellationTokenSource } | null = null;
  #cancelHead: CancellationTokenSource | null = null;
  #rows = new Map<number, Row>();
  #rowAsked: number | null = null;
  /** Queries whose row could not be read: not asked again for this head. */
  #rowsFailed = new Set<number>();

  constructor(
    private readonly host: Host,
    private readonly store: Store,
  ) {
    store.subscribe((state) => this.#follow(state));
  }

  /** The heatmap's window changed. Asks unless the cells are there; while one is asked, only the last waits. */
  want(wanted: PageWindow): void {
    if (JSON.stringify(wanted) === JSON.stringify(this.#wanted)) return;
    this.#wanted = wanted;
    this.#nextPage();
  }

  #follow(state: AppState): void {
    const head = selectedHead(state);
    if (head === null) return;
    if (this.#head === null || !sameHead(head, this.#head)) {
      this.#head = head;
      this.#rows.clear();
      this.#rowsFailed.clear();
      this.#rowAsked = null;
      this.#cancelHead?.cancel();
      this.#inFlight?.cancel.cancel();
      this.#inFlight = null;
      this.#wanted = null;
      void this.#readProfile(head);
    }
    this.#nextRow(state);
  }

  async #readProfile(head: HeadRef): Promise<void> {
    const cancel = new CancellationTokenSource();
    this.#cancelHead = cancel;
    try {
      const profile = await this.host.calls.readHead(head, cancel.token);
      if (this.#isCurrent(head)) this.store.update((state) => ({ ...state, profile, problem: null }));
    } catch (error) {
      this.#failed(head, error);
    }
  }

  #nextPage(): void {
    const head = this.#head;
    const wanted = this.#wanted;
    if (!head || !wanted || this.#inFlight) return;
    const page = pageOf(this.store.state);
    if (page && contains(page, wanted)) return;
    const cancel = new CancellationTokenSource();
    const flight = { wanted, cancel };
    this.#inFlight = flight;
    void this.host.calls
      .readPage({ ...head, ...wanted }, cancel.token)
      .then(
        (arrived) => {
          if (this.#isCurrent(head) && this.#inFlight === flight) {
            this.store.update((state) => ({ ...state, page: arrived, problem: null }));
          }
        },
        (error: unknown) => this.#failed(head, error),
      )
      .finally(() => {
        if (this.#inFlight !== flight) return;
        this.#inFlight = null;
        if (this.#wanted !== wanted) this.#nextPage();
      });
  }

  #nextRow(state: AppState): void {
    const head = this.#head;
    const site = selectedSite(state);
    const query = activeQuery(state);
    if (!head || !site || query === null) return;
    if (state.row && state.row.query === query && sameHead(state.row, head)) return;
    const page = pageOf(state);
    const known = this.#rows.get(query) ?? (page ? rowFromPage(page, query, site.keys) : null);
    if (known) {
      this.#rowArrived(known);
      return;
    }
    // With no page yet the row may come with it; one request is enough while one is on its way.
    const pageComes = !page && state.view.heads === "one";
    if (this.#rowAsked !== null || pageComes || this.#rowsFailed.has(query)) return;
    this.#rowAsked = query;
    void this.host.calls
      .readRow({ ...head, query })
      .then(
        (row) => {
          if (this.#isCurrent(head)) this.#keep(row);
        },
        (error: unknown) => {
          if (this.#isCurrent(head)) this.#rowsFailed.add(query);
          this.#failed(head, error);
        },
      )
      .finally(() => {
        if (!this.#isCurrent(head)) return;
        this.#rowAsked = null;
        this.#nextRow(this.store.state);
      });
  }

  #keep(row: Row): void {
    this.#rows.set(row.query, row);
    const oldest = this.#rows.keys().next();
    if (this.#rows.size > ROWS_KEPT && !oldest.done) this.#rows.delete(oldest.value);
    if (activeQuery(this.store.state) === row.query) this.#rowArrived(row);
  }

  #rowArrived(row: Row): void {
    this.store.update((state) => ({ ...state, row }));
  }

  #isCurrent(head: HeadRef): boolean {
    return this.#head !== null && sameHead(head, this.#head);
  }

  #failed(head: HeadRef, error: unknown): void {
    const report = AttentionError.wrap(error).report();
    // A cancelled or outdated request is no failure: its successor is on its way.
    if (!this.#isCurrent(head) || report.code === "cancelled" || report.code === "stale") return;
    const words = describe(report);
    this.store.update((state) => ({
      ...state,
      problem: [words.title, words.detail].filter(Boolean).join(": "),
    }));
    this.host.failed(AttentionError.wrap(error).message);
  }
}
