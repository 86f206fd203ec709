/** The Overview: every head with its thumbnail and figure, spoken, sorted, filtered; one canvas, one draw. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { interpolateViridis } from "d3-scale-chromatic";
import { colourTable } from "../../src/shared/colour-maps";
import type { DocumentState } from "../../src/shared/document";
import type { Thumbnails } from "../../src/shared/page";
import { filterOf } from "../../src/webview/overview/overview-data";
import type { OverviewElement } from "../../src/webview/overview/overview-element";
import { createThumbnailCanvas } from "../../src/webview/overview/thumbnail-canvas";
import { createThumbnailGl } from "../../src/webview/overview/thumbnail-gl";
import type { ThumbnailFrame } from "../../src/webview/overview/thumbnail-renderer";
import { captureOf, causal, type FakeModel, phases, playerEncoder, readyState } from "./fake-capture";
import { randomMap, seeded, thumbnailsOfMaps } from "./fake-maps";
import { press } from "./input";
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

const model = playerEncoder();

afterEach(() => closeApp());

function overview(open: OpenApp): OverviewElement {
  return find(open.app, "attention-overview") as OverviewElement;
}

function heads(open: OpenApp): HTMLElement[] {
  return [...overview(open).shadowRoot!.querySelectorAll<HTMLElement>("[role=gridcell]")];
}

function head(open: OpenApp, name: string): HTMLElement {
  const found = heads(open).find((one) => one.getAttribute("aria-label")!.startsWith(name));
  if (!found) throw new Error(`no head is called ${name}`);
  return found;
}

/** `layers` sites of the same maps. */
function layered(layers: number, headCount: number, tokens: number): FakeModel {
  const one = causal(tokens, headCount);
  const [first] = one.sites;
  return { axes: one.axes, sites: Array.from({ length: layers }, (_, layer) => ({ ...first!, layer })) };
}

describe("the cells", () => {
  it("speak component, layer, head and figure, and show it in viridis", async () => {
    const open = await openApp(model);
    await drawn(open);
    const cells = heads(open);
    expect(cells).toHaveLength(36);
    const value = captureOf(model).sites[6]!.figures[0]![2]!.normalisedEntropy!;
    const cell = head(open, "q_self layer 1 head 2");
    expect(cell.getAttribute("aria-label")).toBe(
      `q_self layer 1 head 2, normalised entropy ${value.toFixed(2)}`,
    );
    expect(textOf(cell)).toBe(value.toFixed(2));
    const hex = /^#(..)(..)(..)$/.exec(interpolateViridis(Math.round(value * 255) / 255))!.slice(1);
    expect(getComputedStyle(cell.querySelector(".value")!).backgroundColor).toBe(
      `rgb(${hex.map((byte) => parseInt(byte, 16)).join(", ")})`,
    );
    const grid = find(open.app, "attention-overview").shadowRoot!.querySelector("[role=grid]")!;
    expect(grid.getAttribute("aria-rowcount")).toBe(String(6 + 9));
  });

  it("follow the chosen metric and say where there is none", async () => {
    const open = await openApp(model);
    await drawn(open);
    open.host.apply({ metric: "confidence" });
    await settled(open.app);
    const { confidence } = captureOf(model).sites[0]!.figures[0]![1]!;
    expect(head(open, "local_timestep_decoder head 1").getAttribute("aria-label")).toBe(
      `local_timestep_decoder head 1, confidence ${confidence!.toFixed(2)}`,
    );
    open.host.apply({ metric: "sparsity90" });
    await settled(open.app);
    expect(textOf(heads(open)[0]!)).toBe("—");
    expect(heads(open)[0]!.getAttribute("aria-label")).toContain("sparsity not available");
  });

  it("mark a head whose rows are flagged, in words too", async () => {
    const document = readyState(model);
    document.capture.sites[5]!.figures[0]![3]!.rowsFlagged = 2;
    const open = await openApp(model, { document });
    await drawn(open);
    const cell = head(open, "q_self layer 0 head 3");
    expect(cell.querySelector(".flag svg")).not.toBeNull();
    expect(cell.getAttribute("aria-label")).toContain("do not sum to 1");
    expect(findAll(open.app, "attention-overview .flag, .flag")).toHaveLength(1);
  });

  it("select by click and by arrows; Ctrl and Space put heads into a mean", async () => {
    const open = await openApp(model);
    await drawn(open);
    head(open, "q_self layer 1 head 2").click();
    await settled(open.app);
    const at = (): unknown[] => {
      const { site, head: chosen } = open.session.store.state.selection;
      return [site, chosen];
    };
    expect(at()).toEqual([6, 2]);
    const key = (name: string, init: KeyboardEventInit = {}): void => {
      press(overview(open).shadowRoot!.querySelector("[role=gridcell][tabindex='0']")!, name, init);
    };
    key("ArrowRight");
    expect(at()).toEqual([6, 3]);
    await settled(open.app);
    key("ArrowUp");
    expect(at()).toEqual([5, 3]);
    await settled(open.app);
    expect(overview(open).shadowRoot!.activeElement?.getAttribute("aria-label")).toContain(
      "q_self layer 0 head 3",
    );
    key("ArrowLeft", { ctrlKey: true });
    expect(at()).toEqual([5, 3]);
    await settled(open.app);
    key(" ");
    expect(at()).toEqual([5, [2, 3]]);
    await drawn(open);
    expect(textOf(find(open.app, "attention-heatmap").shadowRoot!.querySelector("h2")!)).toBe(
      "q_self.0 · mean of heads 2, 3",
    );
    key("End");
    await settled(open.app);
    expect(at()).toEqual([8, 3]);
    expect(heads(open).filter((cell) => cell.tabIndex === 0)).toHaveLength(1);
  });
});

