/** No text is cut or printed over other text, at four widths and in three themes. */
import { afterEach, describe, expect, it } from "vitest";
import type { DocumentState } from "../../src/shared/document";
import { plainRecording } from "../../src/shared/input-choice";
import { type ElementSize, observeSize } from "../../src/webview/element-size";
import { causal, largePlan, phases, playerEncoder, readyState, summaryOf } from "./fake-capture";
import { closeApp, drawn, find, findAll, openApp, settled } from "./open-app";
import { textProblems } from "./text-problems";

const model = playerEncoder();
const widths = [480, 800, 1200, 1600] as const;
const themeNames = ["dark", "light", "hc"] as const;

afterEach(() => closeApp());

describe("the size of an element", () => {
  it("is told at once, without its padding and border, and again when it changes", async () => {
    const box = document.createElement("div");
    box.style.cssText =
      "box-sizing: border-box; width: 200px; height: 100px; padding: 10px; border: 1px solid";
    document.body.append(box);
    const sizes: ElementSize[] = [];
    const leave = observeSize(box, (size) => sizes.push(size));
    expect(sizes).toEqual([{ width: 178, height: 78, ratio: devicePixelRatio }]);
    box.style.width = "150px";
    await expect.poll(() => sizes.length).toBe(2);
    expect(sizes[1]!.width).toBe(128);
    leave();
    box.remove();
  });
});

it.each([1040, 1280, 1360, 1520, 1660, 1900])(
  "a toolbar of %i px with two axes of long names and a slider holds all of its controls",
  async (width) => {
    const recording = {
      ...plainRecording,
      steps: { name: "call of the policy", count: 12, index: 4 },
      passes: { name: "denoising pass", count: 10, index: 9, label: "t = 0.1" },
      adjustable: [{ input: "r", name: "return to go", from: 0, to: 1, step: 0.1, unit: "", value: 0.5 }],
    };
    const document = readyState(model, { recording });
    document.model.title = "Vision-language-action policy, two cameras";
    document.capture.input.label = "success: pick up the blue block and place it on the plate";
    const open = await openApp(model, { width, document });
    await drawn(open);
    const toolbar = find(open.app, ".toolbar");
    expect(toolbar.scrollWidth).toBeLessThanOrEqual(toolbar.clientWidth);
    const right = find(toolbar, "attention-export-menu").getBoundingClientRect().right;
    expect(right).toBeLessThanOrEqual(width);
    expect(toolbar.clientHeight, "rows").toBeLessThan(width > 1060 ? 76 : 110);
    expect(find(toolbar, "h1").getBoundingClientRect().width).toBeGreaterThan(39);
  },
);

