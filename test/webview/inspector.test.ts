/** The Inspector: figures with unit and neighbours, roles with their thresholds, top keys, fidelity, actions. */
import { afterEach, describe, expect, it } from "vitest";
import type { CapturedSite } from "../../src/shared/capture";
import type { HeadFigures } from "../../src/shared/figures";
import { fidelityOf } from "../../src/webview/inspector/fidelity";
import { patternsOf, rolesOf } from "../../src/shared/roles";
import { axis, captureOf, causal, mapOf, numbered, playerEncoder, readyState } from "./fake-capture";
import { type FakeMap, profileOfMap } from "./fake-maps";
import { closeApp, drawn, find, findAll, openApp, type OpenApp, settled, textOf } from "./open-app";

const model = playerEncoder();

afterEach(() => closeApp());

function pane(open: OpenApp): ShadowRoot {
  return find(open.app, "attention-inspector").shadowRoot!;
}

function figure(open: OpenApp, metric: string): HTMLElement {
  return find(pane(open), `.figure[data-metric=${metric}]`);
}

async function openSelf(): Promise<OpenApp> {
  const open = await openApp(model);
  open.session.store.update((state) => ({
    ...state,
    selection: { site: 6, head: 2, batch: 0, query: 7, key: null },
  }));
  await drawn(open);
  return open;
}

describe("figures", () => {
  it("stand with their unit, and with a tick for every head and a long one for this", async () => {
    const open = await openSelf();
    const { figures } = captureOf(model).sites[6]!;
    const own = figures[0]![2]!;
    expect(textOf(figure(open, "entropyNats"))).toMatch(
      new RegExp(`^Entropy ${own.entropyNats!.toFixed(2)} nats , \\d+ of 36 from the highest$`),
    );
    const rank = captureOf(model)
      .sites.flatMap((site) => site.figures[0]!)
      .filter((other) => other.normalisedEntropy! > own.normalisedEntropy!).length;
    expect(textOf(figure(open, "normalisedEntropy"))).toBe(
      `Normalised ${own.normalisedEntropy!.toFixed(2)} , ${rank + 1} of 36 from the highest`,
    );
    const ticks = figure(open, "normalisedEntropy").querySelector(".all")!.getAttribute("d")!;
    expect(ticks.match(/M/g)).toHaveLength(36);
    expect(figure(open, "normalisedEntropy").querySelector(".own")).not.toBeNull();
  });

  it("can be read where the pane is narrowest and the figures are long", async () => {
    const state = readyState(model);
    const capture = structuredClone(state.capture);
    Object.assign(capture.sites[6]!.figures[0]![2]!, { concentration: 1e-5, recentDistantRatio: 567_251 });
    const open = await openApp(model, { document: { ...state, capture }, width: 940 });
    open.session.store.update((now) => ({
      ...now,
      selection: { site: 6, head: 2, batch: 0, query: 7, key: null },
      view: { ...now.view, sizes: { ...now.view.sizes, inspector: 220 } },
    }));
    await drawn(open);
    expect(textOf(figure(open, "concentration"))).toContain("<0.001");
    expect(textOf(figure(open, "recentDistantRatio"))).toContain("5.7e5 ×");
    for (const one of findAll(pane(open), ".figure")) {
      const label = document.createRange();
      label.selectNodeContents(find(one, "dt"));
      const number = find(one, ".number b").getBoundingClientRect();
      expect(label.getBoundingClientRect().right, textOf(one)).toBeLessThanOrEqual(number.left);
    }
  });

  it("say why there is none, instead of 0", async () => {
    const open = await openSelf();
    expect(textOf(figure(open, "induction"))).toBe("Induction — no token ids");
    open.session.store.update((state) => ({ ...state, selection: { ...state.selection, site: 7 } }));
    await drawn(open);
    expect(textOf(figure(open, "distanceTokens"))).toBe("Distance — cross attention");
  });

  it("of a mean are those of the mean map, and say so", async () => {
    const open = await openSelf();
    open.host.command("toggleMean");
    await drawn(open);
    expect(textOf(pane(open).querySelector(".header")!)).toBe("Inspector of the mean map, among all 36");
    const { figures } = profileOfMap(mapOf(model, 6, 0, "mean"), {
      ...{ handle: "", generation: 1, batch: 0, head: "mean" },
    });
    expect(textOf(figure(open, "normalisedEntropy"))).toContain(figures.normalisedEntropy!.toFixed(2));
  });
});

