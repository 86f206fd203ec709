/** The scores before the softmax as a mode of the map: asked for on demand, signed colours, both values of a cell. */
import { interpolateRdBu } from "d3-scale-chromatic";
import { afterEach, describe, expect, it, vi } from "vitest";
import { page } from "vitest/browser";
import { colourTable } from "../../src/shared/colour-maps";
import { score } from "../../src/shared/format";
import { readTheme } from "../../src/webview/theme";
import type { HeatmapElement } from "../../src/webview/heatmap/heatmap-element";
import { viewed } from "../../src/webview/reducers";
import { type FakeModel, numbered, scoreExtremes } from "./fake-capture";
import { type FakeMap, seeded } from "./fake-maps";
import { clickAt, middle } from "./input";
import {
  closeApp,
  drawn,
  find,
  findAll,
  heatmapOf,
  openApp,
  type OpenApp,
  settled,
  textOf,
} from "./open-app";

const QUERIES = 7;
const KEYS = 13;

/** Scores of both signs; the mask hides keys after 9 and query 3, and one score is far beyond the others. */
function scored(seed: number): { before: FakeMap; after: FakeMap; map: FakeMap } {
  const random = seeded(seed);
  const before = Float32Array.from({ length: QUERIES * KEYS }, () => 8 * random() - 5);
  before[2 * KEYS + 5] = 40;
  const hidden = (index: number): boolean => index % KEYS > 9 || Math.floor(index / KEYS) === 3;
  const after = before.map((value, index) => (hidden(index) ? -Infinity : value));
  const map = new Float32Array(QUERIES * KEYS).fill(-1);
  for (let query = 0; query < QUERIES; query++) {
    const row = after.subarray(query * KEYS, (query + 1) * KEYS);
    const total = row.reduce((sum, value) => sum + Math.exp(value), 0);
    row.forEach((value, key) => {
      if (value > -Infinity) map[query * KEYS + key] = Math.exp(value) / total;
    });
  }
  const size = { queries: QUERIES, keys: KEYS };
  return {
    before: { ...size, cells: before },
    after: { ...size, cells: after },
    map: { ...size, cells: map },
  };
}

const heads = [scored(1), scored(2)];
const model: FakeModel = {
  axes: [numbered("queries", QUERIES), numbered("keys", KEYS)],
  sites: [
    {
      ...{ component: "decoder", layer: 0, kind: "cross", queryAxis: 0, keyAxis: 1 },
      maps: [heads.map((head) => head.map)],
      scores: { before: [heads.map((head) => head.before)], after: [heads.map((head) => head.after)] },
    },
    {
      ...{ component: "decoder", layer: 1, kind: "cross", queryAxis: 0, keyAxis: 1 },
      maps: [heads.map((head) => head.map)],
    },
  ],
};

type Kind = "scoreBeforeMask" | "scoreAfterMask";

async function openScores(cells: Kind): Promise<OpenApp> {
  const open = await openApp(model);
  await drawn(open);
  open.session.showCells(cells);
  await expect.poll(() => open.session.store.state.page?.what).toBe(cells);
  await settled(open.app);
  return open;
}

