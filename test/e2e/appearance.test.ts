// The view in other themes and at other widths: pictures for people to look at, and what must hold in each.
import { describe, expect, test } from "vitest";
import { openVscode } from "./harness/vscode";
import { Workspace } from "./harness/workspace";

describe.each([
  { theme: "Default Light Modern", file: "theme-light" },
  { theme: "Default High Contrast", file: "theme-high-contrast" },
])("in $theme", ({ theme, file }) => {
  test("the three views are drawn, wide and narrow", async () => {
    const workbench = await openVscode(Workspace.withExample(), { theme });
    await workbench.explorer.doubleClick("model.onnx");
    const visualizer = workbench.visualizer();
    await visualizer.drawn();
    await workbench.screenshot(file);

    // The view keeps about 480 px.
    await workbench.page.setViewportSize({ width: 820, height: 900 });
    await visualizer.drawn();
    await workbench.screenshot(`${file}-narrow`);
    await visualizer.drawnBehindTabs();
    const overflow = await visualizer.frame.locator("attention-app").evaluate((app) => {
      const page = app.ownerDocument.documentElement;
      return page.scrollWidth - page.clientWidth;
    });
    expect(overflow, "px that stick out").toBeLessThanOrEqual(0);
    workbench.expectHealthy();
  });
});
