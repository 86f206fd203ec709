/** What stands beside the map: margins, minimap, all heads, ranges, pooling, the link to the source. */
import { afterEach, describe, expect, it } from "vitest";
import { colourTable } from "../../src/shared/colour-maps";
import { marginBars } from "../../src/webview/heatmap/margins";
import { emptiestCorner, needsMinimap } from "../../src/webview/heatmap/minimap-element";
import type { TilesElement } from "../../src/webview/heatmap/tiles-element";
import { layoutTiles, tilesSize } from "../../src/webview/heatmap/tiles-layout";
import { viewed, zoomed } from "../../src/webview/reducers";
import { causal, mapOf, playerEncoder, readyState } from "./fake-capture";
import { profileOfMap } from "./fake-maps";
import { clickAt, dragFrom, middle, moveTo, press } from "./input";
import { closeApp, drawn, find, findAll, openApp, type OpenApp, settled, textOf } from "./open-app";

const model = playerEncoder();
const SITE = 6;

afterEach(async () => {
  closeApp();
  await moveTo(1, 1);
});

async function openSelf(view = {}): Promise<OpenApp> {
  const open = await openApp(model);
  open.session.store.update((state) =>
    viewed({ ...state, selection: { ...state.selection, site: SITE } }, view),
  );
  await drawn(open);
  return open;
}

function heatmap(open: OpenApp): ShadowRoot {
  return find(open.app, "attention-heatmap").shadowRoot!;
}

describe("margins", () => {
  it("take one bar a cell, or the largest value a pixel covers", () => {
    const values = Float32Array.from([0.1, 0.5, Number.NaN, 0.2, 0.9, 0.3, 0.4, 0.7]);
    const wide = marginBars(values, { start: 2, end: 6, length: 40 });
    expect(wide.map((bar) => bar.from)).toEqual([0, 10, 20, 30]);
    expect(wide.map((bar) => bar.value)).toEqual([Number.NaN, ...[0.2, 0.9, 0.3].map(Math.fround)]);
    const narrow = marginBars(values, { start: 0, end: 8, length: 4 });
    expect(narrow.map((bar) => bar.value)).toEqual([0.5, 0.2, 0.9, 0.7].map(Math.fround));
  });

  it("show received attention and row entropy of the visible cells, and mark masked rows", async () => {
    const open = await openSelf();
    const profile = profileOfMap(mapOf(model, SITE, 0, 0), { handle: "", generation: 1, batch: 0, head: 0 });
    const received = [...new Float32Array(profile.received)].filter((mass) => !Number.isNaN(mass));
    const bars = (side: string): number =>
      (find(heatmap(open), `.margin.${side}`).querySelector(".bars")!.getAttribute("d")!.match(/M/g) ?? [])
        .length;
    expect(bars("received")).toBe(received.length);
    expect(bars("entropy")).toBe(30);
    expect(textOf(find(heatmap(open), ".margin.received text"))).toBe(
      Math.max(...received).toFixed(Math.max(...received) < 0.1 ? 3 : 2),
    );
    expect(findAll(heatmap(open), ".margin.entropy .masked")).toHaveLength(8);
    open.session.store.update((state) =>
      zoomed(state, { queryStart: 0, queryEnd: 8, keyStart: 0, keyEnd: 8 }),
    );
    await settled(open.app);
    expect(bars("entropy")).toBe(8);
    expect(findAll(heatmap(open), ".margin.entropy .masked")).toHaveLength(0);
  });

  it("mark rows that do not sum to 1, as the legend does", async () => {
    const one = causal(12, 1);
    const [first] = one.sites;
    const map = { ...first!.maps[0]![0]!, cells: first!.maps[0]![0]!.cells.slice() };
    for (let key = 0; key < 12; key++) map.cells[5 * 12 + key]! *= 0.5;
    const broken = { axes: one.axes, sites: [{ ...first!, maps: [[map]] }] };
    const document = readyState(broken);
    document.capture.sites[0]!.figures[0]![0]!.rowsFlagged = 1;
    const open = await openApp(broken, { document });
    await drawn(open);
    // The half of a masked cell is still below 0.
    expect(findAll(heatmap(open), ".margin .flagged title").map((title) => textOf(title))).toEqual([
      "row 5 sums to 0.500",
    ]);
    expect(textOf(find(heatmap(open), ".note.warns"))).toMatch(/^1 row does not sum to 1/);
  });
});