describe("order and filter", () => {
  it("sort all heads by the metric, with their names", async () => {
    const open = await openApp(model);
    await drawn(open);
    open.session.store.update((state) => ({ ...state, view: { ...state.view, order: "descending" } }));
    await settled(open.app);
    const values = captureOf(model)
      .sites.flatMap((site) => site.figures[0]!.map((figures) => figures.normalisedEntropy!))
      .sort((one, other) => other - one);
    const shown = heads(open).map((cell) => textOf(cell.querySelector(".value")!));
    expect(shown.length).toBeGreaterThan(10);
    expect(shown).toEqual(values.slice(0, shown.length).map((value) => value.toFixed(2)));
  });

  it("let through names, comparisons and flags", () => {
    const one = { site: 0, head: 1, value: 0.3, flag: "", role: "" };
    const passes = (filter: string): boolean => filterOf(filter)(one, "q_self.1 attention self head 1 h1");
    expect(passes("")).toBe(true);
    expect(passes("Q_SELF head 1")).toBe(true);
    expect(passes("q_cross")).toBe(false);
    expect(passes("< 0.4")).toBe(true);
    expect(passes("q_self >0.4")).toBe(false);
    expect(passes("flagged")).toBe(false);
    expect(filterOf("flagged")({ ...one, flag: "rows" }, "x")).toBe(true);
    expect(filterOf("< 0.4")({ ...one, value: null }, "x")).toBe(false);
  });

  it("find heads by what they do", async () => {
    const roles = [
      [{ name: "previous token", why: "" }],
      [],
      [{ name: "sink: first token", why: "" }],
      [
        { name: "previous token", why: "" },
        { name: "sink: first token", why: "" },
      ],
    ];
    const told = {
      ...model,
      sites: model.sites.map((site, index) => (index === 3 ? { ...site, over: { roles: [roles] } } : site)),
    };
    const open = await openApp(told);
    await drawn(open);
    const found = async (filter: string): Promise<string[]> => {
      open.session.store.update((state) => ({ ...state, view: { ...state.view, filter } }));
      await settled(open.app);
      return heads(open).map((one) => one.getAttribute("aria-label")!);
    };
    expect(await found("previous token")).toEqual([
      expect.stringMatching(/^kv_enc layer 0 head 0, .*, previous token$/),
      expect.stringMatching(/^kv_enc layer 0 head 3, .*, previous token, sink: first token$/),
    ]);
    expect(await found("sink")).toHaveLength(2);
    // The Table lists them, together where a click on the header sorts by role, and copies them.
    open.session.store.update((state) => ({ ...state, view: { ...state.view, filter: "", dock: "table" } }));
    await settled(open.app);
    const table = find(open.app, "attention-data-table").shadowRoot!;
    const header = [...table.querySelectorAll<HTMLElement>("[role=columnheader]")].find(
      (one) => textOf(one) === "role",
    )!;
    (header.querySelector("button") ?? header).click();
    await settled(open.app);
    const cells = [...table.querySelectorAll("[role=row]")].map((row) => textOf(row));
    expect(
      cells.slice(1, 4).map((row) => /previous token(, sink: first token)?|sink: first token/.exec(row)?.[0]),
    ).toEqual(["previous token", "previous token, sink: first token", "sink: first token"]);
    find(open.app, "attention-figures-table")
      .shadowRoot!.querySelector<HTMLElement>("vscode-button")!
      .click();
    expect(open.host.copied.at(-1)?.split("\n").slice(0, 3)).toEqual([
      expect.stringMatching(/^site,head,queries × keys,role,/),
      expect.stringMatching(/^kv_enc.0,0,48 × 48,previous token,/),
      expect.stringMatching(/^kv_enc.0,3,48 × 48,"previous token, sink: first token",/),
    ]);
  });

  it("count what is listed, say when nothing is, and keep typed letters from VS Code", async () => {
    const open = await openApp(model);
    await drawn(open);
    find(open.app, "button[aria-label='Filter heads']").click();
    await settled(open.app);
    const field = find(open.app, "vscode-text-field.filter") as HTMLInputElement;
    const heard = vi.fn();
    window.addEventListener("keydown", heard);
    press(field, "m");
    window.removeEventListener("keydown", heard);
    expect(heard).not.toHaveBeenCalled();
    field.value = "q_self";
    field.dispatchEvent(new Event("input"));
    await settled(open.app);
    expect(heads(open)).toHaveLength(8);
    expect(textOf(overview(open).shadowRoot!.querySelector(".header .detail")!)).toBe("8 / 36");
    field.value = "nothing like it";
    field.dispatchEvent(new Event("input"));
    await settled(open.app);
    expect(textOf(find(open.app, ".none"))).toBe("No head of 36 matches “nothing like it”.");
  });
});

