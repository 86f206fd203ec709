/** Keeps the exact row of the query that is looked at in the store: of probabilities, or of scores beside them. */
import { AttentionError } from "../shared/errors";
import type { Page, Row, RowQuery } from "../shared/page";
import type { Host } from "./host";
import { activeRow, isOf, isPooled, type MapRef, pageOf, selectedSite, shownCells } from "./selectors";
import type { AppState } from "./state";
import type { Store } from "./store";

/** Rows kept, so that going back over tokens asks for nothing. */
const ROWS_KEPT = 256;

/** The exact row of a query out of a page that holds all its keys unpooled. */
function rowFromPage(page: Page, query: number, keys: number): Row | null {
  if (isPooled(page) || page.keyStart !== 0 || page.keyEnd !== keys) return null;
  if (query < page.queryStart || query >= page.queryEnd) return null;
  const start = (query - page.queryStart) * page.columns * Float32Array.BYTES_PER_ELEMENT;
  const cells = page.cells.slice(start, start + page.columns * Float32Array.BYTES_PER_ELEMENT);
  const { handle, generation, batch, head, what } = page;
  return { handle, generation, batch, head, what, query, cells };
}

export interface RowReaderOptions {
  /** The map whose rows are wanted; null for none. */
  readonly mapOf: (state: AppState) => MapRef | null;
  /** The row that the store has. */
  readonly rowOf: (state: AppState) => Row | null;
  readonly arrived: (state: AppState, row: Row) => AppState;
  readonly failed: (map: MapRef, error: AttentionError) => void;
}

export class RowReader {
  readonly #host: Host;
  readonly #store: Store;
  readonly #options: RowReaderOptions;
  #map: MapRef | null = null;
  /** By the query, or by the list of those whose mean it is: such lists are the same object for a segment. */
  #rows = new Map<RowQuery, Row>();
  #asked: RowQuery | null = null;
  /** Queries whose row could not be read: not asked again for this map. */
  #refused = new Set<RowQuery>();

  constructor(host: Host, store: Store, options: RowReaderOptions) {
    this.#host = host;
    this.#store = store;
    this.#options = options;
  }

  /** The state is another: ask for the row of its query unless it is there. */
  follow(state: AppState): void {
    const map = this.#options.mapOf(state);
    if (map === null || this.#map === null || !isOf(this.#map, map)) {
      this.#map = map;
      this.#rows.clear();
      this.#refused.clear();
      this.#asked = null;
    }
    this.#next(state);
  }

  #next(state: AppState): void {
    const map = this.#map;
    const site = selectedSite(state);
    const query = activeRow(state);
    if (!map || !site || query === null) return;
    const row = this.#options.rowOf(state);
    if (row && row.query === query && isOf(row, map)) return;
    const known = this.#rows.get(query) ?? this.#fromPage(map, state, query, site.keys);
    if (known) {
      this.#store.update((now) => this.#options.arrived(now, known));
      return;
    }
    if (this.#asked !== null || this.#refused.has(query)) return;
    if (typeof query === "number" && this.#comesWithPage(map, state)) return;
    this.#asked = query;
    void this.#host.calls
      .readRow({ ...map, query })
      .then(
        (arrived) => this.#keep(map, { ...arrived, query }),
        (error: unknown) => {
          if (!this.#isCurrent(map)) return;
          this.#refused.add(query);
          this.#options.failed(map, AttentionError.wrap(error));
        },
      )
      .finally(() => {
        if (!this.#isCurrent(map)) return;
        this.#asked = null;
        this.#next(this.#store.state);
      });
  }

  #fromPage(map: MapRef, state: AppState, query: RowQuery, keys: number): Row | null {
    if (typeof query !== "number") return null;
    const page = pageOf(state);
    return page && isOf(page, map) ? rowFromPage(page, query, keys) : null;
  }

  /** With no page yet the row may come with it; one request is enough while one is on its way. */
  #comesWithPage(map: MapRef, state: AppState): boolean {
    return state.view.heads === "one" && pageOf(state) === null && shownCells(state) === map.what;
  }

  #keep(map: MapRef, row: Row): void {
    if (!this.#isCurrent(map)) return;
    this.#rows.set(row.query, row);
    const oldest = this.#rows.keys().next();
    if (this.#rows.size > ROWS_KEPT && !oldest.done) this.#rows.delete(oldest.value);
    if (activeRow(this.#store.state) === row.query)
      this.#store.update((state) => this.#options.arrived(state, row));
  }

  #isCurrent(map: MapRef): boolean {
    return this.#map !== null && isOf(this.#map, map);
  }
}
