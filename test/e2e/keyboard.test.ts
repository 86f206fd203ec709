// With the keyboard alone: open a model, choose a head and a query, read a value, change the metric, export a figure.
import { existsSync } from "node:fs";
import sharp from "sharp";
import { expect, test } from "vitest";
import { openVscode } from "./harness/vscode";
import { Workspace } from "./harness/workspace";

test("open, head, query, value, metric, export", async () => {
  const workspace = Workspace.withExample();
  const workbench = await openVscode(workspace);
  const { keyboard } = workbench.page;
  await workbench.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);

  await keyboard.press("Control+P");
  await workbench.quickInput.field.fill("model.onnx");
  await workbench.quickInput.rows.first().waitFor();
  await keyboard.press("Enter");
  const visualizer = workbench.visualizer();
  await visualizer.drawn();
  expect(await workbench.viewHasKeyboard(), "the view has the keyboard once it is open").toBe(true);

  await keyboard.press("]");
  await keyboard.press("]");
  await expect.poll(() => visualizer.title.textContent()).toMatch(/0 · head 2/);
  await keyboard.press("Shift+]");
  await expect.poll(() => visualizer.title.textContent()).toMatch(/1 · head 2/);

  // F6 goes from pane to pane; the map takes the arrows.
  for (let pane = 0; pane < 8 && !(await visualizer.hasFocus("Heatmap")); pane++) {
    await keyboard.press("F6");
    // The key goes to VS Code, which tells the view.
    await workbench.page.waitForTimeout(500);
  }
  expect(await visualizer.hasFocus("Heatmap"), "F6 reaches the map").toBe(true);
  for (const key of ["Home", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight", "Enter"])
    await keyboard.press(key);
  await workbench.palette.runByKeyboard("Attention: Copy Value");
  await expect.poll(() => workbench.clipboard()).toMatch(/\d/);
  await workbench.screenshot("keyboard");

  await keyboard.press("m");
  await expect.poll(() => visualizer.pane("Overview").textContent()).not.toMatch(/H \/ ln n/);

  await keyboard.press("e");
  await workbench.quickInput.choose("Export Figure of model.onnx", "Head map of L1H2");
  await workbench.quickInput.choose("Export Head map", "PNG");
  await workbench.quickInput.saveAs("Export Head map", workspace.path("by-keyboard.png"));
  await workbench.notifications.waitFor("Saved by-keyboard.png", 30_000);
  expect(existsSync(workspace.path("by-keyboard.png"))).toBe(true);
  expect((await sharp(workspace.path("by-keyboard.png")).stats()).entropy).toBeGreaterThan(0.5);
  workbench.expectHealthy();
});

test("a key that follows at once on the click that makes the view the active editor is heard", async () => {
  const workbench = await openVscode(Workspace.withExample());
  await workbench.explorer.doubleClick("model.onnx");
  const visualizer = workbench.visualizer();
  await visualizer.mapDrawn();
  await workbench.palette.run("Attention: Go to Source");
  await expect.poll(() => workbench.source("model.py").markedLine()).toContain("softmax(dim=-1)");
  for (const head of [1, 2, 3]) {
    await workbench.page.locator(".monaco-editor .view-lines").first().click();
    await workbench.page.waitForTimeout(500);
    await visualizer.map.click({ position: { x: 60, y: 60 } });
    await workbench.page.keyboard.press("]");
    await expect.poll(() => visualizer.title.textContent()).toContain(`head ${head}`);
  }
  workbench.expectHealthy();
});
