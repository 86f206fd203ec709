/** The mean over the queries of a segment, pinned: what shows the pinned query's weights shows the mean of the rows. */
import { afterEach, describe, expect, it } from "vitest";
import { MASKED } from "../../src/shared/page";
import type { QueryChoice } from "../../src/shared/query-choice";
import { cellText, cursorSentence } from "../../src/webview/cell-words";
import { find as findText } from "../../src/webview/overlays/find-data";
import { cursorMoved, pinned, selectSite, unpinned } from "../../src/webview/reducers";
import { fromSaved, toSaved } from "../../src/webview/saved-state";
import { pinnedMean, rowOf } from "../../src/webview/selectors";
import { mapOf, playerEncoder, readyState } from "./fake-capture";
import { closeApp, drawn, find, findAll, openApp, type OpenApp, settled, textOf } from "./open-app";

const model = playerEncoder();
/** The second self attention of `q_self`: 38 × 38, some masked. */
const SITE = 6;
const axis = model.axes[model.sites[SITE]!.queryAxis]!;
/** The segment with the second name, and its queries. */
const NAME = axis.segments[1]!.name;
const QUERIES = axis.segmentOf.flatMap((segment, token) => (segment === 1 ? [token] : []));

async function openPinned(query: QueryChoice = { mean: NAME }): Promise<OpenApp> {
  const open = await openApp(model);
  open.session.store.update((state) => pinned(selectSite(state, SITE), { query, key: null }));
  await drawn(open);
  await expect.poll(() => rowOf(open.session.store.state)?.query).toBe(pinnedMean(open.session.store.state));
  await settled(open.app);
  return open;
}

/** The mean of the rows that see a key, worked out here. */
function expectedMean(queries: readonly number[]): number[] {
  const { cells, keys } = mapOf(model, SITE, 0, 0);
  const rows = queries
    .map((query) => [...cells.slice(query * keys, (query + 1) * keys)])
    .filter((row) => row.some((p) => p >= 0));
  return Array.from({ length: keys }, (_, key) =>
    rows.every((row) => row[key]! < 0)
      ? MASKED
      : rows.reduce((sum, row) => sum + Math.max(0, row[key]!), 0) / rows.length,
  );
}

const seenRows = QUERIES.filter((query) => {
  const { cells, keys } = mapOf(model, SITE, 0, 0);
  return cells.slice(query * keys, (query + 1) * keys).some((p) => p >= 0);
}).length;

afterEach(closeApp);

