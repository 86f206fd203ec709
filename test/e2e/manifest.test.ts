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

test("five faults are five problems at their lines, and are gone when they are mended", async () => {
  const workspace = Workspace.withExample();
  const good = workspace.read("model.attention.json").toString();
  const faulty = `{
  "version": 1,
  "titel": "Decision transformer",
  "inputs": { "file": "recordings.npz" },
  "source": "modell.py",
  "components": [{ "name": "decoder", "match": "block.*" }],
  "defaults": { "colours": "mauve" }
}
`;
  workspace.write("model.attention.json", faulty);
  const workbench = await openVscode(workspace);
  await workbench.explorer.doubleClick("model.onnx");
  await workbench.visualizer().drawn();

  const rows = (await workbench.problems()).filter({ hasText: "Attention Lens" });
  await expect.poll(() => rows.count(), { timeout: 30_000 }).toBe(5);
  const texts = (await rows.allTextContents()).join("\n");
  for (const [words, line] of [
    ["Did you mean “title”?", 3],
    ["There is no file recordings.npz", 4],
    ["There is no file modell.py", 5],
    ["block.* matches no site", 6],
    ["It should be one of magma", 7],
  ] as const) {
    expect(texts).toContain(words);
    expect(texts).toContain(`[Ln ${line},`);
  }
  await workbench.screenshot("manifest-problems");

  workspace.write("model.attention.json", good);
  await expect.poll(() => rows.count(), { timeout: 30_000 }).toBe(0);
  workbench.expectHealthy();
});

test("Create Manifest writes a start, and asks before it writes over one", async () => {
  const workspace = Workspace.withExample().delete("model.attention.json");
  const workbench = await openVscode(workspace);
  await workbench.explorer.doubleClick("model.onnx");
  await workbench.visualizer().drawn();

  await workbench.palette.run("Attention: Create Manifest");
  await workbench.tab("model.attention.json").waitFor();
  const written = workspace.read("model.attention.json").toString();
  expect(written).toContain('"file": "recorded.npz"');
  expect(written).toContain("// Assumed");

  workspace.write("model.attention.json", written.replace('"version": 1', '"version": 1, "title": "Mine"'));
  await workbench.explorer.doubleClick("model.onnx");
  await workbench.palette.run("Attention: Create Manifest");
  const dialog = workbench.page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Open It" }).click();
  await dialog.waitFor({ state: "detached" });
  expect(workspace.read("model.attention.json").toString()).toContain('"title": "Mine"');
  workbench.expectHealthy();
});
