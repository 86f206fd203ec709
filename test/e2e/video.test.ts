// Recorded videos in the view: its own browser decodes them, with no ffmpeg that would.
import { chmodSync, cpSync, existsSync } from "node:fs";
import path from "node:path";
import type { Locator } from "playwright-core";
import sharp from "sharp";
import { expect, test } from "vitest";
import { openVscode } from "./harness/vscode";
import { repository, Workspace } from "./harness/workspace";

const fixtures = path.join(repository, "test/fixtures");

/** The policy of the LeRobot fixtures, with what is named laid beside it. */
function policy(manifest: object, ...beside: string[]): Workspace {
  const workspace = Workspace.empty();
  cpSync(path.join(fixtures, "lerobot/policy.onnx"), workspace.path("policy.onnx"));
  cpSync(path.join(fixtures, "tokenizers/wordpiece/tokenizer.json"), workspace.path("tokenizer.json"));
  for (const name of beside)
    cpSync(path.join(fixtures, name), workspace.path(path.basename(name)), { recursive: true });
  return workspace.write("policy.attention.json", JSON.stringify({ version: 1, ...manifest }));
}

/** An ffmpeg that decodes nothing, and leaves a mark where it was asked. @returns the PATH with it, and the mark */
function brokenFfmpeg(workspace: Workspace): { env: Record<string, string>; mark: string } {
  const mark = workspace.path("bin/asked");
  workspace.write("bin/ffmpeg", `#!/bin/sh\ntouch '${mark}'\necho 'no decoder' >&2\nexit 1\n`);
  chmodSync(workspace.path("bin/ffmpeg"), 0o755);
  const PATH = [workspace.path("bin"), process.env["PATH"] ?? ""].join(path.delimiter);
  // Else VS Code takes the PATH of a login shell in its place.
  return { env: { PATH, VSCODE_CLI: "1" }, mark };
}

/** The grey in the middle of a frame. */
async function grey(image: Locator): Promise<number> {
  const { data, info } = await sharp(await image.screenshot())
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return data[((info.height >> 1) * info.width + (info.width >> 1)) * info.channels] ?? -1;
}

test("the cameras of a LeRobot data set are decoded by the view, step by step", async () => {
  const workspace = policy({ samples: { lerobot: "v3", first: "episode_000001" } }, "lerobot/v3");
  const { env, mark } = brokenFfmpeg(workspace);
  const workbench = await openVscode(workspace, { env, size: { width: 1600, height: 1000 } });
  await workbench.explorer.doubleClick("policy.onnx");
  const visualizer = workbench.visualizer();
  await visualizer.mapDrawn();
  const images = visualizer.frame.getByRole("region", { name: "Frames", exact: true }).getByRole("img");
  await expect.poll(() => images.count()).toBe(2);
  // Episode 1 begins with the sixth frame of the shared file; frame g is grey 16 + 14 g (make_lerobot.py).
  const top = images.first();
  await expect.poll(async () => Math.abs((await grey(top)) - (16 + 14 * 6))).toBeLessThanOrEqual(3);
  for (const step of [1, 2, 3]) {
    await visualizer.title.click();
    await workbench.page.keyboard.press(".");
    const expected = 16 + 14 * (6 + step);
    await expect.poll(async () => Math.abs((await grey(top)) - expected)).toBeLessThanOrEqual(3);
  }
  expect(existsSync(mark), "ffmpeg was asked").toBe(false);
  await workbench.screenshot("video-lerobot");
  workbench.expectHealthy();
});

test("a video that neither the view nor ffmpeg can decode is said, and the view stays", async () => {
  const video = (name: string) => ({ video: name });
  const workspace = policy(
    { steps: { axis: "frame", frames: { seen: video("bframes.mp4"), other: video("hevc.mp4") } } },
    ...["videos/bframes.mp4", "videos/hevc.mp4"],
  );
  const { env, mark } = brokenFfmpeg(workspace);
  const workbench = await openVscode(workspace, { env, size: { width: 1600, height: 1000 } });
  await workbench.explorer.doubleClick("policy.onnx");
  const visualizer = workbench.visualizer();
  await visualizer.mapDrawn();
  const frames = visualizer.frame.getByRole("region", { name: "Frames", exact: true });
  await frames.getByText(/H\.265.*has no decoder for it, and ffmpeg says: no decoder/).waitFor();
  expect(existsSync(mark), "ffmpeg was asked").toBe(true);
  await expect.poll(() => frames.getByRole("img").count()).toBe(1);
  expect(Math.abs((await grey(frames.getByRole("img"))) - 16)).toBeLessThanOrEqual(3);
  await workbench.screenshot("video-undecodable");
  workbench.expectHealthy();
});
