/** Arithmetic of the map: where it lies, what a place shows, zoom, pages and rulers. */
import { describe, expect, it } from "vitest";
import {
  boxed,
  cellsOfPixels,
  fullWindow,
  hitTest,
  layoutMap,
  type MapLayout,
  pageIndices,
  pageWindow,
  panned,
  zoomAt,
} from "../../src/webview/heatmap/heatmap-layout";
import { ruler } from "../../src/shared/rulers";
import { colourRange, position, tableIndex, valueAt } from "../../src/shared/colour-scale";
import type { MapWindow } from "../../src/webview/state";
import { axis, numbered } from "./fake-capture";
import { seeded } from "./fake-maps";

function layoutOf(queries: number, keys: number, over: { square?: boolean; ratio?: number } = {}): MapLayout {
  const layout = layoutMap({
    ...{ width: 900, height: 420, queries, keys, square: false, ratio: 1, rulerWidth: 60, rulerHeight: 50 },
    ...over,
  });
  if (!layout) throw new Error("no room");
  return layout;
}

describe("the place of the map", () => {
  it("has square cells for one sequence, and whole device pixels at any ratio", () => {
    for (const ratio of [1, 1.25, 1.5, 2]) {
      const layout = layoutOf(38, 38, { square: true, ratio });
      expect(layout.width).toBe(layout.height);
      for (const length of [layout.left, layout.top, layout.width, layout.height]) {
        expect(length * ratio).toBeCloseTo(Math.round(length * ratio), 6);
      }
    }
  });

  it("stretches over the pane where the axes differ, and stays inside it", () => {
    const layout = layoutOf(24, 513);
    expect(layout.width).toBeGreaterThan(800);
    expect(layout.left + layout.width).toBeLessThanOrEqual(900);
    expect(layout.top + layout.height).toBeLessThanOrEqual(420);
  });

  it("is none where there is no room", () => {
    const input = { queries: 4, keys: 4, square: true, ratio: 1, rulerWidth: 60, rulerHeight: 50 };
    expect(layoutMap({ ...input, width: 70, height: 400 })).toBeNull();
    expect(layoutMap({ ...input, width: 0, height: 0 })).toBeNull();
  });
});

describe("zoom", () => {
  it("keeps the cell under the pointer there, and the window inside the map, whatever is done", () => {
    const random = seeded(11);
    const size = { queries: 300, keys: 420 };
    const layout = layoutOf(size.queries, size.keys);
    let window: MapWindow = fullWindow(size.queries, size.keys);
    for (let step = 0; step < 300; step++) {
      const at = { x: random() * layout.width, y: random() * layout.height };
      const before = hitTest(layout, window, at.x, at.y)!;
      const act = random();
      const next =
        act < 0.6
          ? zoomAt(layout, window, size, 0.5 + random() * 1.6, at)
          : act < 0.9
            ? panned(layout, window, size, 80 * random() - 40, 80 * random() - 40)
            : boxed(layout, window, size, { ...at, width: 30, height: 20 });
      const now = next ?? fullWindow(size.queries, size.keys);
      expect(now.keyStart).toBeGreaterThanOrEqual(0);
      expect(now.queryStart).toBeGreaterThanOrEqual(0);
      expect(now.keyEnd).toBeLessThanOrEqual(size.keys + 1e-9);
      expect(now.queryEnd).toBeLessThanOrEqual(size.queries + 1e-9);
      const inner =
        now.keyStart > 0 && now.keyEnd < size.keys && now.queryStart > 0 && now.queryEnd < size.queries;
      if (act < 0.6 && next && inner) {
        const after = hitTest(layout, now, at.x, at.y)!;
        expect(Math.abs(after.key - before.key)).toBeLessThanOrEqual(1);
        expect(Math.abs(after.query - before.query)).toBeLessThanOrEqual(1);
      }
      window = now;
    }
  });

  it("ends at the whole map and at 96 px a cell", () => {
    const size = { queries: 100, keys: 100 };
    const layout = layoutOf(100, 100, { square: true });
    const middle = { x: layout.width / 2, y: layout.height / 2 };
    const near = zoomAt(layout, fullWindow(100, 100), size, 1e6, middle)!;
    expect(layout.width / (near.keyEnd - near.keyStart)).toBeCloseTo(96, 3);
    expect(zoomAt(layout, near, size, 1e-6, middle)).toBeNull();
  });
});

