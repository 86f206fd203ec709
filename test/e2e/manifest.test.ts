// A manifest that is wrong in part: the view says so, and shows what is right.
import { expect, test } from "vitest";
import { openVscode } from "./harness/vscode";
import { Workspace } from "./harness/workspace";

test("an unknown key in a manifest is named, and the model opens with the rest of it", async () => {
  const workspace = Workspace.withExample();
  const manifest = JSON.parse(workspace.read("model.attention.json").toString()) as object;
  workspace.write("model.attention.json", JSON.stringify({ ...manifest, colour: "red" }));
  const workbench = await openVscode(workspace);
  await workbench.explorer.doubleClick("model.onnx");

  const visualizer = workbench.visualizer();
  await visualizer.drawn();
  await visualizer.frame
    .getByText(/colour/)
    .first()
    .waitFor({ state: "attached" });
  expect(await visualizer.pane("Toolbar").textContent()).toContain("recorded.npz");
  await workbench.screenshot("manifest-in-part");
  workbench.expectHealthy();
});
