// A model that is written while it is open: the last good view stays, then the new one comes by itself, once.
import { expect, test } from "vitest";
import { readModel } from "../../src/onnx/read";
import { bytesSource } from "../../src/onnx/source";
import { openVscode } from "./harness/vscode";
import { Workspace } from "./harness/workspace";

/** The same model with other weights: the biases of the query projections have the other sign. */
function withOtherWeights(model: Buffer): Buffer {
  const other = Buffer.from(model);
  const { initializers } = readModel(bytesSource(model)).graph;
  const biases = [...initializers.values()].filter(({ name }) => /attention\.query\.bias$/.test(name));
  expect(biases.length, "biases of query projections").toBeGreaterThan(0);
  for (const { data } of biases) {
    for (let at = data!.offset + 3; at < data!.offset + data!.length; at += 4) {
      other.writeUInt8(other.readUInt8(at) ^ 0x80, at);
    }
  }
  return other;
}

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
  expect(workbench.engines()).toHaveLength(1);
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
