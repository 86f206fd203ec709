/** Moving over the grid of windows: a place is a window and a query in it. Acts on the state alone. */
import { cellOfToken, tokenOfCell, windowCount } from "../../shared/maps/window-grid";
import type { Windows } from "../../shared/model";
import { cursorMoved, pinned, selectBatch } from "../reducers";
import { activeRow, queryPlace } from "../selectors";
import type { AppState } from "../state";

const steps: Record<string, readonly [row: number, column: number]> = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};

/** The selected window, counted within its sample. */
export function windowHere(state: AppState, windows: Windows): number {
  return state.selection.batch % windowCount(windows);
}

function atWindow(state: AppState, windows: Windows, window: number): AppState {
  const batch = state.selection.batch - windowHere(state, windows) + window;
  return batch === state.selection.batch ? state : selectBatch(state, batch);
}

/** Ask about a place: its window is selected and its query pinned; the same place again lets it go. */
export function placeChosen(state: AppState, windows: Windows, row: number, column: number): AppState {
  const { window, token } = tokenOfCell(windows, row, column);
  const same = window === windowHere(state, windows) && state.selection.query === token;
  const there = atWindow(state, windows, window);
  const free = same ? there : { ...there, selection: { ...there.selection, query: null } };
  return pinned(free, { query: token, key: null });
}

/** What a key does to the state; null when it is not the grid's. */
export function gridKeyed(state: AppState, windows: Windows, key: string): AppState | null {
  const step = steps[key];
  if (activeRow(state) === null) return null;
  const query = queryPlace(state);
  if (key === "Enter") return pinned(state, { query, key: null });
  if (!step) return null;
  const { gridHeight, gridWidth } = windows;
  const from = cellOfToken(windows, windowHere(state, windows), query);
  const row = (from.row + step[0] + gridHeight) % gridHeight;
  const column = (from.column + step[1] + gridWidth) % gridWidth;
  const { window, token } = tokenOfCell(windows, row, column);
  return cursorMoved(atWindow(state, windows, window), { query: token });
}
