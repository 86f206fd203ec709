/** Moving over the map: cursor, pins, zoom and pan, by pointer and by keyboard. Acts on the store alone. */
import { cursorMoved, pinned, unpinned, zoomed } from "../reducers";
import { activeKey, activeQuery, axesOf, queryPlace, selectedSite } from "../selectors";
import type { MapWindow } from "../state";
import type { Store } from "../store";
import type { Box } from "./heatmap-gestures";
import type { MapAct } from "./heatmap-keys";
import { boxed, cellSize, hitTest, type MapLayout, panned, zoomAt } from "./heatmap-layout";
import { segmentRuns } from "../../shared/rulers";

interface Place {
  readonly x: number;
  readonly y: number;
}

export class MapNavigation {
  /** `mapOf` gives where the map lies and what of it is visible; null while nothing is drawn. */
  constructor(
    private readonly storeOf: () => Store,
    private readonly mapOf: () => { layout: MapLayout; window: MapWindow } | null,
  ) {}

  hit(place: Place): { query: number; key: number } | null {
    const map = this.mapOf();
    return map ? hitTest(map.layout, map.window, place.x, place.y) : null;
  }

  pin(place: Place): void {
    const hit = this.hit(place);
    if (hit) this.storeOf().update((state) => pinned(state, hit));
  }

  zoomTo(window: MapWindow | null): void {
    this.storeOf().update((state) => zoomed(state, window));
  }

  /** Zoom about a place, else about the active cell, else about the middle. */
  zoomBy(factor: number, place?: Place): void {
    const site = selectedSite(this.storeOf().state);
    const map = this.mapOf();
    if (!site || !map) return;
    const { layout, window } = map;
    const at = place ?? this.#cursorPlace() ?? { x: layout.width / 2, y: layout.height / 2 };
    this.zoomTo(zoomAt(layout, window, site, factor, at));
  }

  pan(dx: number, dy: number): void {
    const { state } = this.storeOf();
    const site = selectedSite(state);
    const map = this.mapOf();
    if (site && map && state.view.window) this.zoomTo(panned(map.layout, map.window, site, dx, dy));
  }

  showBox(box: Box): void {
    const site = selectedSite(this.storeOf().state);
    const map = this.mapOf();
    if (site && map) this.zoomTo(boxed(map.layout, map.window, site, box));
  }

  /** Do what a key asks for; false when there is nothing to do, so that the key goes on. */
  does(act: MapAct): boolean {
    const store = this.storeOf();
    const { state } = store;
    const site = selectedSite(state);
    if (!site) return false;
    const query = queryPlace(state);
    const key = activeKey(state);
    switch (act.act) {
      case "move":
        store.update((now) =>
          cursorMoved(
            now,
            act.query ? { query: query + act.query, key: key ?? 0 } : { key: (key ?? -1) + act.key },
          ),
        );
        break;
      case "edge":
        store.update((now) => cursorMoved(now, { key: act.key === "first" ? 0 : site.keys - 1 }));
        break;
      case "segment":
        store.update((now) =>
          cursorMoved(now, { query: this.#segmentStart(query, act.step), key: key ?? 0 }),
        );
        break;
      case "pin":
        store.update((now) => pinned(now, { query: activeQuery(now), key: activeKey(now) }));
        break;
      case "unpin":
        if (state.selection.query === null && state.selection.key === null) return false;
        store.update(unpinned);
        break;
      case "pan":
        this.pan(act.dx, act.dy);
        return true;
      case "zoom":
        this.zoomBy(act.factor);
        return true;
      case "fit":
        this.zoomTo(null);
        return true;
    }
    this.#bringIntoView();
    return true;
  }

  /** Middle of the active cell where it is visible. */
  #cursorPlace(): Place | null {
    const { state } = this.storeOf();
    const map = this.mapOf();
    const query = activeQuery(state);
    const key = activeKey(state);
    if (!map || query === null || key === null) return null;
    const { layout, window } = map;
    const size = cellSize(layout, window);
    const at = { x: (key + 0.5 - window.keyStart) * size.x, y: (query + 0.5 - window.queryStart) * size.y };
    return at.x >= 0 && at.y >= 0 && at.x < layout.width && at.y < layout.height ? at : null;
  }

  /** First query of the segment before or after the one that holds `query`. */
  #segmentStart(query: number, step: 1 | -1): number {
    const axis = axesOf(this.storeOf().state)?.query;
    const starts = axis ? segmentRuns(axis).map((run) => run.start) : [];
    if (step > 0) return starts.find((start) => start > query) ?? query;
    return starts.findLast((start) => start < query) ?? 0;
  }

  /** Move the window so that the cursor is in it. */
  #bringIntoView(): void {
    const { state } = this.storeOf();
    const { window } = state.view;
    if (!window) return;
    const shift = (at: number | null, start: number, end: number): number =>
      at === null ? 0 : Math.min(0, at - start) + Math.max(0, at + 1 - end);
    const keys = shift(activeKey(state), window.keyStart, window.keyEnd);
    const queries = shift(activeQuery(state), window.queryStart, window.queryEnd);
    if (keys === 0 && queries === 0) return;
    this.zoomTo({
      queryStart: window.queryStart + queries,
      queryEnd: window.queryEnd + queries,
      keyStart: window.keyStart + keys,
      keyEnd: window.keyEnd + keys,
    });
  }
}
