// Views that are hidden, shared, reloaded, opened again and again, or opened from awkward places.
import { expect, test } from "vitest";
import { openHandles, residentBytes } from "./harness/processes";
import { withOtherWeights } from "./harness/models";
import { openVscode } from "./harness/vscode";
import { Workspace } from "./harness/workspace";

test("a view that was hidden comes back with its head, and two views share one engine", async () => {
  const workbench = await openVscode(Workspace.withExample());
  await workbench.explorer.doubleClick("model.onnx");
  const visualizer = workbench.visualizer();
  await visualizer.drawn();
  await visualizer.head("layer 1 head 2").click();
  await expect.poll(() => visualizer.title.textContent()).toMatch(/1 · head 2/);

  await workbench.explorer.doubleClick("model.py");
  await workbench.page.locator(".view-lines").waitFor();
  await workbench.tab("model.onnx").click();
  await visualizer.drawn();
  expect(await visualizer.title.textContent()).toMatch(/1 · head 2/);

  await workbench.palette.run("View: Split Editor Right");
  await expect.poll(() => workbench.tab("model.onnx").count()).toBe(2);
  await workbench.visualizer(1).drawn();
  expect(workbench.engines(), "one engine for both").toHaveLength(1);
  workbench.expectHealthy();
});

test("a reloaded window shows the model again", async () => {
  const workbench = await openVscode(Workspace.withExample());
  await workbench.explorer.doubleClick("model.onnx");
  await workbench.visualizer().drawn();
  await workbench.visualizer().head("layer 0 head 3").click();
  await expect.poll(() => workbench.visualizer().title.textContent()).toMatch(/head 3/);

  // VS Code writes its state down every few seconds.
  await workbench.page.waitForTimeout(8000);
  await workbench.reload();
  await workbench.visualizer().drawn();
  expect(await workbench.visualizer().title.textContent()).toMatch(/head 3/);
});

test("opening and closing a model fifty times leaves nothing behind", { timeout: 600_000 }, async () => {
  const workbench = await openVscode(Workspace.withExample());
  const openAndClose = async () => {
    await workbench.explorer.doubleClick("model.onnx");
    await workbench.visualizer().drawn();
    await workbench.closeTab("model.onnx");
    await expect.poll(() => workbench.engines(), { timeout: 10_000 }).toEqual([]);
  };
  for (let warm = 0; warm < 5; warm++) await openAndClose();
  const handles = openHandles(workbench.host);
  const memory = residentBytes(workbench.host);
  for (let again = 0; again < 45; again++) await openAndClose();

  const grown = (residentBytes(workbench.host) ?? 0) - (memory ?? 0);
  expect(grown, "bytes that the extension host has grown by").toBeLessThan(60e6);

  // The pipes of the last engine close a moment after it.
  if (handles !== null)
    await expect
      .poll(() => openHandles(workbench.host), { timeout: 10_000 })
      .toBeLessThanOrEqual(handles + 2);
  expect(await workbench.page.locator("iframe.webview").count(), "webviews").toBe(0);
  expect(await workbench.notifications.texts()).toEqual([]);
  workbench.expectHealthy();
});

test("models open and reload from long paths, with spaces, brackets, signs and letters of other scripts", async () => {
  const workspace = Workspace.withExample();
  const long = { folder: "f".repeat(150), name: `${"n".repeat(140)}.onnx` };
  const names = ["a model (1).onnx", "[x] {y} #1 50%.onnx", "Über-注意力.onnx"];
  for (const name of [...names, `${long.folder}/${long.name}`]) workspace.copyModel(name);
  expect(workspace.path(`${long.folder}/${long.name}`).length).toBeGreaterThan(300);
  const workbench = await openVscode(workspace);

  await workbench.explorer.expand(long.folder);
  for (const name of [...names, long.name]) {
    const file = name === long.name ? `${long.folder}/${name}` : name;
    await workbench.explorer.doubleClick(name);
    const visualizer = workbench.visualizer();
    await visualizer.drawn();
    const before = await visualizer.figures();
    workspace.write(file, withOtherWeights(workspace.read(file)));
    await expect.poll(() => visualizer.figures(), { timeout: 30_000 }).not.toBe(before);
    await visualizer.drawn();
    await workbench.closeTab(name);
  }
  expect(await workbench.notifications.texts()).toEqual([]);
  workbench.expectHealthy();
});
