// The examples, each opened by a right-click: its sites with their shapes, the names of its segments, its steps.
import { cpSync, readdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { openVscode } from "./harness/vscode";
import { repository, Workspace } from "./harness/workspace";

interface Example {
  readonly name: string;
  /** Parts of the Overview: components with the shape of their sites. */
  readonly sites: readonly string[];
  /** Segments of the selected site, as the Tokens pane names them. */
  readonly segments: readonly string[];
  /** The steps as the toolbar counts them, or null where there are none. */
  readonly steps: RegExp | null;
  readonly frames: number;
}

const examples: readonly Example[] = [
  {
    name: "algorithm-distillation",
    sites: ["240×240 self"],
    segments: ["transition", "query"],
    steps: null,
    frames: 0,
  },
  { name: "ego-attention-dqn", sites: ["1×15"], segments: ["ego", "other"], steps: /\/ \d+/, frames: 1 },
  {
    name: "player-encoder",
    sites: ["3×4 cross", "24×23 cross", "48×48 self", "38×38 self", "38×48 cross"],
    segments: [],
    steps: /\/ \d+/,
    frames: 0,
  },
];

test.each(examples)("$name", async ({ name, sites, segments, steps, frames }) => {
  const workspace = Workspace.empty();
  const folder = path.join(repository, "examples", name);
  const needed = readdirSync(folder).filter((file) =>
    /^(model\.(onnx|py|attention\.json)|recorded.*|.*\.npz)$/.test(file),
  );
  for (const file of needed) cpSync(path.join(folder, file), workspace.path(file));
  const workbench = await openVscode(workspace, { size: { width: 1600, height: 1000 } });
  await workbench.explorer.choose("model.onnx", "Visualize Attention");
  const visualizer = workbench.visualizer();
  await visualizer.mapDrawn();
  const overview = (await visualizer.pane("Overview").textContent()) ?? "";
  for (const site of sites) expect(overview).toContain(site);
  const tokens = (await visualizer.pane("Tokens").textContent()) ?? "";
  for (const segment of segments) expect(tokens).toContain(segment);
  const shown = visualizer.pane("Toolbar").locator("attention-steps output");
  if (steps === null) expect(await shown.count()).toBe(0);
  else expect(await shown.first().textContent()).toMatch(steps);
  if (frames > 0) await expect.poll(() => visualizer.pane("Frames").locator("img").count()).toBe(frames);
  await workbench.screenshot(`example-${name}`);
  if (steps !== null) {
    const before = await visualizer.figures();
    await visualizer.title.click();
    await workbench.page.keyboard.press(".");
    await expect.poll(() => shown.first().textContent()).toMatch(/^1 \//);
    await expect.poll(() => visualizer.figures()).not.toBe(before);
  }
  workbench.expectHealthy();
});
