/** Windows on the grid that they were cut from: the query in all of them, shifted ones rolled back, by mouse and key. */
import axe from "axe-core";
import { afterEach, describe, expect, it } from "vitest";
import { page } from "vitest/browser";
import { colourTable } from "../../src/shared/colour-maps";
import { cellOfToken } from "../../src/shared/maps/window-grid";
import { viewed } from "../../src/webview/reducers";
import type { WindowGridElement } from "../../src/webview/heatmap/window-grid-element";
import { type FakeModel, numbered } from "./fake-capture";
import { type FakeMap, randomMap } from "./fake-maps";
import { clickAt, moveTo, press } from "./input";
import { closeApp, drawn, find, findAll, openApp, type OpenApp, settled, textOf } from "./open-app";

const windows = {
  gridHeight: 8,
  gridWidth: 12,
  windowHeight: 4,
  windowWidth: 4,
  shiftHeight: 2,
  shiftWidth: 1,
};
const COUNT = 6;
const TOKENS = 16;
const SAMPLES = 2;

/** As Swin masks shifted windows: tokens that were rolled over an edge see only those that were, too. */
const part = (window: number, token: number): number => {
  const { row, column } = cellOfToken(windows, window, token);
  return Number(row < windows.shiftHeight) * 2 + Number(column < windows.shiftWidth);
};

const maps: FakeMap[][] = Array.from({ length: COUNT * SAMPLES }, (_, batch) => [
  randomMap(TOKENS, TOKENS, 100 + batch, {
    sharpness: 4,
    visible: (query, key) => part(batch % COUNT, query) === part(batch % COUNT, key),
  }),
  randomMap(TOKENS, TOKENS, 300 + batch, { sharpness: 6 }),
]);

const model: FakeModel = {
  axes: [numbered("tokens", TOKENS)],
  sites: [
    {
      ...{ component: "swin", layer: 1, kind: "self", queryAxis: 0, keyAxis: 0, maps },
      over: { windows, batchAxis: "window" },
    },
    { ...{ component: "swin", layer: 2, kind: "self", queryAxis: 0, keyAxis: 0 }, maps: [maps[0]!] },
  ],
};

async function openGrid(query = 5, batch = 1): Promise<OpenApp> {
  const open = await openApp(model);
  await drawn(open);
  open.session.store.update((state) => ({
    ...viewed(state, { windows: "grid" }),
    selection: { ...state.selection, batch, query },
  }));
  await gridShown(open, query);
  return open;
}

async function gridShown(open: OpenApp, query: number): Promise<void> {
  await expect.poll(() => open.session.store.state.grid?.query).toBe(query);
  await settled(open.app);
  await expect.poll(() => element(open).surface?.drawn ?? 0).toBeGreaterThan(0);
}

const element = (open: OpenApp): WindowGridElement =>
  find(open.app, "attention-window-grid") as WindowGridElement;

/** Middle of a place of the grid in client px. */
function placeOf(open: OpenApp, row: number, column: number): { x: number; y: number } {
  const box = element(open).surface!.canvas.getBoundingClientRect();
  return { x: box.x + ((column + 0.5) * box.width) / 12, y: box.y + ((row + 0.5) * box.height) / 8 };
}

/** What Swin's own order says: the window and key at a place, rolled and cut here. */
function rolled(row: number, column: number): { window: number; key: number } {
  const [down, along] = [(row + 8 - 2) % 8, (column + 12 - 1) % 12];
  return { window: Math.floor(down / 4) * 3 + Math.floor(along / 4), key: (down % 4) * 4 + (along % 4) };
}

afterEach(() => closeApp());

