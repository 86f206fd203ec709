/** Panes side by side, in the dock, in tabs; splitters; F6; what a hidden pane does not do; nothing left behind. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { workbenchLayout } from "../../src/webview/app/workbench-layout";
import { causal, playerEncoder } from "./fake-capture";
import { dragFrom, middle, press } from "./input";
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
const drawnSizes = { overview: null, inspector: null, tokens: null, dock: null };

afterEach(() => closeApp());

function regions(open: OpenApp): string[] {
  return findAll(open.app, "section[aria-label]")
    .filter((section) => section.checkVisibility())
    .map((section) => section.getAttribute("aria-label")!);
}

function box(open: OpenApp, selector: string): DOMRect {
  return find(open.app, selector).getBoundingClientRect();
}

describe("the panes", () => {
  it.each([
    [1600, 1000],
    [1200, 800],
    [970, 868],
  ])("stand all at once without scrolling at %i × %i", async (width, height) => {
    const open = await openApp(model, { width, height });
    await drawn(open);
    expect(regions(open)).toEqual(["Toolbar", "Overview", "Heatmap", "Tokens", "Inspector", "Entropy"]);
    const main = find(open.app, "main");
    expect(main.scrollHeight).toBeLessThanOrEqual(main.clientHeight);
    expect(box(open, "attention-overview").width).toBeCloseTo(236, -1);
    expect(box(open, "attention-inspector").width).toBeGreaterThanOrEqual(195);
    const map = box(open, ".map");
    expect(Math.min(map.width, map.height)).toBeGreaterThanOrEqual(40);
    for (const name of ["attention-toolbar", "attention-overview", "attention-dock"]) {
      expect(box(open, name).bottom, name).toBeLessThanOrEqual(height);
    }
    expect(box(open, "attention-toolbar").height).toBeLessThanOrEqual(40);
  });

  it("keep the map at 260 px or more at 1200 × 800", async () => {
    const open = await openApp(model);
    open.session.store.update((state) => ({ ...state, selection: { ...state.selection, site: 6 } }));
    await drawn(open);
    const map = box(open, ".map");
    expect(Math.min(map.width, map.height)).toBeGreaterThanOrEqual(260);
  });

  it("put the Inspector into the dock at 800 px", async () => {
    const open = await openApp(model, { width: 800 });
    await drawn(open);
    expect(regions(open)).toEqual(["Toolbar", "Overview", "Heatmap", "Tokens", "Entropy"]);
    find(open.app, "vscode-panel-tab#tab-inspector").click();
    await settled(open.app);
    expect(regions(open)).toEqual(["Toolbar", "Overview", "Heatmap", "Tokens", "Inspector"]);
    expect(box(open, "attention-overview").width).toBeCloseTo(200, -1);
  });

  it("are behind tabs at 480 px, with every head in a strip", async () => {
    const open = await openApp(model, { width: 480 });
    await drawn(open);
    expect(regions(open)).toEqual(["Toolbar", "Overview", "Heatmap", "Figures"]);
    expect(findAll(open.app, "attention-overview").length).toBe(1);
    const cells = findAll(open.app, "[role=gridcell]");
    expect(cells).toHaveLength(36);
    expect(textOf(cells[0]!)).toMatch(/^\.\d\d$/);
    expect(findAll(open.app, "vscode-panel-tab").map((tab) => textOf(tab))).toEqual([
      ...["Map", "Tokens", "Inspector", "Entropy", "Layers", "Table"],
    ]);
    for (const [tab, region] of [
      ["tokens", "Tokens"],
      ["inspector", "Inspector"],
      ["entropy", "Entropy"],
      ["layers", "Layers"],
      ["table", "Table"],
    ]) {
      find(open.app, `vscode-panel-tab#tab-${tab}`).click();
      await settled(open.app);
      expect(regions(open)).toContain(region);
      expect(regions(open)).not.toContain("Heatmap");
    }
  });

  it("put the strip above the map below 360 px", async () => {
    const open = await openApp(model, { width: 340 });
    await drawn(open);
    expect(box(open, "attention-overview").bottom).toBeLessThanOrEqual(box(open, "attention-narrow").top + 1);
    expect(box(open, "attention-heatmap").right).toBeLessThanOrEqual(340);
  });

  it("fold the dock to its tabs below 600 px of height, until a tab is chosen", async () => {
    const open = await openApp(model, { width: 1200, height: 520 });
    await drawn(open);
    expect(regions(open)).not.toContain("Entropy");
    expect(box(open, "attention-dock").height).toBeLessThan(36);
    find(open.app, "vscode-panel-tab#tab-table").click();
    await settled(open.app);
    expect(regions(open)).toContain("Table");
    find(open.app, "button[aria-label='Fold the dock']").click();
    await settled(open.app);
    expect(regions(open)).not.toContain("Table");
  });

  it("leave what is in a closed dock unmade: it neither reads nor draws", async () => {
    const open = await openApp(model);
    await drawn(open);
    find(open.app, "button[aria-label='Fold the dock']").click();
    await settled(open.app);
    expect(findAll(open.app, "attention-entropy, attention-layers, attention-figures-table")).toEqual([]);
    expect(open.session.store.state.view.dockOpen).toBe(false);
  });
});

describe("layout", () => {
  it.each([
    [1600, 964, "wide"],
    [900, 764, "wide"],
    [800, 764, "medium"],
    [480, 764, "narrow"],
    [340, 600, "tiny"],
  ] as const)("of %i × %i is %s", (width, height, form) => {
    const layout = workbenchLayout({ width, height }, drawnSizes, true);
    expect(layout.form).toBe(form);
    expect(layout.low).toBe(false);
  });

  it("keeps sizes that a person chose within bounds", () => {
    const chosen = { overview: 5000, inspector: 10, tokens: 5000, dock: 5000 };
    const layout = workbenchLayout({ width: 1200, height: 764 }, chosen, true);
    expect(layout.inspector).toBe(220);
    expect(layout.overview).toBeLessThanOrEqual(1200 - 220 - 330);
    expect(layout.tokens).toBeLessThanOrEqual(764 - 132 - 250);
    expect(layout.dock).toBeLessThanOrEqual(764 - layout.tokens - 250);
    expect(workbenchLayout({ width: 1200, height: 764 }, { ...drawnSizes, tokens: 0 }, true).tokens).toBe(64);
  });

  it("gives frames what the map does not need for 260 px a side, and no more than 200", () => {
    const tokens = (height: number, frames = true): number =>
      workbenchLayout({ width: 1600, height }, drawnSizes, true, frames).tokens;
    expect(tokens(964)).toBe(200);
    expect(tokens(600)).toBe(100);
    expect(tokens(964, false)).toBe(122);
  });
});

describe("splitters", () => {
  it("move by arrow keys and by dragging, are kept, and go back on a double click", async () => {
    const open = await openApp(model);
    await drawn(open);
    const splitter = (label: string): HTMLElement =>
      find(open.app, `attention-splitter[aria-label='${label}']`);
    const overview = splitter("Width of the Overview");
    expect(overview.getAttribute("role")).toBe("separator");
    press(overview, "ArrowRight");
    await settled(open.app);
    expect(box(open, "attention-overview").width).toBeCloseTo(252, 0);
    expect(overview.getAttribute("aria-valuenow")).toBe("252");
    const dock = splitter("Height of the dock");
    const before = box(open, "attention-dock").height;
    const at = middle(dock);
    await dragFrom(at, { x: at.x, y: at.y + 40 });
    await settled(open.app);
    expect(box(open, "attention-dock").height).toBeCloseTo(before - 40, -0.5);
    const tokens = splitter("Height of the tokens");
    const words = box(open, "attention-tokens").height;
    press(tokens, "ArrowUp");
    await settled(open.app);
    expect(box(open, "attention-tokens").height).toBeCloseTo(words + 16, 0);
    const { saved } = open.host;
    overview.dispatchEvent(new MouseEvent("dblclick"));
    await settled(open.app);
    expect(box(open, "attention-overview").width).toBeCloseTo(236, 0);
    const again = await openApp(model, { saved: JSON.parse(JSON.stringify(saved)) });
    await drawn(again);
    expect(box(again, "attention-overview").width).toBeCloseTo(252, 0);
  });
});

describe("F6", () => {
  it("goes through the panes and back, to one tab stop each", async () => {
    const open = await openApp(model);
    await drawn(open);
    const focused = (): string => {
      let at: Element | null = document.activeElement;
      const names: string[] = [];
      while (at) {
        names.push(at.tagName.toLowerCase());
        at = at.shadowRoot?.activeElement ?? null;
      }
      return (
        names.find((name) => /attention-(toolbar|overview|heatmap|tokens|inspector|dock)/.test(name)) ?? ""
      );
    };
    const order = ["toolbar", "overview", "heatmap", "tokens", "inspector", "dock", "toolbar"];
    for (const name of order) {
      open.host.command("nextPane");
      await settled(open.app);
      expect(focused()).toBe(`attention-${name}`);
    }
    open.host.command("previousPane");
    expect(focused()).toBe("attention-dock");
  });
});

describe("zoom by commands", () => {
  it("magnifies, shrinks and fits", async () => {
    const open = await openApp(model);
    open.session.store.update((state) => ({ ...state, selection: { ...state.selection, site: 6 } }));
    await drawn(open);
    const span = (): number => {
      const { window } = open.session.store.state.view;
      return window ? window.keyEnd - window.keyStart : 38;
    };
    open.host.command("zoomIn");
    open.host.command("zoomIn");
    expect(span()).toBeCloseTo(19, 0);
    open.host.command("zoomOut");
    expect(span()).toBeCloseTo(38 / Math.SQRT2, 0);
    open.host.command("zoomToFit");
    expect(open.session.store.state.view.window).toBeNull();
  });
});

describe("what is left behind", () => {
  it("is nothing: 50 openings hold no more GL contexts than one, and no frame is drawn twice", async () => {
    const contexts: WebGL2RenderingContext[] = [];
    const original = HTMLCanvasElement.prototype.getContext;
    vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockImplementation(function (
      this: HTMLCanvasElement,
      ...args: Parameters<typeof original>
    ) {
      const context = original.apply(this, args) as RenderingContext | null;
      if (context instanceof WebGL2RenderingContext && !contexts.includes(context)) contexts.push(context);
      return context;
    } as typeof original);
    const small = causal(8, 2);
    for (let time = 0; time < 50; time++) {
      const open = await openApp(small);
      await expect.poll(() => heatmapOf(open.app).surface?.kind).toBe("webgl");
      await open.app.updateComplete;
    }
    closeApp();
    vi.restoreAllMocks();
    expect(contexts.length).toBeGreaterThanOrEqual(50);
    expect(contexts.filter((context) => !context.isContextLost())).toEqual([]);
  });

  it("is at most one redraw of the map a frame", async () => {
    const open = await openApp(model);
    await drawn(open);
    const { surface } = heatmapOf(open.app);
    const before = surface!.drawn;
    for (let step = 0; step < 20; step++) {
      open.session.store.update((state) => ({ ...state, hover: { query: step % 3, key: step % 4 } }));
    }
    await new Promise((resolve) => requestAnimationFrame(resolve));
    await settled(open.app);
    expect(surface!.drawn - before).toBeLessThanOrEqual(2);
  });
});
