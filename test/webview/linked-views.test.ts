/** The three views follow one selection: hover, arrows, click and pin in one is seen in the others. */
import { afterEach, describe, expect, it } from "vitest";
import { interpolateMagma } from "d3-scale-chromatic";
import { AttentionError } from "../../src/shared/errors";
import { MASKED } from "../../src/shared/page";
import { zoomed } from "../../src/webview/reducers";
import { activeQuery } from "../../src/webview/selectors";
import { causal, mapOf, playerEncoder, readyState } from "./fake-capture";
import { clickAt, dragFrom, middle, moveTo, pinch, press } from "./input";
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
/** The second self attention of `q_self`: 38 × 38, some masked. */
const SITE = 6;

async function openSelf(): Promise<OpenApp> {
  const open = await openApp(model);
  open.session.store.update((state) => ({ ...state, selection: { ...state.selection, site: SITE } }));
  await drawn(open);
  return open;
}

function tokens(open: OpenApp): ShadowRoot {
  return find(open.app, "attention-tokens").shadowRoot!;
}

function token(open: OpenApp, index: number): HTMLElement {
  return find(tokens(open), `#query-${index}`);
}

function cellPlace(open: OpenApp, query: number, key: number, count = 38): { x: number; y: number } {
  const box = find(open.app, ".map").getBoundingClientRect();
  return { x: box.x + ((key + 0.5) * box.width) / count, y: box.y + ((query + 0.5) * box.height) / count };
}

afterEach(async () => {
  closeApp();
  await moveTo(1, 1);
});

describe("Tokens", () => {
  it("lights the keys of the query by their probability, as the colour map does", async () => {
    const open = await openSelf();
    const { x, y } = middle(token(open, 7));
    await moveTo(x, y);
    await expect.poll(() => activeQuery(open.session.store.state)).toBe(7);
    await settled(open.app);
    const map = mapOf(model, SITE, 0, 0);
    const row = [...map.cells.slice(7 * 38, 8 * 38)];
    const largest = Math.max(...row);
    row.forEach((p, key) => {
      const element = token(open, key);
      expect(element.classList.contains("masked"), `key ${key}`).toBe(p === MASKED);
      expect(element.classList.contains("query"), `key ${key}`).toBe(key === 7);
      const lit = getComputedStyle(element).backgroundColor;
      if (p / largest < 0.12) expect(lit, `key ${key}`).toBe("rgba(0, 0, 0, 0)");
      else {
        const bytes = /^#(..)(..)(..)$/
          .exec(interpolateMagma(Math.round((p / largest) * 255) / 255))!
          .slice(1);
        expect(lit, `key ${key}`).toBe(`rgb(${bytes.map((byte) => parseInt(byte, 16)).join(", ")})`);
      }
    });
    expect(getComputedStyle(token(open, 13)).textDecorationLine).toBe("line-through");
    expect(textOf(find(open.app, "attention-tokens").shadowRoot!.querySelector(".header")!)).toMatch(
      /^Tokens gust attends to 30 of 38 keys; top 3 hold \d+ %; 8 padding query → keys$/,
    );
  });

  it("says nothing of a query whose row holds NaN, and calls no key padding for it", async () => {
    const broken = playerEncoder();
    mapOf(broken, SITE, 0, 0).cells[37 * 38 + 4] = Number.NaN;
    const document = readyState(broken);
    Object.assign(document.capture.sites[SITE]!.figures[0]![0]!, { rowsFlagged: 1 });
    const open = await openApp(broken, { document });
    open.session.store.update((state) => ({ ...state, selection: { ...state.selection, site: SITE } }));
    await drawn(open);
    const header = find(tokens(open), ".header");
    await expect
      .poll(() => textOf(header))
      .toMatch(/holds NaN: what it attends to is not known query → keys$/);
    const { x, y } = middle(token(open, 7));
    await moveTo(x, y);
    await expect
      .poll(() => textOf(header))
      .toMatch(/^Tokens gust attends to 30 of 38 keys; top 3 hold \d+ % query/);
  });

  it("pins the query that is clicked, against hovering, until it is clicked again", async () => {
    const open = await openSelf();
    const gust = middle(token(open, 7));
    await clickAt(gust.x, gust.y);
    await expect.poll(() => open.session.store.state.selection.query).toBe(7);
    expect(open.host.selections.at(-1)?.query).toBe(7);
    const other = middle(token(open, 30));
    await moveTo(other.x, other.y);
    await settled(open.app);
    expect(activeQuery(open.session.store.state)).toBe(7);
    await clickAt(gust.x, gust.y);
    await expect.poll(() => open.session.store.state.selection.query).toBeNull();
  });

  it("is moved over by arrows, pinned by Enter and let go by Escape", async () => {
    const open = await openSelf();
    const list = find(tokens(open), "[role=listbox]");
    press(list, "Home");
    press(list, "ArrowRight");
    await settled(open.app);
    expect(activeQuery(open.session.store.state)).toBe(1);
    expect(list.getAttribute("aria-activedescendant")).toBe("query-1");
    press(list, "Enter");
    expect(open.session.store.state.selection.query).toBe(1);
    press(list, "ArrowRight");
    expect(open.session.store.state.selection.query).toBe(2);
    press(list, "Escape");
    expect(open.session.store.state.selection.query).toBeNull();
  });

  it("gives queries and keys a list each where they are different sequences", async () => {
    const open = await openApp(model);
    await drawn(open);
    const lists = findAll(tokens(open), "[role=listbox]");
    expect(lists.map((list) => list.getAttribute("aria-label"))).toEqual(["Queries", "Keys"]);
    expect(lists.map((list) => list.querySelectorAll("[role=option]").length)).toEqual([3, 4]);
  });

  it("shows the neighbourhoods of the strongest keys above 60, and counts the rest", async () => {
    const long = causal(200, 1);
    const open = await openApp(long);
    await drawn(open);
    const row = [...mapOf(long, 0, 0, 0).cells.slice(199 * 200)];
    const strongest = row
      .map((p, key) => ({ p, key }))
      .sort((one, other) => other.p - one.p)
      .slice(0, 9);
    for (const { key } of strongest) {
      for (const near of [key - 2, key + 2]) {
        if (near >= 0 && near < 200) expect(findAll(open.app, `#query-${near}`)).toHaveLength(1);
      }
    }
    const shown = findAll(open.app, ".token").length;
    const leftOut = findAll(open.app, ".gap")
      .map((gap) => Number(/[\d,]+/.exec(textOf(gap))![0]))
      .reduce((sum, count) => sum + count, 0);
    expect(shown).toBeLessThanOrEqual(50);
    expect(shown + leftOut).toBe(200);
  });
});

