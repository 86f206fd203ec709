// The examples, each opened by a right-click: its sites with their shapes, the names of its segments, its steps.
import { expect, test } from "vitest";
import { openVscode } from "./harness/vscode";
import { Workspace } from "./harness/workspace";

interface Example {
  readonly name: string;
  /** Components with the shape of their sites, as the Overview heads them. */
  readonly sites: readonly string[];
  /** Segments of the site that is shown first, as the Tokens pane names them. */
  readonly segments: readonly string[];
  /** Number of the last step. */
  readonly lastStep: number;
  readonly cameras: readonly string[];
}

const examples: readonly Example[] = [
  {
    name: "algorithm-distillation",
    sites: ["transformer 240×240 self"],
    segments: ["history", "query"],
    lastStep: 19,
    cameras: ["room"],
  },
  {
    name: "ego-attention-dqn",
    sites: ["ego_attention 1×15 cross"],
    segments: ["driver", "vehicle"],
    lastStep: 9,
    cameras: ["road"],
  },
  {
    name: "player-encoder",
    sites: [
      ...["local_timestep_decoder 3×4 cross", "input_decoder 24×23 cross", "history_decoder 24×17 cross"],
      ...["state_transformer_kv_enc 48×48 self", "state_transformer_q_self 38×38 self"],
      "state_transformer_q_cross 38×48 cross",
    ],
    segments: [],
    lastStep: 27,
    cameras: [],
  },
  {
    name: "vla-pi0",
    sites: ["prefix 84×84 self", "action expert 9×93"],
    segments: ["base camera", "wrist camera", "instruction"],
    lastStep: 11,
    cameras: ["base", "wrist"],
  },
];

test.each(examples)("$name", async ({ name, sites, segments, lastStep, cameras }) => {
  const workbench = await openVscode(Workspace.withExample(name), { size: { width: 1600, height: 1000 } });
  await workbench.explorer.choose("model.onnx", "Visualize Attention");
  const visualizer = workbench.visualizer();
  await visualizer.mapDrawn();

  const overview = ((await visualizer.pane("Overview").textContent()) ?? "").replace(/\s+/g, " ");
  for (const site of sites) expect(overview).toContain(site);
  const tokens = (await visualizer.pane("Tokens").textContent()) ?? "";
  for (const segment of segments) expect(tokens).toContain(segment);
  const images = visualizer.frame.getByRole("region", { name: "Frames", exact: true }).getByRole("img");
  await expect.poll(() => images.count()).toBe(cameras.length);
  for (const [at, camera] of cameras.entries())
    expect(await images.nth(at).getAttribute("alt")).toContain(camera);
  await workbench.screenshot(`example-${name}`);

  const shown = visualizer.pane("Toolbar").locator("attention-steps output").first();
  const [place, last] = ((await shown.textContent()) ?? "").split("/").map((part) => parseInt(part, 10));
  expect(last).toBe(lastStep);
  const before = await visualizer.figures();
  await visualizer.title.click();
  await workbench.page.keyboard.press(place === last ? "," : ".");
  await expect
    .poll(() => shown.textContent())
    .toMatch(new RegExp(`^${place! + (place === last ? -1 : 1)} /`));
  await expect.poll(() => visualizer.figures()).not.toBe(before);
  expect(await workbench.notifications.texts()).toEqual([]);
  workbench.expectHealthy();
});
