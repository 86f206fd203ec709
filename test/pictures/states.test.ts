// Every state of the view: what a person sees while, and instead of, a map.
import { cpSync, readFileSync } from "node:fs";
import path from "node:path";
import { unzipSync, zipSync } from "fflate";
import { expect, test } from "vitest";
import { withOtherWeights } from "../e2e/harness/models";
import { openVscode, type VscodeOptions } from "../e2e/harness/vscode";
import { repository, Workspace } from "../e2e/harness/workspace";
import type { Workbench } from "../e2e/pages/workbench";
import { slowRun, transformer } from "../../bench/models";
import { picture } from "./picture";

const corpus = path.join(repository, "test", "corpus");
const size = { width: 1048, height: 815 };

async function started(workspace: Workspace, options: VscodeOptions = {}): Promise<Workbench> {
  const workbench = await openVscode(workspace, { size, ...options });
  return workbench;
}

test("opening", async () => {
  const workspace = Workspace.empty();
  cpSync(slowRun(workspace.path("built"), 400).file, workspace.path("model.onnx"));
  const workbench = await started(workspace);
  await workbench.explorer.doubleClick("model.onnx");
  await workbench.visualizer().frame.getByText("Run").first().waitFor();
  await picture(workbench, "state-opening");
  await workbench.visualizer().button("Cancel").click();
});

test("a large run, planned", async () => {
  const workspace = Workspace.empty();
  const size = { layers: 12, heads: 12, width: 192, tokens: 512 };
  cpSync(transformer(workspace.path("built"), size).file, workspace.path("model.onnx"));
  const workbench = await started(workspace, { settings: { "attentionLens.run.askAbove": 100 } });
  await workbench.explorer.doubleClick("model.onnx");
  await workbench.visualizer().button("Run").waitFor();
  await picture(workbench, "state-plan");
  await workbench.visualizer().button("Run").click();
  await workbench.visualizer().mapDrawn();
});

test("an error", async () => {
  const workspace = Workspace.withExample();
  workspace.write("model.onnx", workspace.read("model.onnx").subarray(0, 5000));
  const workbench = await started(workspace);
  await workbench.explorer.doubleClick("model.onnx");
  await workbench.visualizer().error.waitFor();
  await picture(workbench, "state-error");
});

test("no attention found", async () => {
  const workbench = await started(
    Workspace.empty().write("model.onnx", readFileSync(path.join(corpus, "blind-mixture-density.onnx"))),
  );
  await workbench.explorer.doubleClick("model.onnx");
  await workbench.visualizer().frame.getByRole("heading").first().waitFor();
  await picture(workbench, "state-none-found");
});

test("a workspace that is not trusted", async () => {
  const workbench = await started(Workspace.withExample(), { trusted: false });
  await workbench.trust.answer(false);
  await workbench.explorer.doubleClick("model.onnx");
  await workbench.visualizer().frame.getByText("This workspace is not trusted").waitFor();
  await picture(workbench, "state-restricted");
});

test("a model that is being written", async () => {
  const workspace = Workspace.withExample();
  const workbench = await started(workspace);
  await workbench.explorer.doubleClick("model.onnx");
  await workbench.visualizer().mapDrawn();
  workspace.write("model.onnx", withOtherWeights(workspace.read("model.onnx")).subarray(0, 700_000));
  await workbench.visualizer().frame.getByText("model changed, reloading").waitFor();
  await picture(workbench, "state-stale");
});

test("a provider that is not there", async () => {
  const workbench = await started(Workspace.withExample(), {
    settings: { "attentionLens.provider": "cuda" },
  });
  await workbench.explorer.doubleClick("model.onnx");
  await workbench.visualizer().mapDrawn();
  await picture(workbench, "state-fallback");
});

test("rows that hold NaN", async () => {
  const workspace = Workspace.withExample();
  const arrays = unzipSync(workspace.read("recorded.npz"));
  const name = "episode_000/returns_to_go.npy";
  const returns = Buffer.from(arrays[name]!);
  // The third return: its row and the rows that see it are flagged.
  returns.writeFloatLE(NaN, 128 + 8);
  arrays[name] = returns;
  workspace.write("recorded.npz", zipSync(arrays));
  const workbench = await started(workspace);
  await workbench.explorer.doubleClick("model.onnx");
  await workbench.visualizer().map.waitFor();
  await picture(workbench, "state-flagged");
});

test("the window with the source beside it", async () => {
  const workbench = await started(Workspace.withExample(), {
    size: { width: 1600, height: 900 },
    settings: { "editor.minimap.enabled": false, "editor.stickyScroll.enabled": false },
  });
  await workbench.explorer.doubleClick("model.onnx");
  await workbench.visualizer().mapDrawn();
  await workbench.palette.run("View: Toggle Primary Side Bar Visibility");
  await workbench.palette.run("Attention: Go to Source");
  await expect.poll(() => workbench.source("model.py").markedLine()).toContain("softmax(dim=-1)");
  await workbench.visualizer().mapDrawn();
  await picture(workbench, "first-screen", "window");
});
