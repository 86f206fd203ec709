// The commands that change how the view looks, by palette and by key: each by what is seen afterwards.
import { expect, test } from "vitest";
import { openVscode } from "./harness/vscode";
import { Workspace } from "./harness/workspace";
import type { Visualizer } from "./pages/visualizer";
import type { Workbench } from "./pages/workbench";

class View {
  constructor(
    readonly workbench: Workbench,
    readonly visualizer: Visualizer,
  ) {}

  static async ofExample(): Promise<View> {
    const workbench = await openVscode(Workspace.withExample());
    await workbench.explorer.doubleClick("model.onnx");
    const visualizer = workbench.visualizer();
    await visualizer.drawn();
    return new View(workbench, visualizer);
  }

  run(command: string): Promise<void> {
    return this.workbench.palette.run(`Attention: ${command}`);
  }

  /** Give a key to the view, which then has the keyboard. */
  async press(key: string): Promise<void> {
    await this.visualizer.title.click();
    await this.workbench.page.keyboard.press(key);
  }

  title = () => expect.poll(() => this.visualizer.title.textContent());
  detailText = () => this.visualizer.pane("Heatmap").locator(".detail").textContent();
  detail = () => expect.poll(this.detailText);
  colours = () =>
    expect.poll(() =>
      this.visualizer
        .pane("Toolbar")
        .getByRole("button", { name: /^Colours/ })
        .getAttribute("aria-label"),
    );
}

test("back and forward go through the heads that were looked at; all heads are shown side by side", async () => {
  const view = await View.ofExample();
  await view.run("Next Layer");
  await view.title().toMatch(/1 · head 0/);
  await view.run("Next Head");
  await view.title().toMatch(/1 · head 1/);
  await view.run("Go Back to the Head Before");
  await view.title().toMatch(/1 · head 0/);
  await view.press("Alt+ArrowLeft");
  await view.title().toMatch(/0 · head 0/);
  await view.run("Go Forward to the Next Head in History");
  await view.title().toMatch(/1 · head 0/);
  await view.press("Alt+ArrowRight");
  await view.title().toMatch(/1 · head 1/);
  await view.press("Alt+ArrowLeft");
  await view.press("Alt+ArrowLeft");
  await view.title().toMatch(/0 · head 0/);

  await view.run("Toggle All Heads Side by Side");
  await view.title().toMatch(/all 4 heads/);
  await expect.poll(() => view.visualizer.pane("Heatmap").getByRole("img").count()).toBe(1);
  await expect
    .poll(() => view.visualizer.pane("Heatmap").getByRole("img").getAttribute("aria-label"))
    .toMatch(/4 heads|heads side by side/);
  await view.workbench.screenshot("all-heads");
  await view.press("a");
  await view.title().toMatch(/head 0/);
  view.workbench.expectHealthy();
});

test("metric, colour map and scale go to the next one; the map is zoomed in, out and fitted", async () => {
  const view = await View.ofExample();
  const overview = view.visualizer.pane("Overview");
  const before = await overview.textContent();
  await view.run("Next Metric");
  await expect.poll(() => overview.textContent()).not.toBe(before);

  await view.colours().toMatch(/magma.*linear/);
  await view.run("Next Colour Map");
  await view.colours().toMatch(/viridis.*linear/);
  await view.press("k");
  await view.colours().toMatch(/inferno.*linear/);
  await view.run("Next Colour Scale");
  await view.colours().toMatch(/inferno.*(√|square root)/);
  await view.press("s");
  await view.colours().toMatch(/inferno.*log/);

  await view.detail().not.toMatch(/queries \d+–\d+/);
  await view.run("Zoom In");
  await view.detail().toMatch(/queries \d+–\d+, keys \d+–\d+/);
  const once = await view.detailText();
  await view.press("=");
  await view.detail().not.toBe(once);
  await view.run("Zoom Out");
  await view.detail().toBe(once);
  await view.run("Zoom to Fit");
  await view.detail().not.toMatch(/queries \d+–\d+/);
  await view.press("=");
  await view.detail().toMatch(/queries/);
  await view.press("0");
  await view.detail().not.toMatch(/queries \d+–\d+/);
  view.workbench.expectHealthy();
});

test("panes take the keyboard in turn, and back again", async () => {
  const view = await View.ofExample();
  const focused = () =>
    view.visualizer.frame
      .locator("section:focus-within")
      .first()
      .getAttribute("aria-label", { timeout: 2000 });
  await view.run("Focus Next Pane");
  const first = await focused();
  await view.run("Focus Next Pane");
  await expect.poll(focused).not.toBe(first);
  await view.run("Focus Previous Pane");
  await expect.poll(focused).toBe(first);
  view.workbench.expectHealthy();
});

test("the table of a pane, the map of the keyboard and the search lie over the view, and leave by Escape; Go to Source marks the line", async () => {
  const view = await View.ofExample();
  const dialog = view.visualizer.frame.getByRole("dialog");
  await view.press("Shift+?");
  await expect.poll(() => dialog.textContent()).toMatch(/previous head/);
  await view.workbench.screenshot("keys");
  await view.workbench.page.keyboard.press("Escape");
  await expect.poll(() => dialog.count()).toBe(0);
  await view.run("Show Keyboard Shortcuts");
  await expect.poll(() => dialog.textContent()).toMatch(/previous head/);
  await view.workbench.page.keyboard.press("Escape");

  await view.run("Find Head or Token");
  await dialog.waitFor();
  await view.workbench.page.keyboard.type("L1H3");
  await expect.poll(() => dialog.getByRole("option").first().textContent()).toContain("decoder.1 · head 3");
  await view.workbench.page.keyboard.press("Enter");
  await view.title().toMatch(/1 · head 3/);

  await view.visualizer.map.click();
  await view.run("Show Table of Figures");
  await expect.poll(() => view.visualizer.frame.getByRole("grid").count()).toBeGreaterThan(0);
  await view.workbench.screenshot("table");

  await view.workbench.page.keyboard.press("Escape");
  await view.run("Go to Source");
  await expect.poll(() => view.workbench.source("model.py").markedLine()).toContain("softmax(dim=-1)");
  view.workbench.expectHealthy();
});
