/** The heatmap's pixels are the colour map's, for an asymmetric random matrix (`decisions.md` 32). */
import { interpolateMagma } from "d3-scale-chromatic";
import { afterEach, describe, expect, it, vi } from "vitest";
import { page } from "vitest/browser";
import type { MapWindow } from "../../src/webview/state";
import { readTheme } from "../../src/webview/theme";
import { zoomed } from "../../src/webview/reducers";
import type { HeatmapElement } from "../../src/webview/heatmap/heatmap-element";
import { causal, type FakeModel, numbered } from "./fake-capture";
import { type FakeMap, profileOfMap, randomMap } from "./fake-maps";
import { resetPixelRatio, setPixelRatio } from "./input";
import { closeApp, drawn, heatmapOf, openApp, type OpenApp, settled } from "./open-app";

/** One head over two axes of different length: a transposed or flipped picture cannot pass. */
function modelOf(map: FakeMap): FakeModel {
  return {
    axes: [numbered("queries", map.queries), numbered("keys", map.keys)],
    sites: [{ component: "decoder", layer: 0, kind: "cross", queryAxis: 0, keyAxis: 1, maps: [[map]] }],
  };
}

interface Picture {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue of the device pixel at (x, y), y down. */
  at(x: number, y: number): readonly [number, number, number];
}