describe("the grid of windows", () => {
  it("shows the query's row of every window at its keys' places, pixel by pixel", async () => {
    const open = await openGrid(5, COUNT + 2);
    const { surface } = element(open);
    surface!.drawNow();
    const { width, height } = surface!.canvas;
    const context = new OffscreenCanvas(width, height).getContext("2d")!;
    context.drawImage(surface!.canvas, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    const rows = Array.from({ length: COUNT }, (_, window) => {
      const { cells } = maps[COUNT + window]![0]!;
      return cells.subarray(5 * TOKENS, 6 * TOKENS);
    });
    const end = Math.max(...rows.flatMap((row) => [...row]));
    const table = colourTable("magma", false);
    const wrong: string[] = [];
    let masked = 0;
    for (let row = 0; row < 8; row++) {
      for (let column = 0; column < 12; column++) {
        const { window, key } = rolled(row, column);
        const p = rows[window]![key]!;
        if (p < 0) {
          masked++;
          continue;
        }
        const x = Math.floor(((column + 0.5) * width) / 12);
        const y = Math.floor(((row + 0.5) * height) / 8);
        const at = (y * width + x) * 4;
        const index = Math.floor((p / end) * 255 + 0.5);
        const expected = [...table.slice(index * 4, index * 4 + 3)];
        const seen = [...data.slice(at, at + 3)];
        if (expected.some((value, channel) => Math.abs(value - seen[channel]!) > 6))
          wrong.push(`${row},${column}: ${String(seen)} not ${String(expected)}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(masked).toBeGreaterThan(0);
  });

  it("says what a place is, and a click asks about it in its own window", async () => {
    const open = await openGrid();
    const at = placeOf(open, 1, 0);
    const { window, key } = rolled(1, 0);
    await moveTo(at.x, at.y);
    await settled(open.app);
    expect(textOf(find(open.app, ".tip"))).toMatch(
      new RegExp(`^row 1, column 0 (p [\\d.<]+|masked) · key ${key} of window ${window}$`),
    );
    await clickAt(at.x, at.y);
    expect(open.session.store.state.selection).toMatchObject({ batch: window, query: key });
    await gridShown(open, key);
    expect(findAll(open.app, "attention-window-grid").length).toBe(1);
    const outlined = findAll(open.app, ".row-outline");
    expect(outlined).toHaveLength(1);
    expect(findAll(open.app, ".column-outline")).toHaveLength(COUNT - 1);
    await clickAt(at.x, at.y);
    expect(open.session.store.state.selection.query).toBeNull();
  });

  it("moves by arrows from window to window, and pins with Enter", async () => {
    const open = await openGrid();
    const stage = find(open.app, "attention-window-grid").shadowRoot!.querySelector(".stage")!;
    open.session.store.update((state) => ({
      ...state,
      selection: { ...state.selection, batch: 0, query: null },
      cursor: { query: 3, key: null },
    }));
    await settled(open.app);
    const from = cellOfToken(windows, 0, 3);
    press(stage, "ArrowRight");
    await settled(open.app);
    const { window, key } = rolled(from.row, from.column + 1);
    expect(window).toBe(1);
    expect(open.session.store.state.selection.batch).toBe(window);
    expect(open.session.store.state.cursor.query).toBe(key);
    press(stage, "Enter");
    expect(open.session.store.state.selection.query).toBe(key);
  });

  it("is chosen in the header, where a site has windows, and says its shape", async () => {
    const open = await openApp(model);
    await drawn(open);
    const dropdown = find(open.app, "vscode-dropdown.windows");
    dropdown.focus();
    press(dropdown, "ArrowDown");
    await expect.poll(() => open.session.store.state.grid).not.toBeNull();
    await settled(open.app);
    expect(
      find(open.app, "attention-heatmap").shadowRoot!.querySelector(".detail")!.getAttribute("title"),
    ).toContain("grid of 8 × 12 in windows of 4 × 4, shifted by 2, 1");
    expect(find(open.app, "attention-window-grid .picture, .picture").getAttribute("aria-label")).toContain(
      "in all 6 windows, on a grid of 8 rows by 12 columns",
    );
    open.session.store.update((state) => ({
      ...state,
      selection: { ...state.selection, site: 1, batch: 0 },
    }));
    await drawn(open);
    expect(findAll(open.app, "attention-window-grid")).toEqual([]);
    expect(findAll(open.app, "vscode-dropdown.windows")).toEqual([]);
  });

  it("asks once for a query, whichever window of the sample is selected", async () => {
    const open = await openGrid();
    const asked = open.host.grids.length;
    expect(asked).toBeGreaterThan(0);
    await settled(open.app);
    expect(open.host.grids.length).toBe(asked);
    expect(new Float32Array(open.session.store.state.grid!.cells)).toHaveLength(96);
  });
});

describe.each(["dark", "light", "hc"] as const)("the grid of windows in %s", (theme) => {
  it("is drawn, and axe finds nothing", async () => {
    const open = await openApp(model, { theme, width: 1200, height: 800 });
    await drawn(open);
    open.session.store.update((state) => viewed(state, { windows: "grid" }));
    await expect.poll(() => open.session.store.state.grid).not.toBeNull();
    await settled(open.app);
    const { violations } = await axe.run(open.app, {
      rules: { "page-has-heading-one": { enabled: false } },
    });
    expect(violations.map(({ id }) => id)).toEqual([]);
    await page.screenshot({ path: `../../.cache/shots/grid-${theme}.png` });
  });
});
