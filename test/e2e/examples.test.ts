// The examples, each opened by a right-click: its sites with their shapes, the names of its segments, its steps.
import { cpSync, existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { openVscode } from "./harness/vscode";
import { repository, Workspace } from "./harness/workspace";

interface Example {
  readonly name: string;
  /** Another model of the example than `model.onnx`. */
  readonly model?: string;
  /** Components with the shape of their sites, as the Overview heads them. */
  readonly sites: readonly string[];
  /** Segments of the site that is shown first, as the Tokens pane names them. */
  readonly segments: readonly string[];
  /** Heads of other sites, as they are spoken, with the segments of theirs. */
  readonly others?: Readonly<Record<string, readonly string[]>>;
  /** All steps lie in one run: what changes from step to step is the frame. */
  readonly inOneRun?: true;
  /** Number of the last step. */
  readonly lastStep: number;
  readonly cameras: readonly string[];
}

const examples: readonly Example[] = [
  {
    name: "decision-transformer",
    sites: ["decoder 17×17 self"],
    segments: ["return", "state", "action"],
    inOneRun: true,
    lastStep: 5,
    cameras: ["view"],
  },
  {
    name: "decision-transformer",
    model: "vit.onnx",
    sites: ["encoder 49×49 self", "decoder 17×17 self"],
    segments: ["cell"],
    others: { "decoder layer 0 head 1": ["return", "state", "action"] },
    inOneRun: true,
    lastStep: 5,
    cameras: ["view"],
  },
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
    segments: ["history latents", "null", "remembered turns"],
    others: {
      "local_timestep_decoder head 1": ["side"],
      "input_decoder head 1": ["latents", "private", "public", "previous", "field"],
      "state_transformer_kv_enc layer 1 head 3": ["latents"],
      "state_transformer_q_self layer 0 head 2": ["state", "moves", "reserve", "active", "extra", "future"],
      "state_transformer_q_cross layer 1 head 0": ["moves", "history latents"],
    },
    lastStep: 27,
    cameras: [],
  },
  {
    name: "vla-pi0",
    sites: ["prefix 84×84 self", "action expert 9×93"],
    segments: ["state", "action", "base camera"],
    others: { "prefix layer 2 head 7": ["base camera", "wrist camera", "instruction"] },
    lastStep: 11,
    cameras: ["base", "wrist"],
  },
];

/** With its other models too: its manifests name them. */
function wholeExample(name: string): Workspace {
  const workspace = Workspace.withExample(name);
  const folder = path.join(repository, "examples", name);
  for (const file of readdirSync(folder).filter((each) => /\.(onnx|npz|attention\.json|py)$/.test(each)))
    cpSync(path.join(folder, file), workspace.path(file));
  if (existsSync(path.join(folder, "checkpoints")))
    cpSync(path.join(folder, "checkpoints"), workspace.path("checkpoints"), { recursive: true });
  return workspace;
}

test.each(examples)(
  "$name $model",
  async ({ name, model = "model.onnx", sites, segments, others, inOneRun, lastStep, cameras }) => {
    const workbench = await openVscode(wholeExample(name), { size: { width: 1600, height: 1000 } });
    await workbench.explorer.choose(model, "Visualize Attention");
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
    await workbench.screenshot(`example-${name}-${model}`);

    const shown = visualizer.pane("Toolbar").locator("attention-steps output").first();
    const [place, last] = ((await shown.textContent()) ?? "").split("/").map((part) => parseInt(part, 10));
    expect(last).toBe(lastStep);
    const before = await visualizer.figures();
    const picture = inOneRun ? await images.first().getAttribute("src") : null;
    await visualizer.title.click();
    await workbench.page.keyboard.press(place === last ? "," : ".");
    await expect
      .poll(() => shown.textContent())
      .toMatch(new RegExp(`^${place! + (place === last ? -1 : 1)} /`));
    if (inOneRun) await expect.poll(() => images.first().getAttribute("src")).not.toBe(picture);
    else await expect.poll(() => visualizer.figures()).not.toBe(before);

    for (const [head, own] of Object.entries(others ?? {})) {
      await visualizer.head(head).click();
      for (const segment of own)
        await expect.poll(() => visualizer.pane("Tokens").textContent()).toContain(segment);
    }
    expect(await workbench.notifications.texts()).toEqual([]);
    expect(await (await workbench.problems()).allTextContents(), "problems of its manifests").toEqual([]);
    workbench.expectHealthy();
  },
);
