// The example that the package brings, and the walkthrough. `ATTENTION_LENS_PICTURES=1` makes its pictures anew.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { openVscode } from "./harness/vscode";
import { repository, Workspace } from "./harness/workspace";
import type { Workbench } from "./pages/workbench";

/** Keep what the window shows as a picture of the walkthrough. */
async function picture(workbench: Workbench, name: string): Promise<void> {
  await workbench.page.waitForTimeout(500);
  await keep(await workbench.screenshot(`walkthrough-${name}`), name);
}

/** 8 bits a pixel: at most 200 KB. */
async function keep(file: string, name: string): Promise<void> {
  if (!process.env["ATTENTION_LENS_PICTURES"]) return;
  const folder = path.join(repository, "media", "walkthrough");
  mkdirSync(folder, { recursive: true });
  await sharp(file)
    .resize({ width: 1400, withoutEnlargement: true })
    // A browser without a screen leaves holes where it composes canvases: the ground of the editor fills them.
    .flatten({ background: "#1f1f1f" })
    .png({ palette: true, colours: 200, effort: 10 })
    .toFile(path.join(folder, `${name}.png`));
}

test("Open Example copies it, and shows source and model side by side", async () => {
  const workspace = Workspace.empty().write("notes.txt", "nothing");
  const workbench = await openVscode(workspace, {
    size: { width: 1400, height: 860 },
    settings: {
      "editor.minimap.enabled": false,
      "editor.fontSize": 12,
      "editor.stickyScroll.enabled": false,
    },
  });
  await workbench.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await workbench.palette.run("Attention: Open Example");
  await workbench.notifications.dialog.locator(".monaco-button", { hasText: "Copy to Workspace" }).click();
  await workbench.tab("model.py").waitFor();
  const visualizer = workbench.visualizer();
  await visualizer.mapDrawn();
  const manifest = readFileSync(workspace.path("attention-example/model.attention.json"), "utf8");
  expect(JSON.parse(manifest)).not.toHaveProperty("$schema");
  expect(await visualizer.pane("Toolbar").textContent()).toContain("recorded.npz");
  await workbench.palette.run("View: Toggle Primary Side Bar Visibility");
  await visualizer.mapDrawn();
  await picture(workbench, "open");

  await visualizer.title.click();
  await workbench.page.keyboard.press("g");
  await workbench.quickInput.asked("Go to Head of model.onnx");
  await workbench.quickInput.entries();
  await picture(workbench, "heads");
  await workbench.quickInput.choose("Go to Head", "L1H2");
  await expect.poll(() => visualizer.title.textContent()).toMatch(/1 · head 2/);

  await visualizer.title.click();
  await workbench.page.keyboard.press("F12");
  const source = workbench.source("model.py");
  await expect.poll(() => source.markedLine()).toContain("softmax(dim=-1)");
  await picture(workbench, "source");

  await workbench.page.keyboard.press("e");
  await workbench.quickInput.choose("Export Figure of model.onnx", "All heads of decoder.1");
  await workbench.quickInput.choose("Export All heads", "PNG");
  await workbench.quickInput.saveAs("Export All heads", workspace.path("heads.png"));
  await workbench.notifications.waitFor("Saved heads.png", 30_000);
  await keep(workspace.path("heads.png"), "export");
  expect(existsSync(workspace.path("heads.png"))).toBe(true);
  workbench.expectHealthy();
});

test("the walkthrough has four steps with pictures", async () => {
  const workbench = await openVscode(Workspace.withExample());
  await workbench.palette.run("Welcome: Open Walkthrough...");
  await workbench.quickInput.field.fill("Attention Lens");
  await workbench.page.keyboard.press("Enter");
  const steps = workbench.page.locator(".getting-started-step");
  await expect.poll(() => steps.count()).toBe(4);
  await expect
    .poll(() =>
      workbench.page
        .locator(".getting-started-media img")
        .first()
        .evaluate((image) => (image as HTMLImageElement).naturalWidth),
    )
    .toBeGreaterThan(600);
  await workbench.screenshot("walkthrough");
  workbench.expectHealthy();
});
