/** Landmarks with fixed names, axe without findings in three themes, sentences for pictures, live theme switching. */
import axe from "axe-core";
import { page } from "vitest/browser";
import { afterEach, describe, expect, it } from "vitest";
import type { DocumentState } from "../../src/shared/document";
import { colourTable } from "../../src/shared/colour-maps";
import {
  type InputState,
  noInputChosen,
  plainRecording,
  type Recording,
} from "../../src/shared/input-choice";
import { largePlan, phases, playerEncoder, readyState, summaryOf } from "./fake-capture";
import { someArrays } from "./fake-arrays";
import { closeApp, drawn, find, findAll, heatmapOf, openApp, settled } from "./open-app";
import { applyTheme, type ThemeName } from "./themes";

const model = playerEncoder();

afterEach(() => closeApp());

/** An input of which everything can be chosen. */
function everyInput(): { inputs: InputState; recording: Recording } {
  const episode = (index: number): Recording["episodes"][number] => ({
    name: `episode ${index}`,
    group: index % 2 === 0 ? "success" : "failure",
    steps: 10 + index,
    fields: { return: index / 2 },
  });
  return {
    inputs: {
      ...noInputChosen,
      recent: [{ choice: { text: "the cat" }, label: "“the cat”" }],
      problem: { code: "inputMismatch", detail: "ids wants int64" },
    },
    recording: {
      ...plainRecording,
      episodes: Array.from({ length: 12 }, (_, index) => episode(index)),
      episode: 3,
      samples: { count: 40, shown: [0, 1] },
      steps: { name: "step", count: 12, index: 4 },
      passes: { name: "pass", count: 10, index: 9 },
      cameras: ["front"],
      generates: true,
      tokenizer: "tokenizer.json",
      imageInputs: ["pixel_values"],
      prompt: { text: ["the cat sat on the mat"], textPair: null },
    },
  };
}