describe("large models", () => {
  it.each([
    [12, 12],
    [64, 12],
    [2, 4],
  ])(
    "%i layers of %i heads: every head can be reached, only visible rows are made",
    async (layers, count) => {
      const open = await openApp(layered(layers, count, 24));
      await drawn(open);
      const grid = overview(open).shadowRoot!.querySelector("[role=grid]")!;
      expect(Number(grid.getAttribute("aria-rowcount"))).toBeGreaterThanOrEqual(layers);
      expect(heads(open).length).toBeLessThanOrEqual(36 * 12);
      expect(heads(open)[0]!.getBoundingClientRect().width).toBeGreaterThanOrEqual(16);
      press(heads(open)[0]!, "End");
      await settled(open.app);
      expect(open.session.store.state.selection).toMatchObject({ site: layers - 1, head: count - 1 });
      const last = head(open, `decoder layer ${layers - 1} head ${count - 1}`);
      const pane = overview(open).getBoundingClientRect();
      expect(last.getBoundingClientRect().bottom).toBeLessThanOrEqual(pane.bottom);
      await expect
        .poll(() => open.host.thumbnails.some((request) => request.handle === `maps/${layers - 1}`))
        .toBe(true);
    },
  );

  it("cost few bytes for the first view: at most 0.25 % of all maps of 12 × 12 × 1024²", async () => {
    const map = randomMap(1024, 1024, 3, { visible: (query, key) => key <= query });
    const base = layered(12, 1, 1024);
    const sites = base.sites.map((site) => ({ ...site, maps: [Array.from({ length: 12 }, () => map)] }));
    const open = await openApp({ axes: base.axes, sites });
    await drawn(open);
    await expect.poll(() => open.session.store.state.thumbnails.size, { timeout: 15_000 }).toBe(12);
    expect(open.host.thumbnails.every((request) => request.side <= 48)).toBe(true);
    expect(open.host.thumbnails).toHaveLength(12);
    expect(open.host.bytes).toBeLessThanOrEqual(0.0025 * 12 * 12 * 1024 * 1024 * 4);
    const pane = find(open.app, ".map").getBoundingClientRect();
    const { maxRows, maxColumns } = open.host.pages[0]!;
    expect(maxRows * maxColumns).toBeLessThanOrEqual(Math.ceil(pane.width + 1) * Math.ceil(pane.height + 1));
  });
});