describe.each(widths)("at %i px", (width) => {
  it.each(themeNames)("the three views can be read (%s)", async (theme) => {
    const open = await openApp(model, { width, theme });
    for (const site of [0, 2, 6]) {
      open.session.store.update((state) => ({ ...state, selection: { ...state.selection, site } }));
      await drawn(open);
      expect(textProblems(open.app, 60), `site ${site}`).toEqual([]);
    }
    const map = find(open.app, ".map").getBoundingClientRect();
    if (width >= 800) expect(Math.min(map.width, map.height)).toBeGreaterThanOrEqual(260);
    expect(open.app.scrollWidth).toBeLessThanOrEqual(width);
    const header = find(open.app, "attention-heatmap").shadowRoot!.querySelector(".header")!;
    expect(header.scrollWidth, "header of the Heatmap").toBeLessThanOrEqual(header.clientWidth);
  });

  it.each(themeNames)(
    "all heads, table, layers, sorted and filtered heads can be read (%s)",
    async (theme) => {
      const open = await openApp(model, { width, theme });
      await drawn(open);
      open.session.store.update((state) => ({
        ...state,
        selection: { ...state.selection, site: 6 },
        view: { ...state.view, heads: "all", dock: "table", order: "descending", reading: "queries" },
      }));
      await expect.poll(() => open.session.store.state.tiles.size).toBe(4);
      await settled(open.app);
      expect(textProblems(open.app, 40), "all heads and table").toEqual([]);
      open.session.store.update((state) => ({
        ...state,
        view: { ...state.view, heads: "one", dock: "layers", order: "graph", filter: "q_", narrow: "layers" },
      }));
      await settled(open.app);
      expect(textProblems(open.app, 20), "layers").toEqual([]);
      for (const narrow of ["tokens", "inspector", "entropy", "table"] as const) {
        open.session.store.update((state) => ({
          ...state,
          view: { ...state.view, narrow, dock: "entropy" },
        }));
        await settled(open.app);
        expect(textProblems(open.app, 20), narrow).toEqual([]);
      }
      for (const overlay of ["keys", "find", "table"] as const) {
        open.session.store.update((state) => ({ ...state, overlay }));
        await settled(open.app);
        const dialog = find(open.app, "dialog");
        expect(dialog.getBoundingClientRect().right).toBeLessThanOrEqual(width);
        expect(textProblems(dialog, 1), overlay).toEqual([]);
        open.session.store.update((state) => ({ ...state, overlay: null }));
        await settled(open.app);
      }
    },
  );

  it("notices, a stale file, notes and a zoomed map can be read", async () => {
    const document = readyState(model, {
      notices: ["Only the first 32 of 4,096 tokens were run.", "Two sites were left out."],
    });
    Object.assign(document.capture.sites[6]!, {
      note: "The export averages its heads: this map is the mean of 4 heads.",
      assumed: ["the mask is causal, as the graph does not say"],
      error: 3e-7,
      validity: "inferred",
    });
    const open = await openApp(model, {
      width,
      document: { ...document, stale: "player_encoder.onnx changed on disk" },
    });
    open.session.store.update((state) => ({
      ...state,
      selection: { ...state.selection, site: 6, head: "mean" as const },
    }));
    await drawn(open);
    open.session.store.update((state) => ({
      ...state,
      view: { ...state.view, window: { queryStart: 2.2, queryEnd: 9.2, keyStart: 20, keyEnd: 27 } },
      hover: { query: 5, key: 24 },
    }));
    await settled(open.app);
    findAll(open.app, "details").forEach((details) => details.setAttribute("open", ""));
    await settled(open.app);
    const tip = find(open.app, ".tip").getBoundingClientRect();
    const stage = find(open.app, "attention-heatmap")
      .shadowRoot!.querySelector(".stage")!
      .getBoundingClientRect();
    expect(tip.left).toBeGreaterThanOrEqual(stage.left);
    expect(tip.right).toBeLessThanOrEqual(stage.right);
    expect(tip.top).toBeGreaterThanOrEqual(stage.top - 1);
    expect(tip.bottom).toBeLessThanOrEqual(stage.bottom + 1);
    open.session.store.update((state) => ({ ...state, hover: { query: null, key: null } }));
    await settled(open.app);
    expect(textProblems(open.app, 60)).toEqual([]);
  });

  it("the other states can be read", async () => {
    const model = summaryOf(playerEncoder());
    const states: DocumentState[] = [
      { status: "opening", name: "vision_large.onnx", phases: phases("load"), model },
      {
        status: "plan",
        name: "vision_large.onnx",
        model,
        plan: largePlan,
        askAboveBytes: 2e9,
      },
      {
        status: "error",
        name: "vla.onnx",
        model,
        error: {
          code: "inputMismatch",
          detail: 'Input "base_rgb" is uint8 [1, 224, 224, 3]; the model wants float32 [1, 3, 224, 224].',
          where: "examples/vla/a_very_long_folder_name_without_any_space_in_it/model.attention.json:14",
        },
      },
      {
        status: "empty",
        name: "router.onnx",
        model: {
          ...model,
          sites: [],
          otherSoftmaxes: [
            { name: "/transformer/blocks/block_0/moe/router/Softmax", reason: "gating: no keys" },
          ],
          notSupported: [{ name: "/loop/Attention", reason: "inside a Loop" }],
        },
      },
      { status: "restricted", name: "player_encoder.onnx", model },
    ];
    for (const document of states) {
      const open = await openApp({ axes: [], sites: [] }, { width, document });
      if (document.status === "opening") await new Promise((resolve) => setTimeout(resolve, 1100));
      await settled(open.app);
      expect(textProblems(open.app, 5), document.status).toEqual([]);
    }
  });
});

describe("a very large model", () => {
  it("can be read: hundreds of heads, long names, a long prompt", async () => {
    const [first] = causal(100, 12).sites;
    const layers = Array.from({ length: 24 }, (_, layer) => ({
      ...first!,
      layer,
      component: "vision_tower.encoder.self_attention_blocks",
    }));
    const open = await openApp({ axes: causal(100, 12).axes, sites: layers }, { width: 480 });
    await drawn(open);
    expect(textProblems(open.app, 40)).toEqual([]);
  });
});

describe("the check itself", () => {
  it("sees cut and overlapping text", () => {
    const box = document.createElement("div");
    const cut = document.createElement("div");
    cut.textContent = "a sentence that is much longer than its box";
    Object.assign(cut.style, { width: "40px", overflow: "hidden", whiteSpace: "nowrap" });
    const over = document.createElement("div");
    over.textContent = "printed over";
    Object.assign(over.style, { marginTop: "-12px" });
    box.append(cut, over);
    document.body.prepend(box);
    const problems = textProblems(box, 2);
    box.remove();
    expect(problems.some((problem) => problem.includes("is cut by"))).toBe(true);
    expect(problems.some((problem) => problem.includes("overlap"))).toBe(true);
  });
});