async function findings(root: Element): Promise<string[]> {
  const { violations, passes } = await axe.run(root, {
    // The page around the application is VS Code's.
    rules: { "page-has-heading-one": { enabled: false } },
    resultTypes: ["violations", "passes"],
  });
  expect(passes.length).toBeGreaterThan(5);
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${JSON.stringify(node.target)} ${node.failureSummary ?? ""}`),
  );
}

describe.each(["dark", "light", "hc"] as ThemeName[])("in the theme %s", (theme) => {
  it("axe finds nothing in the workbench", async () => {
    const open = await openApp(model, { theme });
    open.session.store.update((state) => ({
      ...state,
      selection: { site: 6, head: 2, batch: 0, query: 7, key: 25 },
    }));
    await drawn(open);
    expect(await findings(open.app)).toEqual([]);
  });

  it("axe finds nothing in all heads, table, layers, find, keys and the map's numbers", async () => {
    const open = await openApp(model, { theme });
    await drawn(open);
    open.session.store.update((state) => ({
      ...state,
      selection: { ...state.selection, site: 6 },
      view: {
        ...state.view,
        heads: "all",
        dock: "table",
        order: "ascending",
        filter: "q_",
        reading: "queries",
      },
    }));
    await expect.poll(() => open.session.store.state.tiles.size).toBe(4);
    await settled(open.app);
    expect(await findings(open.app), "all heads and table").toEqual([]);
    open.session.store.update((state) => ({
      ...state,
      view: { ...state.view, heads: "one", dock: "layers", filter: "" },
    }));
    await drawn(open);
    expect(await findings(open.app), "layers").toEqual([]);
    for (const overlay of ["keys", "find", "table"] as const) {
      open.session.store.update((state) => ({ ...state, overlay }));
      await settled(open.app);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(await findings(open.app), overlay).toEqual([]);
      open.session.store.update((state) => ({ ...state, overlay: null }));
      await settled(open.app);
    }
  });

  it("axe finds nothing in steps, frames and the Input dialog", async () => {
    const { inputs, recording } = everyInput();
    const document = { ...readyState(model, { recording }), input: inputs };
    const open = await openApp(model, { theme, document });
    await drawn(open);
    expect(await findings(open.app), "toolbar and frames").toEqual([]);
    open.session.store.update((state) => ({ ...state, overlay: "input" }));
    await settled(open.app);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await page.screenshot({ path: `../../.cache/shots/input-${theme}.png` });
    expect(await findings(open.app), "dialog").toEqual([]);
    open.host.browsed = "/data/other.npz";
    open.host.arrays = () => Promise.resolve(someArrays());
    find(find(open.app, "attention-arrays"), "vscode-button").click();
    await expect.poll(() => findAll(open.app, "attention-arrays tr, .arrays tr").length).toBeGreaterThan(3);
    await settled(open.app);
    await page.screenshot({ path: `../../.cache/shots/arrays-${theme}.png` });
    expect(await findings(open.app), "table of arrays").toEqual([]);
  });

  it("axe finds nothing in the narrow layout", async () => {
    const open = await openApp(model, { theme, width: 480 });
    await drawn(open);
    expect(await findings(open.app)).toEqual([]);
  });

  it("axe finds nothing in the other states", async () => {
    const summary = summaryOf(model);
    const states: DocumentState[] = [
      { status: "opening", name: "x.onnx", phases: phases("load"), model: summary },
      { status: "error", name: "x.onnx", model: summary, error: { code: "runFailed", detail: "bad shape" } },
      {
        status: "empty",
        name: "x.onnx",
        model: { ...summary, otherSoftmaxes: [{ name: "/a", reason: "b" }] },
      },
      { status: "restricted", name: "x.onnx", model: summary },
      { status: "plan", name: "x.onnx", model: summary, plan: largePlan, askAboveBytes: 2e9 },
    ];
    for (const document of states) {
      const open = await openApp({ axes: [], sites: [] }, { document, theme });
      if (document.status === "opening") await new Promise((resolve) => setTimeout(resolve, 1100));
      await settled(open.app);
      expect(await findings(open.app), document.status).toEqual([]);
    }
  });
});

describe("names", () => {
  it("of the regions are fixed, in a main landmark", async () => {
    const open = await openApp(model);
    await drawn(open);
    expect(findAll(open.app, "section").map((section) => section.getAttribute("aria-label"))).toEqual([
      "Toolbar",
      "Overview",
      "Heatmap",
      "Tokens",
      "Inspector",
      "Entropy",
    ]);
    expect(findAll(open.app, "main")).toHaveLength(1);
  });

  it("of the map say its shape, strongest pair and masked rows", async () => {
    const open = await openApp(model);
    open.session.store.update((state) => ({ ...state, selection: { ...state.selection, site: 6 } }));
    await drawn(open);
    const { cells } = model.sites[6]!.maps[0]![0]!;
    const largest = Math.max(...cells);
    const at = cells.indexOf(largest);
    const labels = findAll(open.app, ".token").map((token) => token.textContent!.split("0.")[0]!.trim());
    expect(find(open.app, ".map .picture").getAttribute("aria-label")).toBe(
      `Attention of q_self.1, head 0: 38 queries by 38 keys. Strongest pair ${labels[Math.floor(at / 38)]} to ` +
        `${labels[at % 38]}, ${largest.toFixed(2)}. 8 rows fully masked.`,
    );
  });
});

describe("another theme", () => {
  it("redraws the map, the tokens and the chart while it is open", async () => {
    const open = await openApp(model, { theme: "dark" });
    await drawn(open);
    const corner = (): string => {
      const { surface } = heatmapOf(open.app);
      surface!.drawNow();
      const context = new OffscreenCanvas(4, 4).getContext("2d")!;
      context.drawImage(surface!.canvas, 0, 0, 4, 4, 0, 0, 4, 4);
      return String([...context.getImageData(0, 0, 1, 1).data].slice(0, 3));
    };
    const index = (light: boolean): string => {
      const { page, profile } = open.session.store.state;
      const place = Math.floor((new Float32Array(page!.cells)[0]! / profile!.maximum) * 255 + 0.5);
      return String([...colourTable("magma", light).slice(place * 4, place * 4 + 3)]);
    };
    const dark = corner();
    expect(dark).toBe(index(false));
    applyTheme("light");
    await settled(open.app);
    expect(corner()).toBe(index(true));
    expect(corner()).not.toBe(dark);
    applyTheme("dark");
    await settled(open.app);
    expect(corner()).toBe(dark);
  });
});
