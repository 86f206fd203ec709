/** What survives hide, show and reload, and which replies are drawn. */
import { afterEach, describe, expect, it } from "vitest";
import { AttentionError } from "../../src/shared/errors";
import { selectHead, selectSite, viewed, zoomed } from "../../src/webview/reducers";
import { fromSaved, toSaved } from "../../src/webview/saved-state";
import { initialState } from "../../src/webview/state";
import { causal, playerEncoder, readyState } from "./fake-capture";
import { closeApp, drawn, find, openApp, settled, textOf } from "./open-app";

const model = playerEncoder();

afterEach(() => closeApp());

describe("saved state", () => {
  it("brings back site, head, pins, zoom, colour map and scale when the view is made again", async () => {
    const first = await openApp(model);
    await drawn(first);
    const { store } = first.session;
    store.update((state) => selectHead(selectSite(state, 6), 3));
    store.update((state) => ({ ...state, selection: { ...state.selection, query: 7, key: 25 } }));
    const window = { queryStart: 2.5, queryEnd: 20.5, keyStart: 10, keyEnd: 28 };
    store.update((state) => viewed(zoomed(state, window), { colourMap: "viridis", scale: "sqrt" }));
    const { saved } = first.host;
    // As VS Code keeps it: plain JSON.
    const second = await openApp(model, { saved: JSON.parse(JSON.stringify(saved)) });
    await drawn(second);
    expect(second.session.store.state.selection).toEqual({ site: 6, head: 3, batch: 0, query: 7, key: 25 });
    expect(second.session.store.state.view).toMatchObject({ window, colourMap: "viridis", scale: "sqrt" });
    expect(textOf(find(second.app, "attention-heatmap").shadowRoot!.querySelector("h2")!)).toBe(
      "q_self.1 · head 3",
    );
  });

  it("holds no cells", async () => {
    const open = await openApp(model);
    await drawn(open);
    open.session.store.update((state) => selectHead(state, 2));
    expect(JSON.stringify(open.host.saved).length).toBeLessThan(600);
  });

  it("stays with its site by name when sites have moved, and lets go of what no longer fits", () => {
    const [a, b, c] = model.sites;
    const before = { axes: model.axes, sites: [a!, b!, c!] };
    const state = { ...initialState, document: readyState(before) };
    const selected = selectSite(state, 2);
    expect(selected.anchor?.site).toBe("history_decoder");
    const restored = fromSaved(JSON.parse(JSON.stringify(toSaved(selected))));
    expect(restored.selection.site).toBe(2);
    expect(restored.anchor).toEqual(selected.anchor);
  });

  it.each([
    undefined,
    null,
    7,
    {},
    { version: 2 },
    { ...toSaved(initialState), view: { window: { queryStart: 3 } } },
  ])("begins anew from %j", (saved) => {
    expect(fromSaved(saved)).toEqual(initialState);
  });
});

describe("a new capture", () => {
  it("keeps the selection by the site's name and drops pins outside a smaller map", async () => {
    const open = await openApp(model);
    await drawn(open);
    open.session.store.update((state) => selectHead(selectSite(state, 4), 1));
    open.session.store.update((state) => ({
      ...state,
      selection: { ...state.selection, query: 40, key: 41 },
    }));
    // The first site is gone: kv_enc.1 is now the fourth.
    const fewer = { axes: model.axes, sites: model.sites.slice(1) };
    open.host.model = fewer;
    open.host.send(readyState(fewer, { generation: 2 }));
    await drawn(open);
    expect(open.session.store.state.selection).toEqual({ site: 3, head: 1, batch: 0, query: 40, key: 41 });
    expect(open.host.pages.at(-1)).toMatchObject({ generation: 2, handle: "maps/3" });
  });

  it("keeps the last picture until the new one is there", async () => {
    const one = causal(12, 2);
    const open = await openApp(one);
    await drawn(open);
    let go: () => void = () => undefined;
    open.host.beforePage = () => new Promise((resolve) => (go = resolve));
    const shown = open.session.store.state.page;
    open.host.send({ ...readyState(one, { generation: 2 }), stale: "model.onnx changed on disk" });
    await settled(open.app);
    expect(open.session.store.state.page).toBe(shown);
    expect(textOf(find(open.app, ".stale"))).toBe("model changed, reloading model.onnx changed on disk");
    expect(find(open.app, ".map canvas").isConnected).toBe(true);
    go();
    await expect.poll(() => open.session.store.state.page?.generation).toBe(2);
  });
});

describe("replies", () => {
  it("of a head that is no longer selected are dropped, however late they come", async () => {
    const one = causal(12, 3);
    const waiting: (() => void)[] = [];
    const open = await openApp(one);
    await drawn(open);
    open.host.beforePage = (request) =>
      request.head === 1 ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve();
    open.session.store.update((state) => selectHead(state, 1));
    await expect.poll(() => waiting.length).toBe(1);
    open.session.store.update((state) => selectHead(state, 2));
    await expect.poll(() => open.session.store.state.page?.head).toBe(2);
    waiting[0]!();
    await settled(open.app);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(open.session.store.state.page?.head).toBe(2);
  });

  it("of windows that were passed over while one was read are never asked for", async () => {
    const big = causal(1200, 1);
    const open = await openApp(big);
    await drawn(open);
    const waiting: (() => void)[] = [];
    // Of the map; the minimap asks for its own.
    const asked = (): number => open.host.pages.filter((request) => request.maxRows > 62).length;
    open.host.beforePage = (request) =>
      request.maxRows > 62 ? new Promise((resolve) => waiting.push(resolve)) : undefined;
    const before = asked();
    for (let step = 0; step < 10; step++) {
      const start = step * 50;
      open.session.store.update((state) =>
        zoomed(state, { queryStart: start, queryEnd: start + 600, keyStart: start, keyEnd: start + 600 }),
      );
      await settled(open.app);
    }
    expect(asked() - before).toBe(1);
    waiting[0]!();
    await expect.poll(() => waiting.length).toBe(2);
    waiting[1]!();
    await expect.poll(() => open.session.store.state.page?.queryStart).toBe(450);
    expect(asked() - before).toBe(2);
  });

  it("that fail are told where the map is, and a stale one is not", async () => {
    const one = causal(12, 3);
    const open = await openApp(one);
    await drawn(open);
    open.host.beforePage = () => {
      throw new AttentionError("stale");
    };
    open.session.store.update((state) => selectHead(state, 1));
    await settled(open.app);
    expect(open.session.store.state.problem).toBeNull();
    open.host.beforePage = () => {
      throw new AttentionError("engineCrashed", "signal 11");
    };
    open.session.store.update((state) => selectHead(state, 2));
    await expect.poll(() => open.session.store.state.problem).toContain("signal 11");
    await settled(open.app);
    expect(textOf(find(open.app, ".note.warns"))).toContain("The cells could not be read.");
    expect(open.host.failures.at(-1)).toContain("signal 11");
  });
});
