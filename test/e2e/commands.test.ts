// Every command of the view by its effect: another head in the title, other colours in the map, a list, a label.
import sharp from "sharp";
import { expect, test } from "vitest";
import { openVscode } from "./harness/vscode";
import { Workspace } from "./harness/workspace";
import type { Visualizer } from "./pages/visualizer";
import type { Workbench } from "./pages/workbench";

async function opened(): Promise<{ workbench: Workbench; visualizer: Visualizer }> {
  const workbench = await openVscode(Workspace.withExample());
  await workbench.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await workbench.explorer.doubleClick("model.onnx");
  const visualizer = workbench.visualizer();
  await visualizer.drawn();
  return { workbench, visualizer };
}

const title = (visualizer: Visualizer) => expect.poll(() => visualizer.title.textContent());

test("heads and layers are stepped through, chosen from a list, and averaged", async () => {
  const { workbench, visualizer } = await opened();
  await workbench.palette.run("Attention: Next Head");
  await title(visualizer).toMatch(/0 · head 1/);
  await workbench.palette.run("Attention: Next Layer");
  await title(visualizer).toMatch(/1 · head 1/);
  await workbench.palette.run("Attention: Previous Head");
  await title(visualizer).toMatch(/1 · head 0/);
  await workbench.palette.run("Attention: Previous Layer");
  await title(visualizer).toMatch(/0 · head 0/);

  await workbench.palette.run("Attention: Go to Head…");
  await workbench.quickInput.asked("Go to Head of model.onnx");
  const entries = await workbench.quickInput.entries();
  expect(entries).toHaveLength(8);
  expect(entries[0]).toMatch(
    /L0H0.*H \/ ln n 0\.\d\d · conf\. 0\.\d\d · sink 0\.\d\d · dist\. \d+\.\d\d tokens/,
  );
  await workbench.screenshot("go-to-head");
  await workbench.quickInput.choose("Go to Head", "L1H3");
  await title(visualizer).toMatch(/1 · head 3/);

  await workbench.palette.run("Attention: Toggle Mean of Heads");
  await title(visualizer).toMatch(/mean/i);
  await workbench.palette.run("Attention: Toggle Mean of Heads");
  await title(visualizer).toMatch(/1 · head 3/);
  workbench.expectHealthy();
});

test("metric and colour map are changed by lists; the map is drawn in the colours that are pointed at", async () => {
  const { workbench, visualizer } = await opened();
  const before = await meanColour(visualizer);
  await workbench.palette.run("Attention: Change Colour Map…");
  await workbench.quickInput.choose("Colour Map", "viridis");
  await expect.poll(() => meanColour(visualizer)).not.toEqual(before);

  await workbench.palette.run("Attention: Change Metric…");
  await workbench.quickInput.choose("Metric of the Heads", "Gini");
  await expect.poll(() => visualizer.pane("Overview").textContent()).toMatch(/gini/i);
  await workbench.screenshot("metric");

  await workbench.palette.run("Attention: Change Metric…");
  await workbench.quickInput.asked("Metric of the Heads");
  expect(await workbench.quickInput.entries()).toContainEqual(expect.stringMatching(/check.*Gini|Gini/));
  await workbench.page.keyboard.press("Escape");
  workbench.expectHealthy();
});

/** The mean colour of the map, which a colour map decides. */
async function meanColour(visualizer: Visualizer): Promise<number[]> {
  const { channels } = await sharp(await visualizer.map.screenshot()).stats();
  return channels.slice(0, 3).map(({ mean }) => Math.round(mean));
}

test("a view state that was copied brings the view back to where it was", async () => {
  const { workbench, visualizer } = await opened();
  await workbench.palette.run("Attention: Go to Head…");
  await workbench.quickInput.choose("Go to Head", "L1H2");
  await title(visualizer).toMatch(/1 · head 2/);
  await workbench.palette.run("Attention: Copy View State");
  await expect.poll(() => workbench.clipboard()).toContain('"selection"');
  expect(JSON.parse(await workbench.clipboard())).toMatchObject({ selection: { site: 1, head: 2 } });

  await workbench.palette.run("Attention: Previous Layer");
  await title(visualizer).toMatch(/0 · head 2/);
  await workbench.palette.run("Attention: Open View State…");
  await workbench.quickInput.asked("Open View State in model.onnx");
  await workbench.page.keyboard.press("Enter");
  await title(visualizer).toMatch(/1 · head 2/);
  workbench.expectHealthy();
});

test("the engine is restarted, the log is shown, the providers are listed", async () => {
  const { workbench, visualizer } = await opened();
  const before = workbench.engines();
  await workbench.palette.run("Attention: Restart Engine");
  await expect.poll(() => workbench.engines()).not.toEqual(before);
  await visualizer.drawn();
  await expect.poll(() => workbench.engines()).toHaveLength(1);

  await workbench.palette.run("Attention: Select Provider");
  await workbench.quickInput.asked("Provider that runs the models");
  await expect
    .poll(() => workbench.quickInput.entries(), { timeout: 30_000 })
    .toContainEqual(expect.stringContaining("CPU"));
  await workbench.page.keyboard.press("Escape");

  await workbench.palette.run("Attention: Show Log");
  const panel = workbench.page.locator(".part.panel");
  await panel.locator(".view-line", { hasText: "[info]" }).first().waitFor();
  workbench.expectHealthy();
});

test("a value and the command line are copied", async () => {
  const { workbench, visualizer } = await opened();
  await visualizer.map.click();
  await workbench.palette.run("Attention: Copy Value");
  await expect.poll(() => workbench.clipboard()).toMatch(/\d\.\d|masked|<0\.001/);

  await workbench.palette.run("Attention: Copy as Command Line");
  await expect
    .poll(() => workbench.clipboard())
    .toMatch(/^npx attention-lens figure model\.onnx --view heatmap.* --layers 0 --heads 0/);
  workbench.expectHealthy();
});
