// The three ways in: the Explorer's menu, a double click, the command palette.
import { expect, test } from "vitest";
import { openVscode } from "./harness/vscode";
import { Workspace } from "./harness/workspace";

test("a right-click on a model and Visualize Attention shows map, entropy and tokens", async () => {
  const workbench = await openVscode(Workspace.withExample());

  await workbench.explorer.choose("model.onnx", "Visualize Attention");

  const visualizer = workbench.visualizer();
  await visualizer.drawn();
  expect(await visualizer.map.getAttribute("aria-label")).toMatch(/Attention of .*: \d+ queries by \d+ keys/);
  expect(await visualizer.provider.getAttribute("aria-label")).toMatch(/^Provider (CPU|WebGPU|CUDA)/);
  expect(workbench.engines()).toHaveLength(1);
  expect(await workbench.notifications.texts()).toEqual([]);
  await workbench.screenshot("right-click");
  workbench.expectHealthy();
});

test("a double click on a model opens the same view as an editor, and its tab ends the engine", async () => {
  const workbench = await openVscode(Workspace.withExample());

  await workbench.explorer.doubleClick("model.onnx");
  await workbench.visualizer().drawn();
  expect(workbench.engines()).toHaveLength(1);

  await workbench.closeTab("model.onnx");
  await expect.poll(() => workbench.engines(), { timeout: 5000 }).toEqual([]);
  workbench.expectHealthy();
});

test("the palette opens a model beside its source, and its commands act on the view", async () => {
  const workbench = await openVscode(Workspace.withExample());
  await workbench.explorer.doubleClick("model.py");
  await workbench.tab("model.py").waitFor();

  await workbench.palette.run("Attention: Visualize Attention");
  const visualizer = workbench.visualizer();
  await visualizer.drawn();
  expect(await workbench.tab("model.py").isVisible(), "the source stays beside it").toBe(true);

  const first = await visualizer.title.textContent();
  await workbench.palette.run("Attention: Next Head");
  await expect.poll(() => visualizer.title.textContent()).not.toBe(first);
  await workbench.palette.run("Attention: Previous Head");
  await expect.poll(() => visualizer.title.textContent()).toBe(first);
  await workbench.palette.run("Attention: Toggle Mean of Heads");
  await expect.poll(() => visualizer.title.textContent()).toMatch(/mean/i);
  await workbench.screenshot("beside-its-source");
  workbench.expectHealthy();
});