describe("the minimap", () => {
  it("is there while less than 60 % is visible, in the emptiest corner", async () => {
    const size = { queries: 100, keys: 100 };
    expect(needsMinimap(null, size)).toBe(false);
    expect(needsMinimap({ queryStart: 0, queryEnd: 80, keyStart: 0, keyEnd: 80 }, size)).toBe(false);
    expect(needsMinimap({ queryStart: 0, queryEnd: 70, keyStart: 0, keyEnd: 70 }, size)).toBe(true);
    const open = await openApp(causal(100, 1));
    await drawn(open);
    expect(findAll(open.app, "attention-minimap")).toHaveLength(0);
    const window = { queryStart: 20, queryEnd: 60, keyStart: 20, keyEnd: 60 };
    open.session.store.update((state) => zoomed(state, window));
    await drawn(open);
    expect(emptiestCorner(open.session.store.state.page!, window)).toBe("top-right");
    const minimap = find(open.app, "attention-minimap");
    expect(minimap.getAttribute("corner")).toBe("top-right");
    await expect.poll(() => open.session.store.state.minimap).not.toBeNull();
    expect(open.session.store.state.minimap!.rows).toBeLessThanOrEqual(62);
    await settled(open.app);
    expect(minimap.getBoundingClientRect().width).toBeCloseTo(62, 0);
    expect(minimap.getAttribute("aria-valuetext")).toBe("queries 20 to 59, keys 20 to 59");
  });

  it("moves the window when its frame is dragged or moved by arrows, and nothing under it", async () => {
    const open = await openApp(causal(100, 1));
    await drawn(open);
    open.session.store.update((state) =>
      zoomed(state, { queryStart: 0, queryEnd: 40, keyStart: 0, keyEnd: 40 }),
    );
    await settled(open.app);
    const box = find(open.app, "attention-minimap").getBoundingClientRect();
    await dragFrom(
      { x: box.x + 12, y: box.y + 12 },
      { x: box.x + box.width * 0.5, y: box.y + box.height * 0.5 },
    );
    await settled(open.app);
    const { window } = open.session.store.state.view;
    expect(window!.keyStart).toBeCloseTo(30, -0.5);
    expect(open.session.store.state.selection).toMatchObject({ query: null, key: null });
    press(find(open.app, "attention-minimap"), "ArrowDown");
    expect(open.session.store.state.view.window!.queryStart).toBeCloseTo(window!.queryStart + 10, 5);
  });
});

describe("all heads side by side", () => {
  it("are one picture on one scale, each with its entropy in its title", async () => {
    const open = await openSelf();
    const button = findAll(heatmap(open), ".modes button")[1]!;
    expect(textOf(button).replace(/\s/g, " ")).toBe("All heads");
    button.click();
    await expect.poll(() => open.session.store.state.tiles.size).toBe(4);
    await settled(open.app);
    const tiles = find(open.app, "attention-tiles") as TilesElement;
    expect(findAll(tiles.shadowRoot!, "canvas")).toHaveLength(1);
    const { figures } = readyState(model).capture.sites[SITE]!;
    expect(findAll(tiles.shadowRoot!, ".tile").map((tile) => textOf(tile))).toEqual(
      figures[0]!.map((of, head) => `head ${head}, normalised entropy ${of.normalisedEntropy!.toFixed(2)}`),
    );
    const maxima = [0, 1, 2, 3].map((head) => Math.max(...mapOf(model, SITE, 0, head).cells));
    expect(textOf(find(heatmap(open), ".legend .ticks span:last-child"))).toBe(
      Math.max(...maxima).toFixed(2),
    );
    expect(findAll(heatmap(open), "[role=img]")).toHaveLength(1);
    findAll(tiles.shadowRoot!, ".tile")[3]!.click();
    expect(open.session.store.state.selection.head).toBe(3);
    open.host.command("toggleAllHeads");
    await drawn(open);
    expect(findAll(open.app, "attention-tiles")).toHaveLength(0);
  });

  it("show every cell of every head in its colour", async () => {
    const one = causal(9, 3);
    const open = await openApp(one);
    await drawn(open);
    open.host.command("toggleAllHeads");
    await expect.poll(() => open.session.store.state.tiles.size).toBe(3);
    await settled(open.app);
    const { surface } = find(open.app, "attention-tiles") as TilesElement;
    surface!.drawNow();
    const context = new OffscreenCanvas(surface!.canvas.width, surface!.canvas.height).getContext("2d")!;
    context.drawImage(surface!.canvas, 0, 0);
    const maps = [0, 1, 2].map((head) => mapOf(one, 0, 0, head));
    const end = Math.max(...maps.flatMap((map) => [...map.cells]));
    const table = colourTable("magma", false);
    const corner = find(open.app, "attention-tiles")
      .shadowRoot!.querySelector(".picture")!
      .getBoundingClientRect();
    const ratio = surface!.canvas.width / corner.width;
    findAll(open.app, ".tile").forEach((tile, head) => {
      const box = tile.getBoundingClientRect();
      const title = tile.querySelector(".title")!.getBoundingClientRect().height;
      const [query, key] = [7, 2 + head];
      const x = (box.x - corner.x + ((key + 0.5) / 9) * box.width) * ratio;
      const y = (box.y + title - corner.y + ((query + 0.5) / 9) * (box.height - title)) * ratio;
      const place = Math.floor((maps[head]!.cells[query * 9 + key]! / end) * 255 + 0.5);
      const shown = [...context.getImageData(Math.floor(x), Math.floor(y), 1, 1).data].slice(0, 3);
      expect(shown, `head ${head}`).toEqual([...table.slice(place * 4, place * 4 + 3)]);
    });
  });

  it("are as large as their number allows", () => {
    const size = { width: 700, height: 400, ratio: 1, queries: 40, keys: 40, square: true };
    const four = layoutTiles({ ...size, heads: 4, rulerWidth: 40, rulerHeight: 40 })!;
    const many = layoutTiles({ ...size, heads: 32, rulerWidth: 40, rulerHeight: 40 })!;
    expect(four.tileWidth).toBeGreaterThan(150);
    expect(four.across * four.down).toBeGreaterThanOrEqual(4);
    expect(many.across * many.down).toBeGreaterThanOrEqual(32);
    expect(tilesSize(many).width).toBeLessThanOrEqual(700 - 40);
    expect(tilesSize(many).height).toBeLessThanOrEqual(400 - 40);
  });
});

