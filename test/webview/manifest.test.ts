/** What a manifest says of the view's beginning, a grid that is assumed, and the way to declare a site. */
import { afterEach, describe, expect, it } from "vitest";
import type { Capture } from "../../src/shared/capture";
import { causal, playerEncoder, readyState, summaryOf } from "./fake-capture";
import { closeApp, find, findAll, openApp, textOf } from "./open-app";

afterEach(closeApp);

function button(root: Element, words: string): HTMLElement {
  const found = findAll(root, "vscode-button").find((one) => textOf(one) === words);
  if (!found) throw new Error(`no button says ${words}`);
  return found;
}

describe("the manifest's defaults", () => {
  const start = { site: 1, head: 2, query: 3, colourMap: "viridis", scale: "log", range: "maximum" } as const;
  const begun = () => {
    const document = readyState(playerEncoder());
    return { ...document, status: "ready" as const, capture: { ...document.capture, start } };
  };

  it("are what a view shows first", async () => {
    const { session } = await openApp(playerEncoder(), { document: begun() });
    const { selection, view } = session.store.state;
    expect(selection).toMatchObject({ site: 1, head: 2, query: 3 });
    expect(view).toMatchObject({ colourMap: "viridis", scale: "log", range: "maximum" });
  });

  it.each([
    ["a query", { query: 1 }, { query: 1 }, {}],
    ["a site", { site: 2 }, { site: 2 }, {}],
    ["a head", { head: 1 }, { head: 1 }, {}],
    ["the mean of heads", { head: "mean" }, { head: "mean" }, {}],
    ["the mean of some heads", { head: [0, 2] }, { head: [0, 2] }, {}],
    ["all heads", { heads: "all" }, {}, { heads: "all" }],
    ["colours", { colourMap: "cividis" }, {}, { colourMap: "cividis" }],
    ["a scale", { scale: "sqrt" }, {}, { scale: "sqrt" }],
    ["a range", { range: "unit" }, {}, { range: "unit" }],
    ["a probability that ends the range", { range: 0.25 }, {}, { range: 0.25 }],
    ["a metric", { metric: "confidence" }, {}, { metric: "confidence" }],
  ] as const)("begin with %s", async (_, start, selected, looked) => {
    const document = readyState(playerEncoder());
    const begun = { ...document, capture: { ...document.capture, start: start as Capture["start"] } };
    const usual = await openApp(playerEncoder());
    const { session } = await openApp(playerEncoder(), { document: begun });
    const { selection, view } = session.store.state;
    expect(selection).toEqual({ ...usual.session.store.state.selection, ...selected });
    expect(view).toMatchObject(looked);
    expect([selection, view]).not.toEqual([
      usual.session.store.state.selection,
      usual.session.store.state.view,
    ]);
  });

  it("change nothing in a view that was used", async () => {
    const open = await openApp(playerEncoder());
    const before = open.session.store.state.selection;
    open.host.send(begun());
    expect(open.session.store.state.selection).toMatchObject({ site: before.site, head: before.head });
  });
});

describe("a grid that is assumed", () => {
  it("is said to be, until a click confirms it", async () => {
    const document = readyState(causal(9));
    const [axis] = document.capture.axes;
    const grid = { rows: 3, columns: 3, patch: null, crop: null, padding: null, camera: "pixels" };
    const assumed = "9 tokens are taken for 3 × 3 patches.";
    const axes = [{ ...axis!, assumed, segments: [{ name: "patch", role: "image" as const, grid }] }];
    const open = await openApp(causal(9), {
      document: { ...document, capture: { ...document.capture, axes } },
    });
    expect(findAll(open.app, ".bar").map(textOf).join(" ")).toContain(assumed);
    button(open.app, "Confirm grid").click();
    expect(open.host.acts).toContain("confirmGrid 0");
  });
});

describe("no attention", () => {
  it("offers to declare a site", async () => {
    const document = { status: "empty", name: "m.onnx", model: summaryOf(playerEncoder()) } as const;
    const open = await openApp({ axes: [], sites: [] }, { document });
    button(find(open.app, "attention-empty"), "Declare a site").click();
    expect(open.host.acts).toEqual(["createManifest"]);
  });
});
