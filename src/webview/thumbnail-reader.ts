/** Asks for the thumbnails of the sites that are looked at, a few at a time, and keeps them in the store. */
import { AttentionError } from "../shared/errors";
import type { Thumbnails } from "../shared/page";
import type { Host } from "./host";
import { captureOf } from "./selectors";
import type { Store } from "./store";

/** Longest side asked for, in cells: what the first view may cost (P4) and the largest thumbnail shows. */
export const THUMBNAIL_SIDE = 48;
/** So many that the engine never waits for the view, and so few that a page is not long behind them. */
const AT_ONCE = 12;

export class ThumbnailReader {
  #wanted: readonly number[] = [];
  #inFlight = new Set<string>();
  /** Handles that could not be read, with generation and sample: not asked again. */
  #failed = new Set<string>();

  constructor(
    private readonly host: Host,
    private readonly store: Store,
  ) {}

  /** These sites are visible, the most wanted first; what was wanted before and has not been asked is forgotten. */
  want(sites: readonly number[]): void {
    this.#wanted = sites;
    this.#next();
  }

  #next(): void {
    const { state } = this.store;
    const capture = captureOf(state);
    if (!capture) return;
    const { generation } = capture;
    for (const index of this.#wanted) {
      if (this.#inFlight.size >= AT_ONCE) return;
      const site = capture.sites[index];
      if (!site) continue;
      const batch = Math.min(state.selection.batch, site.batch - 1);
      const known = state.thumbnails.get(site.handle);
      if (known && known.generation === generation && known.batch === batch) continue;
      const name = `${site.handle} ${generation} ${batch}`;
      if (this.#inFlight.has(name) || this.#failed.has(name)) continue;
      this.#inFlight.add(name);
      this.host.calls
        .readThumbnails({ handle: site.handle, generation, batch, side: THUMBNAIL_SIDE })
        .then(
          (arrived) => this.#arrived(arrived),
          (error: unknown) => {
            this.#failed.add(name);
            const wrapped = AttentionError.wrap(error);
            if (wrapped.report().code !== "stale") this.host.failed(wrapped.message);
          },
        )
        .finally(() => {
          this.#inFlight.delete(name);
          this.#next();
        });
    }
  }

  #arrived(thumbnails: Thumbnails): void {
    this.store.update((state) => {
      if (captureOf(state)?.generation !== thumbnails.generation) return state;
      return { ...state, thumbnails: new Map(state.thumbnails).set(thumbnails.handle, thumbnails) };
    });
  }
}
