// A model that is written while it is open: the last good view stays, then the new one comes by itself, once.
import { unzipSync, zipSync } from "fflate";
import { expect, test } from "vitest";
import { withOtherWeights } from "./harness/models";
import { openVscode } from "./harness/vscode";
import { Workspace } from "./harness/workspace";

test("a model that is exported again in pieces keeps its last view until it is whole", async () => {
  const workspace = Workspace.withExample();
  const workbench = await openVscode(workspace);
  await workbench.explorer.doubleClick("model.onnx");
  const visualizer = workbench.visualizer();
  await visualizer.drawn();
  const before = await visualizer.figures();

  const next = withOtherWeights(workspace.read("model.onnx"));
  workspace.write("model.onnx", next.subarray(0, 700_000));
  await visualizer.frame.getByText("model changed, reloading").waitFor();
  await visualizer.drawn();
  expect(await visualizer.figures(), "the last good view").toBe(before);
  await workbench.screenshot("model-changed");

  workspace.write("model.onnx", next);
  await expect.poll(() => visualizer.figures(), { timeout: 20_000 }).not.toBe(before);
  await visualizer.drawn();
  await expect.poll(() => visualizer.frame.getByText("model changed, reloading").count()).toBe(0);
  expect(await workbench.notifications.texts()).toEqual([]);
  // The engine of the view before is ended when the new one has answered.
  await expect.poll(() => workbench.engines()).toHaveLength(1);
  workbench.expectHealthy();
});

test("a model that is deleted stays in view, and is loaded when it is there again", async () => {
  const workspace = Workspace.withExample();
  const model = workspace.read("model.onnx");
  const workbench = await openVscode(workspace);
  await workbench.explorer.doubleClick("model.onnx");
  const visualizer = workbench.visualizer();
  await visualizer.drawn();
  const before = await visualizer.figures();

  workspace.delete("model.onnx");
  await visualizer.frame.getByText("was deleted or is being replaced").waitFor();
  await visualizer.drawn();

  workspace.write("model.onnx", withOtherWeights(model));
  await expect.poll(() => visualizer.figures(), { timeout: 20_000 }).not.toBe(before);
  await visualizer.drawn();
  workbench.expectHealthy();
});

test("a model that is exported again is captured on the same input, with the same selection", async () => {
  const workspace = Workspace.withExample();
  const workbench = await openVscode(workspace);
  await workbench.explorer.doubleClick("model.onnx");
  const visualizer = workbench.visualizer();
  await visualizer.drawn();
  await workbench.palette.run("Attention: Next Layer");
  await workbench.palette.run("Attention: Next Head");
  await expect.poll(() => visualizer.title.textContent()).toMatch(/1 · head 1/);
  const before = await visualizer.figures();

  workspace.write("model.onnx", withOtherWeights(workspace.read("model.onnx")));
  await expect.poll(() => visualizer.figures(), { timeout: 20_000 }).not.toBe(before);
  expect(await visualizer.title.textContent()).toMatch(/1 · head 1/);
  expect(await visualizer.pane("Toolbar").textContent()).toContain("recorded.npz");
  workbench.expectHealthy();
});

test("an input that is recorded again is captured again", async () => {
  const workspace = Workspace.withExample();
  const workbench = await openVscode(workspace);
  await workbench.explorer.doubleClick("model.onnx");
  const visualizer = workbench.visualizer();
  await visualizer.drawn();
  const before = await visualizer.figures();

  // The same arrays with the returns of the first steps of every episode replaced by zeros.
  const arrays = unzipSync(workspace.read("recorded.npz"));
  for (const name of Object.keys(arrays).filter((one) => one.endsWith("returns_to_go.npy")))
    arrays[name] = arrays[name]!.map((byte, at) => (at < 128 ? byte : 0));
  workspace.write("recorded.npz", zipSync(arrays));
  await expect.poll(() => visualizer.figures(), { timeout: 20_000 }).not.toBe(before);
  workbench.expectHealthy();
});