function pixels(heatmap: HeatmapElement): {
  width: number;
  height: number;
  at(x: number, y: number): string;
} {
  const { surface } = heatmap;
  surface!.drawNow();
  const { width, height } = surface!.canvas;
  const context = new OffscreenCanvas(width, height).getContext("2d")!;
  context.drawImage(surface!.canvas, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  return {
    width,
    height,
    at: (x, y) => String([...data.slice((y * width + x) * 4, (y * width + x) * 4 + 3)]),
  };
}

/** A signed value's colours in the table; one within a thousandth of a step's edge may fall to either side. */
function colours(value: number, end: number): string[] {
  const table = colourTable("RdBu", false);
  const steps = Math.min(1, Math.max(0, (value / end + 1) / 2)) * 255 + 0.5;
  return [steps - 1e-3, steps + 1e-3].map((step) => {
    const index = Math.min(255, Math.max(0, Math.floor(step)));
    return String([...table.slice(index * 4, index * 4 + 3)]);
  });
}

afterEach(() => {
  closeApp();
  vi.restoreAllMocks();
});

describe.each(["webgl", "canvas"] as const)("scores drawn with %s", (kind) => {
  it.each(["scoreBeforeMask", "scoreAfterMask"] as const)(
    "as %s: signed colours about 0, hatched where masked and nowhere else",
    async (cells) => {
      if (kind === "canvas") {
        const real = HTMLCanvasElement.prototype.getContext;
        vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockImplementation(function (
          this: HTMLCanvasElement,
          ...args: unknown[]
        ) {
          return args[0] === "webgl2" ? null : Reflect.apply(real, this, args);
        });
      }
      const open = await openScores(cells);
      const heatmap = heatmapOf(open.app);
      expect(heatmap.surface?.kind).toBe(kind);
      const own = cells === "scoreBeforeMask" ? heads[0]!.before : heads[0]!.after;
      const end = scoreExtremes([own]).p99;
      const picture = pixels(heatmap);
      const theme = readTheme();
      const period = Math.round(4 * window.devicePixelRatio);
      const wrong: string[] = [];
      for (let y = 0; y < picture.height; y += 3) {
        for (let x = 0; x < picture.width; x++) {
          const query = Math.floor(((y + 0.5) * QUERIES) / picture.height);
          const key = Math.floor(((x + 0.5) * KEYS) / picture.width);
          const value = own.cells[query * KEYS + key]!;
          const expected =
            value === -Infinity
              ? [String((x + y) % period === 0 ? theme.hatch : theme.ground)]
              : colours(value, end);
          if (!expected.includes(picture.at(x, y))) wrong.push(`${x},${y}: ${picture.at(x, y)} of ${value}`);
        }
      }
      expect(wrong.slice(0, 3)).toEqual([]);
    },
  );
});

describe("the colours of scores", () => {
  it("are blue below 0 and red above, at the same strength, through the ground", () => {
    const table = colourTable("RdBu", false);
    const [low, middleOf, high] = [0, 128, 255].map((index) => [...table.slice(index * 4, index * 4 + 3)]);
    const blue = interpolateRdBu(0.85);
    expect(blue).toContain(String(low![0]));
    expect(low![2]).toBeGreaterThan(low![0]!);
    expect(high![0]).toBeGreaterThan(high![2]!);
    expect(Math.max(...middleOf!)).toBeLessThan(4);
  });
});

describe("a choice of scores", () => {
  it("is captured once, when it is first asked for, while the map stays", async () => {
    let release = (): void => undefined;
    const open = await openApp(model, {
      host: (host) => {
        host.beforeScores = () => new Promise<void>((resolve) => (release = resolve));
      },
    });
    await drawn(open);
    expect(open.host.acts).toEqual([]);
    const { surface } = heatmapOf(open.app);
    const before = surface!.drawn;
    open.session.showCells("scoreAfterMask");
    await settled(open.app);
    expect(open.host.acts).toEqual(["captureScores"]);
    expect(textOf(find(open.app, ".note.score"))).toContain("Capturing again with the scores");
    expect(find(open.app, "vscode-dropdown.cells").hasAttribute("disabled")).toBe(true);
    expect(open.session.store.state.page?.what ?? "probability").toBe("probability");
    expect(heatmapOf(open.app).surface!.drawn).toBeGreaterThanOrEqual(before);
    release();
    await expect.poll(() => open.session.store.state.page?.what).toBe("scoreAfterMask");
    await settled(open.app);
    expect(findAll(open.app, ".note.score")).toEqual([]);
    open.session.showCells("scoreBeforeMask");
    open.session.showCells("probability");
    open.session.showCells("scoreAfterMask");
    await settled(open.app);
    expect(open.host.acts).toEqual(["captureScores"]);
  });

  it("falls back to probabilities and says why, when the capture fails", async () => {
    const open = await openApp(model, {
      host: (host) => {
        host.beforeScores = () => Promise.reject(new Error("out of memory"));
      },
    });
    await drawn(open);
    open.session.showCells("scoreAfterMask");
    await expect.poll(() => open.session.store.state.scoring.problem).not.toBeNull();
    await settled(open.app);
    expect(textOf(find(open.app, ".note.score"))).toMatch(
      /^The scores could not be captured\. .*out of memory/,
    );
    expect(open.session.store.state.view.cells).toBe("probability");
    expect(
      "value" in find(open.app, "vscode-dropdown.cells") && find(open.app, "vscode-dropdown.cells"),
    ).toMatchObject({
      value: "probability",
    });
  });

  it("says in words where a site has none, and shows its probabilities", async () => {
    const open = await openScores("scoreAfterMask");
    open.session.store.update((state) => ({ ...state, selection: { ...state.selection, site: 1 } }));
    await drawn(open);
    expect(open.session.store.state.page?.what ?? "probability").toBe("probability");
    expect(textOf(find(open.app, ".note.score"))).toBe(
      "No score after mask at this site: probabilities are shown. Their layout cannot be followed.",
    );
    expect(textOf(find(open.app, ".legend"))).toContain("probability");
  });

  it("is made with the dropdown of the header, by keyboard too", async () => {
    const open = await openApp(model);
    await drawn(open);
    const dropdown = find(open.app, "vscode-dropdown.cells");
    dropdown.focus();
    dropdown.dispatchEvent(
      new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true, cancelable: true }),
    );
    await expect.poll(() => open.session.store.state.page?.what).toBe("scoreBeforeMask");
  });

  it("is not offered where nobody can capture scores", async () => {
    const open = await openApp(model, {
      host: (host) => {
        host.capturesScores = false;
      },
    });
    await drawn(open);
    expect(findAll(open.app, "vscode-dropdown.cells")).toEqual([]);
  });
});