describe("the range of the colours", () => {
  it.each([
    ["maximum", (all: number[]) => Math.max(...all)],
    ["unit", () => 1],
    [0.1, () => 0.1],
  ] as const)("ends at %s", async (range, end) => {
    const open = await openSelf({ range });
    const cells = [...mapOf(model, SITE, 0, 0).cells].filter((p) => p >= 0);
    const value = end(cells);
    expect(textOf(find(heatmap(open), ".ticks span:last-child"))).toBe(value.toFixed(value < 0.1 ? 3 : 2));
    const above = cells.filter((p) => p > value).length;
    expect(textOf(find(heatmap(open), ".legend")).includes(`${above} cells above`)).toBe(above > 0);
  });

  it("is one for all heads of the site when asked for", async () => {
    const open = await openSelf({ range: "site" });
    await expect.poll(() => open.session.store.state.thumbnails.has(`maps/${SITE}`)).toBe(true);
    await settled(open.app);
    const largest = Math.max(...[0, 1, 2, 3].flatMap((head) => [...mapOf(model, SITE, 0, head).cells]));
    expect(textOf(find(heatmap(open), ".ticks span:last-child"))).toBe(largest.toFixed(2));
  });

  it("is locked by its handle, kept for other heads, and let go by a double click", async () => {
    const open = await openSelf();
    const handle = find(heatmap(open), "attention-range-handle");
    const before = Number(handle.getAttribute("aria-valuenow"));
    press(handle, "ArrowLeft");
    await settled(open.app);
    const locked = open.session.store.state.view.range as number;
    expect(locked).toBeCloseTo(before / 1.1, 2);
    const at = middle(handle);
    await dragFrom(at, { x: at.x - 60, y: at.y });
    await settled(open.app);
    expect(open.session.store.state.view.range).toBeCloseTo(locked / 2, 2);
    open.host.command("nextHead");
    await drawn(open);
    expect(open.session.store.state.view.range).toBeCloseTo(locked / 2, 2);
    handle.dispatchEvent(new MouseEvent("dblclick"));
    expect(open.session.store.state.view.range).toBe("auto");
  });
});

describe("blocks", () => {
  it("show their maximum, or their mean where that is chosen, and the header says which", async () => {
    const open = await openApp(causal(900, 1));
    await drawn(open);
    expect(textOf(find(heatmap(open), ".header .detail"))).toMatch(/max of \d+ × \d+/);
    expect(open.host.pages.at(-1)!.pooling).toBe("max");
    open.session.store.update((state) => viewed(state, { pooling: "mean" }));
    await expect.poll(() => open.session.store.state.page?.pooling).toBe("mean");
    await settled(open.app);
    expect(textOf(find(heatmap(open), ".header .detail"))).toMatch(/mean of \d+ × \d+/);
  });
});

describe("the source", () => {
  it("is a link with file and line that asks the host to go there", async () => {
    const document = readyState(model);
    document.capture.sites[0]!.source = { file: "src/models/encoder.py", line: 123 };
    const open = await openApp(model, { document });
    await drawn(open);
    const link = find(heatmap(open), "vscode-link.source");
    expect(textOf(link)).toBe("encoder.py:123");
    link.click();
    expect(open.host.acts).toEqual(["goToSource"]);
    open.session.store.update((state) => ({ ...state, selection: { ...state.selection, site: 1 } }));
    await drawn(open);
    expect(findAll(heatmap(open), "vscode-link.source")).toHaveLength(0);
  });
});

describe("the crosshair", () => {
  it("pins a cell that is clicked, and Escape lets it go", async () => {
    const open = await openSelf();
    const box = find(open.app, ".map").getBoundingClientRect();
    await clickAt(box.x + (9.5 / 38) * box.width, box.y + (7.5 / 38) * box.height);
    await expect.poll(() => open.session.store.state.selection).toMatchObject({ query: 7, key: 9 });
    await settled(open.app);
    expect(findAll(heatmap(open), ".row-outline, .column-outline")).toHaveLength(2);
    press(find(heatmap(open), ".stage"), "Escape");
    expect(open.session.store.state.selection).toMatchObject({ query: null, key: null });
  });
});