describe("the pictures of a first screen", () => {
  const opening: DocumentState = {
    status: "opening",
    name: "model.onnx",
    phases: phases("run"),
    model: null,
  };

  it("are asked for with the capture itself, before the screen is made", async () => {
    const open = await openApp(model, { document: opening });
    expect(open.host.thumbnails).toEqual([]);
    open.host.send(readyState(model));
    expect(open.host.thumbnails.map(({ handle }) => handle)).toEqual(
      model.sites.map((_, index) => `maps/${index}`),
    );
    await drawn(open);
    await expect.poll(() => open.session.store.state.thumbnails.size).toBe(9);
    expect(open.host.thumbnails).toHaveLength(9);
  });

  it("are not, where the page is too narrow to show them", async () => {
    const open = await openApp(model, { document: opening, width: 480 });
    open.host.send(readyState(model));
    expect(open.host.thumbnails).toEqual([]);
    await drawn(open);
  });

  it("do not draw the map again as they arrive", async () => {
    const open = await openApp(model);
    await drawn(open);
    await expect.poll(() => open.session.store.state.thumbnails.size).toBe(9);
    await settled(open.app);
    const { drawn: before } = heatmapOf(open.app).surface!;
    const { store } = open.session;
    const again = (site: number) => {
      const one = store.state.thumbnails.get(`maps/${site}`)!;
      store.update((state) => ({
        ...state,
        thumbnails: new Map(state.thumbnails).set(one.handle, { ...one }),
      }));
    };
    for (let site = 1; site < 9; site++) {
      again(site);
      await settled(open.app);
    }
    expect(heatmapOf(open.app).surface!.drawn).toBe(before);
  });
});

