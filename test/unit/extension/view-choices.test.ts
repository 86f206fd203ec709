/** Commands that choose something in the view, copy from it, or send it elsewhere. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { viewCommandSchema } from "../../../src/shared/protocol";
import { seen } from "./fake-vscode";
import { HostBench, wait } from "./host-bench";

let bench: HostBench;
beforeEach(() => void (bench = new HostBench()));
afterEach(() => bench.dispose());

const labels = () => seen.picks[0]!.items.map((item) => (item as { label: string }).label);

it.each(viewCommandSchema.options)("%s is posted to the view", async (command) => {
  const { panel } = await bench.show();
  await bench.run(command);
  await wait();
  expect(panel.told("command")).toEqual([{ command }]);
});

it("acts on the view that it is called with, not on the active one", async () => {
  const first = await bench.show();
  const second = await bench.open("b.onnx");
  await second.panel.connect();
  first.panel.show(true, false);
  await first.panel.send("run", { command: "goToHead" }, 3);
  await wait();
  expect(JSON.stringify(seen.picks[0]!.options)).toContain("a.onnx");
});

describe("Go to Head", () => {
  it("lists every head with its figures, the metric of the view first", async () => {
    const { panel } = await bench.show();
    await panel.select({ site: 1, head: 3, metric: "gini" });
    seen.pick = (items) => items.find((item) => (item as { label: string }).label === "L0H2");
    await bench.run("goToHead");
    await wait();
    expect(labels()).toEqual(["L0H0", "L0H1", "L0H2", "L0H3", "L1H0", "L1H1", "L1H2", "$(check) L1H3"]);
    expect((seen.picks[0]!.items[2] as { description: string }).description).toBe(
      "Gini 0.40 · H / ln n 0.60 · conf. 0.40 · sink 0.20 · dist. 1.50 tokens · 6 queries × 6 keys, self",
    );
    expect(panel.told("apply")).toEqual([{ site: 0, head: 2 }]);
  });

  it("says so where nothing is captured", async () => {
    await bench.open("a.onnx");
    await bench.run("goToHead");
    expect(seen.messages[0]!.text).toContain("a.onnx shows no capture now");
  });
});

it("Change Metric tells the view the chosen one", async () => {
  const { panel } = await bench.show();
  await panel.select({ metric: "confidence" });
  seen.pick = (items) => items.find((item) => (item as { metric: string }).metric === "sinkMass");
  await bench.run("changeMetric");
  await wait();
  expect(labels()).toContain("$(check) Confidence");
  expect(panel.told("apply")).toEqual([{ metric: "sinkMass" }]);
});

describe("Change Colour Map", () => {
  /** Move over entries of the list before one is chosen, or none. */
  const over = (names: string[], chosen?: string) => {
    seen.pick = (items) => {
      const find = (name: string) => items.find((item) => (item as { colourMap: string }).colourMap === name);
      const { onDidSelectItem } = seen.picks[0]!.options as { onDidSelectItem(item: unknown): void };
      for (const name of names) onDidSelectItem(find(name));
      return chosen === undefined ? undefined : find(chosen);
    };
  };

  it("shows each map while the list moves over it", async () => {
    const { panel } = await bench.show();
    await panel.select({ colourMap: "magma" });
    over(["viridis", "plasma"], "plasma");
    await bench.run("changeColourMap");
    await wait();
    expect(panel.told("apply")).toEqual([{ colourMap: "viridis" }, { colourMap: "plasma" }]);
  });

  it("goes back to what it was when nothing is chosen", async () => {
    const { panel } = await bench.show();
    await panel.select({ colourMap: "magma" });
    over(["viridis"]);
    await bench.run("changeColourMap");
    await wait();
    expect(panel.told("apply").at(-1)).toEqual({ colourMap: "magma" });
  });
});

describe("view states", () => {
  const state = JSON.stringify({ version: 2, selection: { site: 1 } });

  it("are taken from the clipboard, in one line", async () => {
    const { panel } = await bench.show();
    seen.clipboard = JSON.stringify(JSON.parse(state), null, 2);
    await bench.run("openViewState");
    await wait();
    expect(panel.told("apply")).toEqual([{ viewState: state }]);
  });

  it("are asked for where the clipboard holds something else", async () => {
    const { panel } = await bench.show();
    seen.clipboard = "rm -rf /";
    seen.input = (value) => (value === "" ? state : undefined);
    await bench.run("openViewState");
    await wait();
    expect(panel.told("apply")).toEqual([{ viewState: state }]);
  });
});

describe("a view that connects", () => {
  it("without a state of its own starts from the settings", async () => {
    Object.assign(seen.settings, { "view.metric": "gini", "view.colourMap": "cividis" });
    const { panel } = await bench.open("a.onnx");
    await panel.connect({ restored: false });
    expect(panel.sent.map(({ id, method }) => method ?? id)).toEqual([0, "apply"]);
    expect(panel.told("apply")).toEqual([{ metric: "gini", colourMap: "cividis" }]);
  });

  it("with one keeps it", async () => {
    const { panel } = await bench.open("a.onnx");
    await panel.connect({ restored: true });
    await panel.connect();
    expect(panel.told("apply")).toEqual([]);
  });
});

it("copies for the view", async () => {
  const { panel } = await bench.show();
  await panel.send("copyText", { text: "0.42" }, 4);
  expect(seen.clipboard).toBe("0.42");
});

it("gives the engine the memory limit in bytes", async () => {
  seen.settings["engine.memoryLimit"] = 512;
  await bench.open("a.onnx");
  expect(bench.engine().options.memoryLimitBytes).toBe(512_000_000);
});