function pictureOf(heatmap: HeatmapElement): Picture {
  const { surface } = heatmap;
  if (!surface) throw new Error("nothing is drawn");
  // A WebGL picture can be read only in the task that drew it.
  surface.drawNow();
  const { width, height } = surface.canvas;
  const context = new OffscreenCanvas(width, height).getContext("2d")!;
  context.drawImage(surface.canvas, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  return {
    width,
    height,
    at: (x, y) => [
      data[(y * width + x) * 4]!,
      data[(y * width + x) * 4 + 1]!,
      data[(y * width + x) * 4 + 2]!,
    ],
  };
}

/** Magma out of the library itself; a value within a thousandth of a step's edge may fall to either side. */
function colours(p: number, end: number): string[] {
  const steps = Math.min(1, p / end) * 255 + 0.5;
  return [steps - 1e-3, steps + 1e-3].map((step) => {
    const index = Math.min(255, Math.max(0, Math.floor(step)));
    const hex = interpolateMagma(index / 255);
    const bytes = /^#(..)(..)(..)$/
      .exec(hex)!
      .slice(1)
      .map((byte) => parseInt(byte, 16));
    return String(bytes);
  });
}

/** Compare every pixel with the cell that lies under its centre. Returns the first difference, or null. */
function difference(picture: Picture, map: FakeMap, window: MapWindow, end: number): string | null {
  for (let y = 0; y < picture.height; y++) {
    const query = Math.floor(
      window.queryStart + ((y + 0.5) * (window.queryEnd - window.queryStart)) / picture.height,
    );
    for (let x = 0; x < picture.width; x++) {
      const key = Math.floor(
        window.keyStart + ((x + 0.5) * (window.keyEnd - window.keyStart)) / picture.width,
      );
      const p = map.cells[query * map.keys + key]!;
      if (p < 0) continue;
      const seen = String(picture.at(x, y));
      if (!colours(p, end).includes(seen))
        return `pixel ${x},${y} (query ${query}, key ${key}, p ${p}) is ${seen}`;
    }
  }
  return null;
}

type Kind = "webgl" | "canvas";

/** `canvas` opens it in a browser without WebGL2. */
async function openMap(map: FakeMap, kind: Kind): Promise<OpenApp> {
  if (kind === "canvas") {
    const real = HTMLCanvasElement.prototype.getContext;
    vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockImplementation(function (
      this: HTMLCanvasElement,
      ...args: unknown[]
    ) {
      return args[0] === "webgl2" ? null : Reflect.apply(real, this, args);
    });
  }
  const open = await openApp(modelOf(map), {});
  await drawn(open);
  expect(heatmapOf(open.app).surface?.kind).toBe(kind);
  return open;
}

const full = (map: FakeMap): MapWindow => ({
  queryStart: 0,
  queryEnd: map.queries,
  keyStart: 0,
  keyEnd: map.keys,
});
/** Fractional on purpose: cells are cut at all four sides. */
const zoom: MapWindow = { queryStart: 1.37, queryEnd: 5.61, keyStart: 3.2, keyEnd: 9.45 };

const map = randomMap(7, 13, 42, { sharpness: 5 });
const largest = Math.max(...map.cells);

describe.each(["webgl", "canvas"] as const)("pixels of the map drawn with %s", (kind) => {
  afterEach(async () => {
    closeApp();
    vi.restoreAllMocks();
    await resetPixelRatio();
  });

  it.each([1, 2])("are the colour map's at device pixel ratio %i, at fit and zoomed", async (ratio) => {
    const open = await openMap(map, kind);
    await setPixelRatio(ratio);
    // As zooming the window does: other device pixels and other CSS pixels.
    await page.viewport(1100, 760);
    const heatmap = heatmapOf(open.app);
    const width = (): number => heatmap.surface!.canvas.getBoundingClientRect().width;
    await expect.poll(() => heatmap.surface!.canvas.width / width()).toBeCloseTo(ratio, 2);
    await settled(open.app);
    const box = heatmap.surface!.canvas.getBoundingClientRect();
    const picture = pictureOf(heatmap);
    expect(picture.width).toBe(Math.round(box.width * ratio));
    expect(picture.height).toBe(Math.round(box.height * ratio));
    expect(difference(picture, map, full(map), largest)).toBeNull();
    open.session.store.update((state) => zoomed(state, zoom));
    await settled(open.app);
    expect(difference(pictureOf(heatmap), map, zoom, largest)).toBeNull();
  });

  it("have query 0 on top and key 0 on the left", async () => {
    const corner = { ...map, cells: map.cells.map((_, index) => (index === 1 ? 1 : 0)) };
    const open = await openMap(corner, kind);
    const picture = pictureOf(heatmapOf(open.app));
    const centre = (query: number, key: number): string =>
      String(
        picture.at(
          Math.floor(((key + 0.5) * picture.width) / 13),
          Math.floor(((query + 0.5) * picture.height) / 7),
        ),
      );
    expect(centre(0, 1)).toBe(colours(1, 1)[0]);
    expect(centre(1, 0)).toBe(colours(0, 1)[0]);
    expect(centre(6, 1)).toBe(colours(0, 1)[0]);
    expect(centre(0, 11)).toBe(colours(0, 1)[0]);
  });

  it("are hatched at 45° where masked, on the ground, and nowhere else", async () => {
    const masked = randomMap(7, 13, 43, { visible: (query, key) => key < 9 && query !== 3 });
    const open = await openMap(masked, kind);
    const picture = pictureOf(heatmapOf(open.app));
    const theme = readTheme();
    const period = Math.round(4 * window.devicePixelRatio);
    const wrong: string[] = [];
    let stripes = 0;
    for (let y = 0; y < picture.height; y++) {
      for (let x = 0; x < picture.width; x++) {
        const query = Math.floor(((y + 0.5) * 7) / picture.height);
        const key = Math.floor(((x + 0.5) * 13) / picture.width);
        const seen = String(picture.at(x, y));
        if (key < 9 && query !== 3) continue;
        const onStripe = (x + y) % period === 0;
        if (onStripe) stripes++;
        if (seen !== String(onStripe ? theme.hatch : theme.ground)) wrong.push(`${x},${y}: ${seen}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(stripes).toBeGreaterThan(1000);
    expect(String(theme.hatch)).not.toBe(String(theme.ground));
    expect(difference(picture, masked, full(masked), Math.max(...masked.cells))).toBeNull();
  });

  it("are striped in the warning colour where a cell is NaN or infinite", async () => {
    const broken = { ...map, cells: map.cells.slice() };
    broken.cells[0] = Number.NaN;
    broken.cells[13 * 6 + 12] = Number.POSITIVE_INFINITY;
    const open = await openMap(broken, kind);
    const picture = pictureOf(heatmapOf(open.app));
    const theme = readTheme();
    const coloursIn = (query: number, key: number): Set<string> => {
      const seen = new Set<string>();
      for (let offset = 2; offset < 12; offset++) {
        const x = Math.ceil((key * picture.width) / 13) + offset;
        const y = Math.ceil((query * picture.height) / 7) + 2;
        seen.add(String(picture.at(x, y)));
      }
      return seen;
    };
    const striped = new Set([String(theme.ground), String(theme.warning)]);
    expect(coloursIn(0, 0)).toEqual(striped);
    expect(coloursIn(6, 12)).toEqual(striped);
    expect(coloursIn(0, 1)).not.toEqual(striped);
  });
});

describe("the map", () => {
  afterEach(() => {
    closeApp();
  });

  it("goes on in Canvas with the same pixels when the WebGL context is lost", async () => {
    const open = await openMap(map, "webgl");
    const heatmap = heatmapOf(open.app);
    const lost = heatmap.surface!.canvas;
    lost.getContext("webgl2")!.getExtension("WEBGL_lose_context")!.loseContext();
    await expect.poll(() => heatmap.surface?.kind).toBe("canvas");
    await settled(open.app);
    expect(heatmap.surface!.canvas).not.toBe(lost);
    expect(heatmap.surface!.canvas.isConnected).toBe(true);
    expect(lost.isConnected).toBe(false);
    expect(difference(pictureOf(heatmap), map, full(map), largest)).toBeNull();
  });

  it("draws once for many changes in one frame", async () => {
    const open = await openMap(map, "webgl");
    const { surface } = heatmapOf(open.app);
    open.session.store.update((state) => zoomed(state, zoom));
    await settled(open.app);
    const before = surface!.drawn;
    for (let step = 1; step <= 20; step++) {
      const [keyStart, keyEnd] = [zoom.keyStart + step / 100, zoom.keyEnd + step / 100];
      open.session.store.update((state) => zoomed(state, { ...zoom, keyStart, keyEnd }));
      await heatmapOf(open.app).updateComplete;
    }
    await settled(open.app);
    expect(surface!.drawn - before).toBeGreaterThan(0);
    expect(surface!.drawn - before).toBeLessThanOrEqual(3);
  });

  it("eases into a zoom within 120 ms, one picture a frame, and jumps where motion is reduced", async () => {
    const open = await openMap(map, "webgl");
    const heatmap = heatmapOf(open.app);
    await settled(open.app);
    const before = heatmap.surface!.drawn;
    const started = performance.now();
    open.session.store.update((state) => zoomed(state, zoom));
    await heatmap.updateComplete;
    expect(heatmap.zooming).toBe(true);
    // On its way: neither the whole map nor the target.
    expect(difference(pictureOf(heatmap), map, zoom, largest)).not.toBeNull();
    let frames = 0;
    while (heatmap.zooming) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      frames++;
    }
    expect(performance.now() - started).toBeGreaterThanOrEqual(120);
    await settled(open.app);
    expect(heatmap.surface!.drawn - before).toBeLessThanOrEqual(frames + 4);
    expect(difference(pictureOf(heatmap), map, zoom, largest)).toBeNull();
    const real = window.matchMedia.bind(window);
    vi.spyOn(window, "matchMedia").mockImplementation((query) =>
      query.includes("reduced-motion") ? ({ matches: true } as MediaQueryList) : real(query),
    );
    open.session.store.update((state) => zoomed(state, null));
    await heatmap.updateComplete;
    expect(heatmap.zooming).toBe(false);
    vi.restoreAllMocks();
  });

  it("keeps a single bright cell visible in a map larger than the pane, and says how it is pooled", async () => {
    const size = 900;
    const spike = { queries: size, keys: size, cells: new Float32Array(size * size).fill(0.001) };
    spike.cells[700 * size + 100] = 1;
    const model = { ...causal(size, 1), sites: [{ ...causal(size, 1).sites[0]!, maps: [[spike]] }] };
    const open = await openApp(model);
    await drawn(open);
    const picture = pictureOf(heatmapOf(open.app));
    const { end } = { end: profileOfMap(spike, { handle: "", generation: 0, batch: 0, head: 0 }).p99 };
    expect(end).toBeCloseTo(0.001);
    const request = open.host.pages.at(-1)!;
    expect(request.maxRows).toBe(picture.height);
    const factor = Math.ceil(size / request.maxRows);
    expect(factor).toBeGreaterThan(1);
    expect(heatmapOf(open.app).shadowRoot?.textContent).toContain(`max of ${factor} × ${factor}`);
    // With p99 as the range everything is at its end, so look with the spike's own range.
    open.session.store.update((state) => ({ ...state, profile: { ...state.profile!, p99: 1 } }));
    await settled(open.app);
    const again = pictureOf(heatmapOf(open.app));
    const lit: string[] = [];
    for (let y = 0; y < again.height; y++) {
      for (let x = 0; x < again.width; x++) {
        if (String(again.at(x, y)) === colours(1, 1)[0]) lit.push(`${x},${y}`);
      }
    }
    expect(lit.length).toBeGreaterThan(0);
    const [x, y] = lit[0]!.split(",").map(Number);
    expect(Math.abs(x! - (100 / size) * again.width)).toBeLessThanOrEqual(2);
    expect(Math.abs(y! - (700 / size) * again.height)).toBeLessThanOrEqual(2);
  });
});