describe("Heatmap", () => {
  it("shows the exact value and rank of the cell under the pointer, and makes it query and key", async () => {
    const open = await openSelf();
    const map = mapOf(model, SITE, 0, 0);
    const at = cellPlace(open, 7, 25);
    await moveTo(at.x, at.y);
    await expect.poll(() => open.session.store.state.hover).toEqual({ query: 7, key: 25 });
    await settled(open.app);
    const p = map.cells[7 * 38 + 25]!;
    const rank = [...map.cells.slice(7 * 38, 8 * 38)].filter((other) => other > p).length + 1;
    const text = p === 0 ? "0" : p < 0.001 ? "<0.001" : p < 0.1 ? p.toFixed(3) : p.toFixed(2);
    const tip = textOf(find(open.app, ".tip"));
    expect(tip).toContain("gust → ally 2");
    expect(tip).toContain(`p ${text} · rank ${rank} of 30`);
    expect(token(open, 7).classList.contains("query")).toBe(true);
    expect(token(open, 25).classList.contains("key")).toBe(true);
  });

  it("asks for the exact row when the map is pooled", async () => {
    const long = causal(900, 1);
    const open = await openApp(long);
    await drawn(open);
    const at = cellPlace(open, 600, 301, 900);
    await moveTo(at.x, at.y);
    await expect.poll(() => open.session.store.state.hover.query).not.toBeNull();
    await expect.poll(() => open.session.store.state.row?.query).toBe(open.session.store.state.hover.query);
    await settled(open.app);
    const { query, key } = open.session.store.state.hover;
    expect(open.host.rows.map((row) => row.query)).toContain(query);
    const row = [...mapOf(long, 0, 0, 0).cells.slice(query! * 900, (query! + 1) * 900)];
    const rank = row.filter((other) => other > row[key!]!).length + 1;
    expect(textOf(find(open.app, ".tip"))).toContain(`rank ${rank} of ${query! + 1}`);
    expect(textOf(find(open.app, ".tip"))).toMatch(/max [\d.<]+ of \d+ × \d+ cells/);
  });

  it("says what a pooled cell is where its exact value was left out, and calls that no failure", async () => {
    const open = await openApp(causal(900, 1), {
      host: (host) => {
        host.beforeRow = () => Promise.reject(new AttentionError("leftOut"));
      },
    });
    await expect.poll(() => heatmapOf(open.app).surface?.drawn ?? 0).toBeGreaterThan(0);
    const at = cellPlace(open, 600, 301, 900);
    await moveTo(at.x, at.y);
    await expect.poll(() => open.session.store.state.rowsLeftOut).toBe(true);
    await settled(open.app);
    expect(textOf(find(open.app, ".tip"))).toMatch(
      /→ \d+ max [\d.<]+ of \d+ × \d+ cells · received [\d.<]+ exact value not in the report$/,
    );
    expect(findAll(open.app, ".note")).toEqual([]);
    expect(open.host.failures).toEqual([]);
  });

  it("moves by arrows, reads the cell aloud and pins with Enter", async () => {
    const open = await openSelf();
    const stage = find(open.app, "attention-heatmap").shadowRoot!.querySelector(".stage")!;
    const start = activeQuery(open.session.store.state)!;
    press(stage, "ArrowUp");
    press(stage, "ArrowRight");
    await settled(open.app);
    const { cursor } = open.session.store.state;
    expect(cursor).toEqual({ query: start - 1, key: 1 });
    const status = find(open.app, "attention-heatmap").shadowRoot!.querySelector("[role=status]")!;
    expect(textOf(status)).toMatch(/^t\+5, side, p [\d.<]+, rank \d+ of 30$/);
    press(stage, "Enter");
    expect(open.session.store.state.selection).toMatchObject({ query: start - 1, key: 1 });
    press(stage, "Escape");
    expect(open.session.store.state.selection).toMatchObject({ query: null, key: null });
  });

  it("zooms with Ctrl and the wheel about the pointer, pans by dragging, fits by a double click", async () => {
    const open = await openSelf();
    const at = cellPlace(open, 30, 8);
    await pinch(at.x, at.y, -240);
    await expect.poll(() => open.session.store.state.view.window).not.toBeNull();
    const window = open.session.store.state.view.window!;
    expect(window.keyEnd - window.keyStart).toBeCloseTo(19, 1);
    // The cell under the pointer stays under it.
    const box = find(open.app, ".map").getBoundingClientRect();
    const key = window.keyStart + ((at.x - box.x) / box.width) * 19;
    expect(key).toBeCloseTo(8.5, 0);
    await settled(open.app);
    await dragFrom(middle(find(open.app, ".map")), { x: middle(find(open.app, ".map")).x + 60, y: at.y });
    await expect.poll(() => open.session.store.state.view.window!.keyStart).toBeLessThan(window.keyStart);
    expect(open.session.store.state.selection.query).toBeNull();
    await clickAt(at.x, at.y, 1);
    await clickAt(at.x, at.y, 2);
    await expect.poll(() => open.session.store.state.view.window).toBeNull();
    expect(open.session.store.state.selection).toMatchObject({ query: null, key: null });
  });

  it("zooms to a box drawn with Shift", async () => {
    const open = await openSelf();
    await dragFrom(cellPlace(open, 10, 10), cellPlace(open, 19, 19), true);
    await expect.poll(() => open.session.store.state.view.window).not.toBeNull();
    const { queryStart, queryEnd, keyStart, keyEnd } = open.session.store.state.view.window!;
    expect(queryStart).toBeCloseTo(10.5, 0);
    expect(queryEnd).toBeCloseTo(19.5, 0);
    expect(keyStart).toBeCloseTo(10.5, 0);
    expect(keyEnd).toBeCloseTo(19.5, 0);
  });

  it("prints values in cells of 22 px and more, and none in smaller ones", async () => {
    const open = await openSelf();
    expect(findAll(open.app, ".values text")).toHaveLength(0);
    open.session.store.update((state) =>
      zoomed(state, { queryStart: 0, queryEnd: 5, keyStart: 0, keyEnd: 5 }),
    );
    await settled(open.app);
    const map = mapOf(model, SITE, 0, 0);
    const printed = findAll(open.app, ".values text").map((text) => textOf(text));
    const cells = Array.from(
      { length: 25 },
      (_, index) => map.cells[Math.floor(index / 5) * 38 + (index % 5)]!,
    );
    expect(printed).toEqual(cells.map((p) => p.toFixed(2).replace(/^0/, "")));
  });

  it("states clipped cells with their number, and masked ones, in the legend", async () => {
    const open = await openSelf();
    const { p99, maximum } = open.session.store.state.profile!;
    const above = [...mapOf(model, SITE, 0, 0).cells].filter((p) => p > p99).length;
    const legend = textOf(find(open.app, ".legend"));
    expect(legend).toContain(`${above} cells above p99, max ${maximum.toFixed(2)}`);
    expect(legend).toContain("masked");
  });
});