/** A map with rows that put `weight` on a key and share the rest. */
function pointing(count: number, weight: number, to: (query: number) => number): FakeMap {
  const cells = new Float32Array(count * count);
  for (let query = 0; query < count; query++) {
    for (let key = 0; key < count; key++) {
      cells[query * count + key] = key === to(query) ? weight : (1 - weight) / (count - 1);
    }
  }
  return { queries: count, keys: count, cells };
}

function rolesOfMap(map: FakeMap, segments = 1): string[] {
  const tokens =
    segments === 1
      ? numbered("tokens", map.keys)
      : axis("tokens", [
          ["a", "text", Array.from({ length: map.keys / 2 }, (_, index) => `a${index}`)],
          ["b", "image", Array.from({ length: map.keys / 2 }, (_, index) => `b${index}`)],
        ]);
  const profile = profileOfMap(map, { handle: "", generation: 1, batch: 0, head: 0 });
  const segmented = { of: tokens.segmentOf, count: tokens.segments.length };
  return rolesOf({
    ...{ figures: profile.figures, received: new Float32Array(profile.received) },
    keyLabels: tokens.labels,
    patterns: patternsOf({ ...map, valid: null, ownKey: 0, segments: segmented }),
  }).map((role) => role.name);
}

describe("roles", () => {
  it("are told from the map alone: previous token, self, sinks, uniform, within segment", () => {
    expect(rolesOfMap(pointing(12, 0.9, (query) => Math.max(0, query - 1)))).toEqual(["previous token"]);
    expect(rolesOfMap(pointing(12, 0.9, (query) => query))).toEqual(["self"]);
    expect(rolesOfMap(pointing(12, 0.9, () => 0))).toEqual(["sink: first token"]);
    expect(rolesOfMap(pointing(12, 0.9, () => 5))).toEqual(["sink: 5"]);
    expect(rolesOfMap(pointing(12, 1 / 12, () => 0))).toEqual(["uniform"]);
    expect(rolesOfMap(pointing(12, 0.38, (query) => (query * 5) % 12))).toEqual([]);
    const within = pointing(12, 0, () => -1);
    within.cells.forEach((_, index) => {
      const [query, key] = [Math.floor(index / 12), index % 12];
      within.cells[index] = query < 6 === key < 6 ? 0.95 / 6 : 0.05 / 6;
    });
    expect(rolesOfMap(within, 2)).toEqual(["within segment"]);
  });

  it("count the mass as the formulas of docs/metrics.md do", () => {
    const map = pointing(10, 0.55, (query) => Math.max(0, query - 1));
    const patterns = patternsOf({ ...map, valid: null, ownKey: 0, segments: null });
    expect(patterns.previous).toBeCloseTo((9 * 0.55) / 10, 5);
    expect(patterns.self).toBeCloseTo((0.55 + 9 * 0.05) / 10, 5);
    expect(patterns.withinSegment).toBeNull();
  });

  it("count masked cells for nothing, and find a query's own token after past keys", () => {
    const map = pointing(10, 0.55, (query) => Math.max(0, query - 1));
    const cells = map.cells.slice(0, 40);
    const cached = { queries: 4, keys: 10, cells, segments: null };
    // Queries 0 to 3 are keys 6 to 9: what they look at is far back.
    expect(patternsOf({ ...cached, valid: null, ownKey: 6 }).previous).toBeCloseTo(0.05, 5);
    const onlyFirst = Uint8Array.from(cells, (_, at) => (at % 10 === 0 ? 1 : 0));
    const { previous, self } = patternsOf({ ...cached, valid: onlyFirst, ownKey: 0 });
    // Of column 0: the query's own in row 0, the one before in row 1.
    const total = 0.55 + 0.55 + 0.05 + 0.05;
    expect(self).toBeCloseTo(0.55 / total, 5);
    expect(previous).toBeCloseTo(0.55 / total, 5);
  });

  it("are not told from a pooled map", async () => {
    const open = await openApp(causal(900, 1));
    await drawn(open);
    expect(textOf(find(pane(open), ".role"))).toBe("Role — not told from a pooled map");
  });

  it("say their threshold", async () => {
    const map = pointing(12, 0.9, (query) => query);
    const one = causal(12, 1);
    const sites = [{ ...one.sites[0]!, maps: [[map]] }];
    const open = await openApp({ axes: one.axes, sites });
    await drawn(open);
    expect(textOf(find(pane(open), ".role"))).toBe("Role self");
    const tag = find(pane(open), ".tag");
    expect(textOf(tag)).toBe("self");
    expect(tag.title).toBe("mass on the query itself: 90 %, called so from 40 % on");
  });
});

