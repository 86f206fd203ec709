// The first screen: the example in three themes and three widths, a 12 × 12 encoder, four sites with masks.
import { cpSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { openVscode } from "../e2e/harness/vscode";
import { repository, Workspace } from "../e2e/harness/workspace";
import type { Workbench } from "../e2e/pages/workbench";
import { picture } from "./picture";

/** What stands around the view when it fills a window: title bar, tabs, breadcrumbs and status bar. */
const AROUND = { width: 48, height: 115 };

/** The systems beside the first example. */
const systems = ["algorithm-distillation", "ego-attention-dqn", "player-encoder", "vla-pi0"] as const;

async function opened(
  workspace: Workspace,
  { width = 1600, height = 1000, theme = "Default Dark Modern" } = {},
): Promise<Workbench> {
  const workbench = await openVscode(workspace, {
    theme,
    size: { width: width + AROUND.width, height: height + AROUND.height },
  });
  await workbench.explorer.doubleClick("model.onnx");
  await workbench.palette.run("View: Toggle Primary Side Bar Visibility");
  await workbench.visualizer().mapDrawn();
  return workbench;
}

/** A model of the corpus with the input of its reference maps. */
function ofCorpus(model: string, arrays: string): Workspace {
  const workspace = Workspace.empty();
  const corpus = path.join(repository, "test", "corpus");
  cpSync(path.join(corpus, model), workspace.path("model.onnx"));
  cpSync(path.join(corpus, arrays), workspace.path("input.npz"));
  return workspace.write(
    "model.attention.json",
    JSON.stringify({ version: 1, inputs: { file: "input.npz" } }, null, 2),
  );
}

describe.each([
  { theme: "Default Dark Modern", name: "dark" },
  { theme: "Default Light Modern", name: "light" },
  { theme: "Default High Contrast", name: "hc" },
])("in $theme", ({ theme, name }) => {
  test("the example at 1600 × 1000", async () => {
    await picture(await opened(Workspace.withExample(), { theme }), `view-${name}`);
  });
});

test.each([
  { width: 1200, height: 800 },
  { width: 800, height: 800 },
  { width: 480, height: 800 },
])("the example, $width px wide", async ({ width, height }) => {
  await picture(await opened(Workspace.withExample(), { width, height }), `view-${width}`);
});

test.each(systems)("%s", async (name) => {
  await picture(await opened(Workspace.withExample(name)), `system-${name}`);
});

test("all heads of a site side by side", async () => {
  const workbench = await opened(Workspace.withExample());
  await workbench.palette.run("Attention: Toggle All Heads Side by Side");
  await expect.poll(() => workbench.visualizer().title.textContent()).toMatch(/all 4 heads/);
  await picture(workbench, "view-all-heads");
});

test("an encoder of twelve layers of twelve heads", async () => {
  await picture(await opened(ofCorpus("bert-torchscript17-eager.onnx", "bert.npz")), "view-12x12");
});

test("a decoder with four sites, self and cross, masked", async () => {
  const workspace = ofCorpus("transformer-decoder-dynamo18.onnx", "transformer-decoder.npz");
  await picture(await opened(workspace), "view-four-sites");
});