describe("the head picker", () => {
  it("follows the host's commands through heads, layers and the mean", async () => {
    const open = await openApp(model);
    await drawn(open);
    const at = (): unknown[] => {
      const { site, head } = open.session.store.state.selection;
      return [site, head];
    };
    open.host.command("previousHead");
    expect(at()).toEqual([0, 0]);
    for (let step = 0; step < 4; step++) open.host.command("nextHead");
    expect(at()).toEqual([1, 0]);
    open.host.command("previousHead");
    expect(at()).toEqual([0, 3]);
    open.host.command("nextLayer");
    expect(at()).toEqual([1, 3]);
    open.host.command("toggleMean");
    expect(at()).toEqual([1, "mean"]);
    await drawn(open);
    expect(textOf(find(open.app, "attention-heatmap").shadowRoot!.querySelector("h2")!)).toBe(
      "input_decoder · mean of heads",
    );
    open.host.command("toggleMean");
    expect(at()).toEqual([1, 3]);
    open.host.command("previousLayer");
    expect(at()).toEqual([0, 3]);
  });

  it("chooses head and layer with sliders and shows what is selected elsewhere", async () => {
    const open = await openSelf();
    const slider = (name: string): HTMLInputElement =>
      find(open.app, `input[aria-label=${name}]`) as HTMLInputElement;
    expect(slider("Layer").value).toBe("1");
    slider("Head").value = "2";
    slider("Head").dispatchEvent(new Event("input"));
    slider("Layer").value = "0";
    slider("Layer").dispatchEvent(new Event("input"));
    await drawn(open);
    expect(open.session.store.state.selection).toMatchObject({ site: SITE - 1, head: 2 });
    expect(open.host.selections.at(-1)).toMatchObject({ site: SITE - 1, head: 2 });
    open.host.command("nextHead");
    await settled(open.app);
    expect(slider("Head").value).toBe("3");
    expect(textOf(find(open.app, "attention-heatmap").shadowRoot!.querySelector("h2")!)).toBe(
      "q_self.0 · head 3",
    );
  });

  it("offers samples only where there is more than one", async () => {
    const one = causal(6, 2);
    const open = await openApp(one);
    await drawn(open);
    expect(findAll(open.app, "input[aria-label=Sample]")).toHaveLength(0);
    const [first] = one.sites;
    const three = {
      ...one,
      sites: [{ ...first!, maps: [first!.maps[0]!, first!.maps[0]!.toReversed(), first!.maps[0]!] }],
    };
    const again = await openApp(three);
    await drawn(again);
    const slider = find(again.app, "input[aria-label=Sample]") as HTMLInputElement;
    slider.value = "1";
    slider.dispatchEvent(new Event("input"));
    await drawn(again);
    expect(again.session.store.state.selection.batch).toBe(1);
    expect(again.host.pages.at(-1)?.batch).toBe(1);
  });

  it("says what ran where, and asks the host to choose another provider", async () => {
    const open = await openApp(model);
    await drawn(open);
    const badge = find(open.app, ".provider");
    expect(textOf(badge)).toBe("CPU");
    expect(badge.title).toContain("Failed to get a WebGPU adapter");
    expect(badge.querySelector(".warning")).not.toBeNull();
    badge.click();
    expect(open.host.acts).toEqual(["selectProvider"]);
    expect(textOf(find(open.app, ".input"))).toContain("synthetic (seed 0)");
  });
});