describe("the query's top keys", () => {
  it("are the five largest with their probability, and light the map when pointed at", async () => {
    const open = await openSelf();
    const row = [...mapOf(model, 6, 0, 2).cells.slice(7 * 38, 8 * 38)];
    const top = row
      .map((p, key) => ({ p, key }))
      .sort((one, other) => other.p - one.p)
      .slice(0, 5);
    const listed = findAll(pane(open), ".keys li");
    expect(listed.map((item) => textOf(item.querySelector(".number")!))).toEqual(
      top.map(({ p }) => p.toFixed(p < 0.1 ? 3 : 2)),
    );
    expect(textOf(find(pane(open), "h3.query"))).toBe("Query gust");
    listed[1]!.dispatchEvent(new PointerEvent("pointerenter"));
    expect(open.session.store.state.hover).toEqual({ query: 7, key: top[1]!.key });
  });

  it("say so when the row is masked", async () => {
    const open = await openSelf();
    open.session.store.update((state) => ({ ...state, selection: { ...state.selection, query: 13 } }));
    await drawn(open);
    await expect.poll(() => open.session.store.state.row?.query).toBe(13);
    await settled(open.app);
    expect(textOf(find(pane(open), ".body"))).toContain("sees no key: its row is masked");
  });
});

describe("fidelity", () => {
  const clean: HeadFigures = captureOf(model).sites[0]!.figures[0]![0]!;
  const site = (over: Partial<CapturedSite>): CapturedSite => ({ ...captureOf(model).sites[0]!, ...over });

  it("says how the map was obtained and how far its rows are from 1", () => {
    const figures = { ...clean, rowSumMin: 1 - 2e-7, rowSumMax: 1 + 1e-7 };
    expect(fidelityOf(site({ method: "exposed" }), figures)).toEqual([
      { kind: "good", text: "Exact: the softmax read from the graph; rows sum to 1 ± 2.0e−7." },
    ]);
  });

  it("tells the error with its control, and warns where a rebuilt map is not proven", () => {
    const proven = fidelityOf(
      site({ method: "rebuilt", error: 3e-7, controlError: 0.4, proven: true }),
      clean,
    );
    expect(proven[1]).toEqual({
      kind: "good",
      text: "With the values it gives the operator's own output to within 3.0e−7; with the keys moved by one 4.0e−1.",
    });
    const unproven = fidelityOf(
      site({ method: "rebuilt", error: null, proven: false, note: "The operator has no kernel here." }),
      clean,
    );
    expect(unproven.filter(({ kind }) => kind === "warning").map(({ text }) => text)).toContain(
      "Not proven: The operator has no kernel here.",
    );
  });

  it("warns at the map and in its header too when a map is not proven", async () => {
    const document = readyState(model);
    Object.assign(document.capture.sites[0]!, { proven: false, note: "Computed from its inputs." });
    const open = await openApp(model, { document });
    await drawn(open);
    const heatmap = find(open.app, "attention-heatmap").shadowRoot!;
    expect(textOf(find(heatmap, ".header .warning"))).toBe("not proven");
    expect(textOf(find(heatmap, ".note.warns"))).toBe(
      "This map is rebuilt and not proven. Computed from its inputs.",
    );
  });
});

describe("actions", () => {
  it("pin, let go, and copy the value with all its digits", async () => {
    const open = await openSelf();
    const button = (words: string): HTMLElement =>
      findAll(pane(open), "vscode-button").find((one) => textOf(one) === words)!;
    button("Unpin").click();
    expect(open.session.store.state.selection.query).toBeNull();
    open.session.store.update((state) => ({ ...state, hover: { query: 7, key: 9 } }));
    await settled(open.app);
    button("Pin").click();
    expect(open.session.store.state.selection).toMatchObject({ query: 7, key: 9 });
    await settled(open.app);
    button("Copy value").click();
    const p = mapOf(model, 6, 0, 2).cells[7 * 38 + 9]!;
    expect(open.host.copied).toEqual([`q_self.1 head 2, query 7 gust → key 9 roar: ${p}`]);
  });
});
