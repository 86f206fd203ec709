/** Asks the host for what stands beside the map: one key's column, the minimap, and the heads side by side. */
import { type CancellationToken } from "vscode-jsonrpc";
import { AttentionError } from "../shared/errors";
import type { GridRequest, Page, PageRequest } from "../shared/page";
import type { Host } from "./host";
import { Latest } from "./latest";
import { type HeadRef, sameHead, selectedHead, selectedSite, shownCells, shownMap } from "./selectors";
import type { AppState } from "./state";
import type { Store } from "./store";

/** Most rows of a column: a page's own limit. */
const MOST_ROWS = 8192;

/** Which heads side by side are wanted, and how many cells a tile can show. */
export interface TilesWanted {
  readonly heads: readonly number[];
  readonly maxRows: number;
  readonly maxColumns: number;
}

export class SideReader {
  readonly #column: Latest<PageRequest>;
  readonly #minimap: Latest<PageRequest>;
  readonly #grid: Latest<GridRequest>;
  readonly #tiles: Latest<{ request: Omit<PageRequest, "head">; heads: readonly number[] }>;

  constructor(
    private readonly host: Host,
    private readonly store: Store,
  ) {
    this.#column = new Latest((request, cancel) =>
      this.#page(request, cancel, (page) => store.update((state) => ({ ...state, column: page }))),
    );
    this.#minimap = new Latest((request, cancel) =>
      this.#page(request, cancel, (page) => store.update((state) => ({ ...state, minimap: page }))),
    );
    this.#grid = new Latest((request, cancel) =>
      this.#read(
        request,
        () => host.calls.readGrid(request, cancel),
        // The list of queries of a mean is told by identity.
        (grid) => store.update((state) => ({ ...state, grid: { ...grid, query: request.query } })),
      ),
    );
    this.#tiles = new Latest(async ({ request, heads }, cancel) => {
      let tiles = new Map<number, Page>();
      for (const head of heads) {
        if (cancel.isCancellationRequested) return;
        await this.#page({ ...request, head }, cancel, (page) => {
          tiles = new Map(tiles).set(head, page);
          store.update((state) => ({ ...state, tiles }));
        });
      }
    });
  }

  /** One key over all queries; null for none. */
  wantColumn(key: number | null): void {
    this.#column.want(
      key === null
        ? null
        : this.#whole((size) => ({
            keyStart: key,
            keyEnd: key + 1,
            maxRows: MOST_ROWS,
            maxColumns: size.keys,
          })),
    );
  }

  /** One query of all windows in at most so many cells; null for none. */
  wantGrid(wanted: Pick<GridRequest, "query" | "maxRows" | "maxColumns"> | null): void {
    const map = shownMap(this.store.state);
    const { pooling } = this.store.state.view;
    this.#grid.want(wanted && map && { ...map, ...wanted, pooling });
  }

  /** The whole map that is shown in at most `side` × `side` cells; null for none. */
  wantMinimap(side: number | null): void {
    const what = shownCells(this.store.state);
    this.#minimap.want(side === null ? null : this.#whole(() => ({ what, maxRows: side, maxColumns: side })));
  }

  wantTiles(wanted: TilesWanted | null): void {
    const what = shownCells(this.store.state);
    const request = wanted
      ? this.#whole(() => ({ what, maxRows: wanted.maxRows, maxColumns: wanted.maxColumns }))
      : null;
    this.#tiles.want(request && wanted ? { request: { ...request }, heads: wanted.heads } : null);
  }

  #whole(over: (size: { queries: number; keys: number }) => Partial<PageRequest>): PageRequest | null {
    const { state } = this.store;
    const head = selectedHead(state);
    const site = selectedSite(state);
    if (!head || !site) return null;
    const { queries, keys } = site;
    return {
      ...head,
      ...{ queryStart: 0, queryEnd: queries, keyStart: 0, keyEnd: keys },
      ...{ maxRows: queries, maxColumns: keys, pooling: state.view.pooling },
      ...over(site),
    };
  }

  #page(request: PageRequest, cancel: CancellationToken, arrived: (page: Page) => void): Promise<void> {
    return this.#read(request, () => this.host.calls.readPage(request, cancel), arrived);
  }

  async #read<T>(request: HeadRef, ask: () => Promise<T>, arrived: (answer: T) => void): Promise<void> {
    try {
      const answer = await ask();
      if (this.#belongs(this.store.state, request)) arrived(answer);
    } catch (error) {
      const { code } = AttentionError.wrap(error).report();
      if (code !== "cancelled" && code !== "stale") this.host.failed(AttentionError.wrap(error).message);
    }
  }

  /** Whether a page is of the site, sample and capture that are selected; of any head. */
  #belongs(state: AppState, request: HeadRef): boolean {
    const head = selectedHead(state);
    return head !== null && sameHead({ ...request, head: 0 }, { ...head, head: 0 });
  }
}