describe("pages", () => {
  it("cover what is visible with at most one cell a device pixel, on a grid that does not move with the window", () => {
    const random = seeded(3);
    const size = { queries: 4096, keys: 4096 };
    const layout = layoutOf(4096, 4096, { square: true });
    for (let step = 0; step < 200; step++) {
      const span = 200 + random() * 3800;
      const start = random() * (4096 - span);
      const window = { queryStart: start, queryEnd: start + span, keyStart: start, keyEnd: start + span };
      const page = pageWindow(layout, window, size);
      expect(page.queryStart).toBeLessThanOrEqual(start);
      expect(page.queryEnd).toBeGreaterThanOrEqual(start + span);
      const factor = Math.ceil((page.queryEnd - page.queryStart) / page.maxRows);
      expect(page.queryStart % factor).toBe(0);
      expect(Math.ceil((page.queryEnd - page.queryStart) / factor)).toBeLessThanOrEqual(layout.deviceHeight);
      // No pixel of the pane is without a cell.
      const rows = pageIndices(cellsOfPixels(window.queryStart, window.queryEnd, layout.deviceHeight), {
        start: page.queryStart,
        end: page.queryEnd,
        factor,
      });
      expect(Math.min(...rows)).toBeGreaterThanOrEqual(0);
    }
  });

  it("are the whole map, whatever is visible, where the pane has a pixel for every cell", () => {
    const layout = layoutOf(38, 38, { square: true });
    const window = { queryStart: 3, queryEnd: 5, keyStart: 3, keyEnd: 5 };
    expect(pageWindow(layout, window, { queries: 38, keys: 38 })).toMatchObject({
      ...{ queryStart: 0, queryEnd: 38, keyStart: 0, keyEnd: 38 },
    });
  });
});

describe("rulers", () => {
  const words = axis("words", [
    ["first", "text", Array.from({ length: 30 }, (_, index) => `w${index}`)],
    ["second", "image", Array.from({ length: 70 }, (_, index) => `p${index}`)],
  ]);

  it.each([
    [12, 1, "w3"],
    [8, 2, "w4"],
    [6, 5, "5"],
    [4, 10, "10"],
  ])("at %f px a token label every %i", (pitch, every, label) => {
    const { labels } = ruler(words, 0, 100, 100 * pitch);
    expect(labels.map(({ index }) => index)).toEqual(
      Array.from({ length: Math.ceil(100 / every) }, (_, step) => step * every),
    );
    expect(labels.map(({ text }) => text)).toContain(label);
  });

  it("have no labels below 3 px, and always the segments", () => {
    const { labels, segments } = ruler(words, 0, 100, 200);
    expect(labels).toEqual([]);
    expect(segments).toEqual([
      { name: "first", role: "text", from: 0, to: 60, begins: false },
      { name: "second", role: "image", from: 60, to: 200, begins: true },
    ]);
  });

  it("follow the window", () => {
    const { labels, segments } = ruler(words, 25.5, 35.5, 200);
    expect(labels.map(({ index }) => index)).toEqual(
      [25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35].slice(0, labels.length),
    );
    expect(labels.find(({ index }) => index === 30)?.at).toBeCloseTo(100);
    expect(segments.map(({ from, to }) => [from, to])).toEqual([
      [0, 90],
      [90, 200],
    ]);
  });

  it("number what has no names", () => {
    expect(ruler(numbered("n", 3), 0, 3, 90).labels.map(({ text }) => text)).toEqual(["0", "1", "2"]);
  });
});

describe("the colour scale", () => {
  it("ends at the maximum below 400 cells and at p99 from there on", () => {
    expect(colourRange({ maximum: 0.8, p99: 0.4 }, 399)).toEqual({ end: 0.8, maximum: 0.8, clipped: false });
    expect(colourRange({ maximum: 0.8, p99: 0.4 }, 400)).toEqual({ end: 0.4, maximum: 0.8, clipped: true });
    expect(colourRange({ maximum: 0.8, p99: 0 }, 400).end).toBe(0.8);
    expect(colourRange({ maximum: 0, p99: 0 }, 9).end).toBe(1);
  });

  it.each(["linear", "sqrt", "log"] as const)("goes there and back (%s)", (scale) => {
    for (const place of [0.1, 0.25, 0.5, 0.9, 1]) {
      expect(position(valueAt(place, 0.6, scale), 0.6, scale)).toBeCloseTo(place, 9);
    }
    expect(tableIndex(0, 0.6, scale)).toBe(0);
    expect(tableIndex(5, 0.6, scale)).toBe(255);
  });
});