describe("what is said of scores", () => {
  it("the tooltip states score and probability, masked ones too; the legend is symmetric", async () => {
    const open = await openScores("scoreBeforeMask");
    const hover = async (query: number, key: number): Promise<string> => {
      open.session.store.update((state) => ({ ...state, hover: { query, key } }));
      await expect.poll(() => open.session.store.state.row?.query).toBe(query);
      await settled(open.app);
      return textOf(find(open.app, ".tip"));
    };
    const { before, map } = heads[0]!;
    const at = 2 * KEYS + 4;
    expect(await hover(2, 4)).toContain(
      `score before mask ${score(before.cells[at]!)} · p ${map.cells[at]! < 0.001 ? "<0.001" : ""}`,
    );
    expect(await hover(2, 11)).toContain(`score before mask ${score(before.cells[2 * KEYS + 11]!)} · masked`);
    open.session.showCells("scoreAfterMask");
    await expect.poll(() => open.session.store.state.page?.what).toBe("scoreAfterMask");
    expect(await hover(2, 11)).toContain("score after mask masked · masked");
    expect(await hover(0, 3)).toMatch(/score after mask [+−]\d.* · p 0\.\d+ · rank \d+ of 10/);
    const legend = textOf(find(open.app, ".legend"));
    expect(legend).toMatch(/^score after mask −[\d.]+0\+[\d.]+.*beyond ±p99, largest ±40\.0.*masked/);
  });

  it("one score far beyond the others does not take the scale: p99, and how many are beyond", async () => {
    const open = await openScores("scoreAfterMask");
    expect(textOf(find(open.app, ".legend"))).toMatch(/1 cell beyond ±p99, largest ±40\.0/);
    open.session.store.update((state) => viewed(state, { scoreEnd: 3 }));
    await settled(open.app);
    expect(textOf(find(open.app, ".legend"))).toMatch(/−3\.000\+3\.00.*cells beyond ±3\.00/);
  });

  it("the picture's sentence, the copied value, the printed cells and the table say scores", async () => {
    const open = await openScores("scoreAfterMask");
    expect(find(open.app, ".map .picture").getAttribute("aria-label")).toContain(
      "Attention, score after mask, of decoder.0, head 0",
    );
    expect(find(open.app, ".map .picture").getAttribute("aria-label")).toContain("+40.0");
    open.session.store.update((state) => ({ ...state, hover: { query: 2, key: 5 } }));
    await expect.poll(() => open.session.store.state.row?.query).toBe(2);
    open.session.does("copyValue");
    expect(open.host.copied.at(-1)).toMatch(/: score after mask 40, probability 1$/);
    expect(findAll(open.app, ".values text").map((text) => text.textContent)).toContain("40");
    open.session.store.update((state) => ({ ...state, overlay: "table" }));
    await expect
      .poll(() => findAll(find(open.app, "attention-map-table").shadowRoot!, "vscode-data-grid-cell").length)
      .toBeGreaterThan(5);
    expect(textOf(find(find(open.app, "attention-map-table").shadowRoot!, "h2"))).toContain(
      "scores after mask",
    );
    expect(
      findAll(find(open.app, "attention-map-table").shadowRoot!, "vscode-data-grid-cell").map((cell) =>
        textOf(cell),
      ),
    ).toContain("+40.0");
  });

  it("tokens, top keys and figures stay those of the probabilities", async () => {
    const open = await openApp(model);
    await drawn(open);
    const said = (): string =>
      textOf(find(open.app, "attention-inspector").shadowRoot!.querySelector(".keys")!);
    open.session.store.update((state) => ({ ...state, selection: { ...state.selection, query: 1, key: 2 } }));
    await settled(open.app);
    const before = said();
    open.session.showCells("scoreAfterMask");
    await expect.poll(() => open.session.store.state.page?.what).toBe("scoreAfterMask");
    await settled(open.app);
    expect(said()).toBe(before);
  });

  it("all heads side by side stand on one symmetric scale", async () => {
    const open = await openScores("scoreAfterMask");
    open.session.store.update((state) => viewed(state, { heads: "all" }));
    await expect.poll(() => open.session.store.state.tiles.size).toBe(2);
    await settled(open.app);
    expect([...open.session.store.state.tiles.values()].map((tile) => tile.what)).toEqual([
      "scoreAfterMask",
      "scoreAfterMask",
    ]);
    expect(textOf(find(open.app, ".legend"))).toMatch(/^score after mask −40\.00\+40\.0/);
  });

  it("a click on the map pins as ever", async () => {
    const open = await openScores("scoreAfterMask");
    const place = middle(find(open.app, ".map"));
    await clickAt(place.x, place.y);
    expect(open.session.store.state.selection.query).toBe(3);
  });
});

describe.each(["dark", "light", "hc"] as const)("the mode in %s", (theme) => {
  it("is drawn", async () => {
    const open = await openApp(model, { theme, width: 1000, height: 760 });
    await drawn(open);
    open.session.showCells("scoreAfterMask");
    await expect.poll(() => open.session.store.state.page?.what).toBe("scoreAfterMask");
    await settled(open.app);
    const shot = await page.screenshot({ path: `../../.cache/shots/scores-${theme}.png` });
    expect(shot).toBeTruthy();
  });
});