describe("a pinned mean", () => {
  it("asks for the rows of its segment once, and lights the tokens by their mean", async () => {
    const open = await openPinned();
    const { store } = open.session;
    expect(pinnedMean(store.state)).toEqual(QUERIES);
    expect(open.host.rows.filter(({ query }) => typeof query !== "number")).toHaveLength(1);
    const row = new Float32Array(rowOf(store.state)!.cells);
    expectedMean(QUERIES).forEach((p, key) => expect(row[key], `key ${key}`).toBeCloseTo(p, 6));
    const tokens = find(open.app, "attention-tokens").shadowRoot!;
    expect(textOf(tokens.querySelector(".header")!)).toContain(`mean of ${NAME} (${seenRows} row`);
    QUERIES.forEach((query) => {
      const token = find(tokens, `#query-${query}`);
      expect([...token.classList], `query ${query}`).toEqual(expect.arrayContaining(["query", "pinned"]));
      expect(token.getAttribute("aria-selected")).toBe("true");
    });
    expect(find(tokens, "[role=listbox]").getAttribute("aria-multiselectable")).toBe("true");
  });

  it("is named at the map, in its description, and in the Inspector with the keys of the mean", async () => {
    const open = await openPinned();
    const heatmap = find(open.app, "attention-heatmap").shadowRoot!;
    const named = `mean of ${NAME} (${seenRows} row`;
    expect(textOf(heatmap.querySelector(".header .detail")!)).toContain(named);
    expect(heatmap.querySelector(".picture")!.getAttribute("aria-label")).toContain(
      `Beside the map: the ${named}`,
    );
    // Queries that lie side by side are outlined as one.
    const runs = QUERIES.filter((query) => !QUERIES.includes(query - 1)).length;
    expect(heatmap.querySelectorAll(".row-outline")).toHaveLength(runs);
    const inspector = find(open.app, "attention-inspector").shadowRoot!;
    expect(textOf(inspector.querySelector("h3.query")!)).toContain(named);
    const mean = expectedMean(QUERIES);
    const strongest = axis.labels[mean.indexOf(Math.max(...mean))]!;
    expect(textOf(inspector.querySelector(".keys li")!)).toContain(strongest);
    const { store } = open.session;
    const key = mean.indexOf(Math.max(...mean));
    store.update((state) => cursorMoved(state, { key }));
    expect(cursorSentence(store.state)).toMatch(new RegExp(`^mean of ${NAME}, .*, p 0?\\.\\d+, rank 1 of`));
    expect(cellText(store.state)).toContain(`mean of ${NAME} (${seenRows} row`);
    expect(store.state.selection.query).toEqual({ mean: NAME });
  });

  it("says how many rows were left out", async () => {
    const masked = axis.labels.flatMap((_, query) => {
      const { cells, keys } = mapOf(model, SITE, 0, 0);
      return cells.slice(query * keys, (query + 1) * keys).every((p) => p < 0) ? [query] : [];
    });
    expect(masked.length, "the fixture has masked rows").toBeGreaterThan(0);
    const segment = axis.segments[axis.segmentOf[masked[0]!]!]!.name;
    const open = await openPinned({ mean: segment });
    const heatmap = find(open.app, "attention-heatmap").shadowRoot!;
    expect(textOf(heatmap.querySelector(".header .detail")!)).toMatch(/\d+ masked left out\)/);
  });

  it("is pinned by its segment's name in Tokens, and let go by it, by Escape, or by another query", async () => {
    const open = await openApp(model);
    const { store } = open.session;
    store.update((state) => selectSite(state, SITE));
    await drawn(open);
    const tokens = find(open.app, "attention-tokens").shadowRoot!;
    const name = findAll(tokens, ".segment.means").find((one) => textOf(one) === NAME)!;
    name.click();
    expect(store.state.selection.query).toEqual({ mean: NAME });
    await settled(open.app);
    findAll(tokens, ".segment.means")
      .find((one) => textOf(one) === NAME)!
      .click();
    expect(store.state.selection.query).toBeNull();
    const list = find(tokens, "[role=listbox]");
    const press = (key: string, shiftKey = false) =>
      list.dispatchEvent(new KeyboardEvent("keydown", { key, shiftKey, bubbles: true }));
    store.update((state) => cursorMoved(state, { query: QUERIES[0]! }));
    press("Enter", true);
    expect(store.state.selection.query).toEqual({ mean: NAME });
    press("Escape");
    expect(store.state.selection.query).toBeNull();
    store.update((state) => pinned(state, { query: { mean: NAME }, key: null }));
    press("ArrowDown");
    expect(store.state.selection.query).toBe(QUERIES[0]! + 1);
  });

  it("is kept in the saved state, and at a site of another size that has the segment", async () => {
    const open = await openPinned();
    const { store } = open.session;
    const saved: unknown = JSON.parse(JSON.stringify(toSaved(store.state)));
    expect(fromSaved(saved).selection.query).toEqual({ mean: NAME });
    const again = await openApp(model, { saved });
    await drawn(again);
    expect(again.session.store.state.selection.query).toEqual({ mean: NAME });
    const cross = model.sites.findIndex(
      ({ queryAxis, keyAxis }) => queryAxis === model.sites[SITE]!.queryAxis && keyAxis !== queryAxis,
    );
    expect(selectSite(store.state, cross).selection.query).toEqual({ mean: NAME });
    const other = model.sites.findIndex(({ queryAxis }) => queryAxis !== model.sites[SITE]!.queryAxis);
    expect(selectSite(store.state, other).selection.query).toBeNull();
    expect(unpinned(store.state).selection.query).toBeNull();
  });

  it("is found by its segment's name", async () => {
    const open = await openApp(model);
    open.session.store.update((state) => selectSite(state, SITE));
    const found = findText(open.session.store.state, `mean ${NAME}`);
    expect(found[0]).toMatchObject({
      ...{ kind: "mean", mean: NAME, detail: `the mean of ${QUERIES.length} queries` },
    });
    expect(findText(open.session.store.state, "mean nowhere")).toEqual([]);
  });

  it("is told to the host, which draws figures of it", async () => {
    const open = await openPinned();
    expect(open.host.selections.at(-1)).toMatchObject({ query: { mean: NAME } });
  });
});

describe("the manifest's defaults", () => {
  it("pin the mean of a segment", async () => {
    const document = readyState(model);
    const start = { site: SITE, query: { mean: NAME }, queryText: `mean(${NAME})` };
    const open = await openApp(model, {
      document: { ...document, capture: { ...document.capture, start } },
    });
    expect(open.session.store.state.selection).toMatchObject({ site: SITE, query: { mean: NAME } });
    await drawn(open);
    const heatmap = find(open.app, "attention-heatmap").shadowRoot!;
    await expect
      .poll(() => textOf(heatmap.querySelector(".header .detail")!))
      .toContain(`mean of ${NAME} (${seenRows} row`);
  });
});