describe("the picture", () => {
  it("is one canvas, drawn with one call a frame, however much changes at once", async () => {
    const calls = vi.spyOn(WebGL2RenderingContext.prototype, "drawArraysInstanced");
    const open = await openApp(layered(12, 12, 24));
    await drawn(open);
    await expect.poll(() => open.session.store.state.thumbnails.size).toBe(12);
    await settled(open.app);
    expect(findAll(open.app, "attention-overview canvas, .stage > canvas")).toHaveLength(1);
    calls.mockClear();
    const before = overview(open).surface!.drawn;
    for (const scale of ["sqrt", "log", "linear", "sqrt"] as const) {
      open.session.store.update((state) => ({ ...state, view: { ...state.view, scale } }));
    }
    await settled(open.app);
    expect(overview(open).surface!.drawn - before).toBe(1);
    expect(calls).toHaveBeenCalledTimes(1);
    expect(calls.mock.calls[0]![3]).toBe(144);
    calls.mockRestore();
  });

  it("does not follow the pointer over map and tokens", async () => {
    const open = await openApp(model);
    await drawn(open);
    await expect.poll(() => open.session.store.state.thumbnails.size).toBe(9);
    await settled(open.app);
    const before = overview(open).surface!.drawn;
    for (let query = 0; query < 3; query++) {
      open.session.store.update((state) => ({ ...state, hover: { query, key: 0 } }));
      await settled(open.app);
    }
    expect(overview(open).surface!.drawn).toBe(before);
  });

  const random = seeded(9);
  const maps = [7, 8].map((seed) =>
    randomMap(30, 50, seed, { visible: (query, key) => query % 7 !== 3 && key !== 11 }),
  );
  maps[1]!.cells[5 * 50 + 9] = Number.NaN;
  const thumbnails: Thumbnails = thumbnailsOfMaps(maps, {
    ...{ handle: "maps/0", generation: 1, batch: 0, side: 48 },
  });
  const frame = (scale: ThumbnailFrame["scale"]): ThumbnailFrame => ({
    ...{ width: 140, height: 90, scale },
    boxes: [
      { thumbnails, head: 0, x: 0, y: 3, width: thumbnails.columns, height: thumbnails.rows },
      { thumbnails, head: 1, x: 60, y: -4, width: 17, height: 16 },
      { thumbnails, head: 1, x: 80, y: 50, width: Math.ceil(40 + random()), height: 61 },
    ],
    table: colourTable("magma", false),
    ...{ ground: [31, 31, 31], hatch: [70, 71, 72], flag: [204, 167, 0], stripePeriod: 4, stripeWidth: 1 },
  });

  function pixels(canvas: HTMLCanvasElement): Uint8ClampedArray {
    const context = new OffscreenCanvas(140, 90).getContext("2d")!;
    context.drawImage(canvas, 0, 0);
    return context.getImageData(0, 0, 140, 90).data;
  }

  it.each(["linear", "sqrt", "log"] as const)("is the same in WebGL and Canvas (%s)", (scale) => {
    const one = document.createElement("canvas");
    const other = document.createElement("canvas");
    const gl = createThumbnailGl(one, () => undefined)!;
    const canvas = createThumbnailCanvas(other)!;
    gl.draw(frame(scale));
    const drawnByGl = pixels(one);
    canvas.draw(frame(scale));
    const drawnByCanvas = pixels(other);
    gl.dispose();
    expect([...drawnByGl]).toEqual([...drawnByCanvas]);
  });

  it("shows every cell in its colour, masked ones hatched, NaN marked", () => {
    const element = document.createElement("canvas");
    createThumbnailCanvas(element)!.draw(frame("linear"));
    const data = pixels(element);
    const bytes = new Uint8Array(thumbnails.cells);
    const table = colourTable("magma", false);
    for (let row = 0; row < thumbnails.rows; row++) {
      for (let column = 0; column < thumbnails.columns; column++) {
        const byte = bytes[row * thumbnails.columns + column]!;
        const at = ((row + 3) * 140 + column) * 4;
        const shown = [...data.slice(at, at + 3)];
        if (byte === 0) expect([31, 70]).toContain(shown[0]);
        else {
          const place = Math.floor(((byte - 1) / 253) * 255 + 0.5);
          expect(shown).toEqual([...table.slice(place * 4, place * 4 + 3)]);
        }
      }
    }
    const own = new Set(Array.from({ length: data.length / 4 }, (_, index) => data[index * 4]));
    expect(own.has(204)).toBe(true);
  });

  it("falls back to Canvas when the GPU's context is lost", async () => {
    const open = await openApp(model);
    await drawn(open);
    const { surface } = overview(open);
    expect(surface!.kind).toBe("webgl");
    surface!.canvas.getContext("webgl2")!.getExtension("WEBGL_lose_context")!.loseContext();
    await expect.poll(() => surface!.kind).toBe("canvas");
    await settled(open.app);
    expect(surface!.canvas.isConnected).toBe(true);
  });
});
