// What the model runs on, chosen in the Input dialog of the real VS Code.
import { cpSync } from "node:fs";
import path from "node:path";
import type { Locator } from "playwright-core";
import { expect, test } from "vitest";
import { writeNpz } from "../../src/inputs/arrays";
import { denoising } from "./harness/models";
import { openVscode } from "./harness/vscode";
import { repository, Workspace } from "./harness/workspace";
import type { Visualizer } from "./pages/visualizer";
import type { Workbench } from "./pages/workbench";

const size = { width: 1400, height: 1000 };

/** Arrays of a text of so many tokens, called as nobody's inputs are. */
function text(tokens: number): Uint8Array {
  const dims = [1, tokens];
  const all = (value: (at: number) => number) => ({
    data: BigInt64Array.from({ length: tokens }, (_, at) => BigInt(value(at))),
    dims,
  });
  return writeNpz(
    new Map([
      ["words", all((at) => 3 + at)],
      ["seen", all(() => 1)],
      ["kinds", all(() => 0)],
    ]),
  );
}

function corpus(model: string): Workspace {
  const workspace = Workspace.empty();
  cpSync(path.join(repository, "test", model), workspace.path("model.onnx"));
  return workspace;
}

async function opened(workspace: Workspace): Promise<[Workbench, Visualizer]> {
  const workbench = await openVscode(workspace, { size });
  await workbench.explorer.doubleClick("model.onnx");
  await workbench.palette.run("View: Toggle Primary Side Bar Visibility");
  await workbench.visualizer().mapDrawn();
  return [workbench, workbench.visualizer()];
}

const input = (visualizer: Visualizer): Locator =>
  visualizer.pane("Toolbar").getByRole("button", { name: /^Input: / });
const label = async (visualizer: Visualizer): Promise<string> =>
  (await input(visualizer).getAttribute("aria-label")) ?? "";

async function dialog(visualizer: Visualizer): Promise<Locator> {
  await input(visualizer).click();
  const shown = visualizer.frame.getByRole("dialog", { name: "Input" });
  await shown.waitFor();
  return shown;
}

/** Tokens that Find lists for a word. */
async function found(workbench: Workbench, visualizer: Visualizer, word: string): Promise<string[]> {
  await visualizer.title.click();
  await workbench.page.keyboard.press("Control+f");
  const shown = visualizer.frame.getByRole("dialog", { name: "Find a head or a token" });
  await shown.waitFor();
  await shown.getByRole("textbox").fill(word);
  const options = shown.getByRole("option", { name: word });
  await expect
    .poll(async () => (await options.count()) > 0 || (await shown.textContent())?.includes("has this name"))
    .toBe(true);
  const texts = await options.allTextContents();
  await workbench.page.keyboard.press("Escape");
  await shown.waitFor({ state: "hidden" });
  return texts;
}

async function chooseFile(workbench: Workbench, shown: Locator, file: string): Promise<void> {
  await shown.getByText("Choose a file…").click();
  await workbench.quickInput.saveAs("Arrays for the model's inputs", file);
}

test("arrays of other names are given to inputs in a table, and for the next file as before", async () => {
  const workspace = corpus("corpus/bert-torchscript17-eager.onnx")
    .write("first.npz", text(4))
    .write("second.npz", text(9));
  const [workbench, visualizer] = await opened(workspace);
  let shown = await dialog(visualizer);
  await chooseFile(workbench, shown, workspace.path("first.npz"));
  const rows = shown.getByRole("table", { name: /Array of first\.npz/ }).getByRole("row");
  await expect.poll(() => rows.count()).toBe(4);
  // All three arrays fit every input: nothing is suggested.
  expect(await shown.getByText("3 still to choose").count()).toBe(1);
  for (const [name, array] of [
    ["input_ids", "words"],
    ["attention_mask", "seen"],
    ["token_type_ids", "kinds"],
  ] as const) {
    const list = shown.getByRole("combobox", { name: `Array for ${name}` });
    await list.focus();
    await list.press(array[0]!);
    await list.press("Enter");
    await expect.poll(() => list.getAttribute("aria-label")).toBe(`Array for ${name}, chosen`);
  }
  await workbench.screenshot("input-arrays");
  const run = shown.locator("attention-arrays").getByRole("button", { name: "Run" });
  await run.click();
  await expect.poll(() => label(visualizer)).toBe("Input: first.npz");
  await expect.poll(() => visualizer.title.locator("..").textContent()).toMatch(/4 queries × 4 keys/);

  shown = await dialog(visualizer);
  await chooseFile(workbench, shown, workspace.path("second.npz"));
  await expect.poll(() => label(visualizer)).toBe("Input: second.npz");
  await expect.poll(() => visualizer.title.locator("..").textContent()).toMatch(/9 queries × 9 keys/);
  await visualizer.frame.getByText(/notices about this run/).click();
  const notices = (await visualizer.frame.locator(".notices").first().textContent()) ?? "";
  expect(notices).toContain("Arrays are given to inputs as was chosen for first.npz");
  expect(notices).toMatch(/Arrays were mapped: .*input_ids is given words/);
  await workbench.screenshot("input-arrays-again");
  workbench.expectHealthy();
});

test("a file that is dragged from outside onto the dialog is read there, and not opened by the editor", async () => {
  const workspace = corpus("corpus/bert-torchscript17-eager.onnx").write("first.npz", text(4));
  const [workbench, visualizer] = await opened(workspace);
  const shown = await dialog(visualizer);
  const place = await shown.locator("attention-arrays").boundingBox();
  const devtools = await workbench.page.context().newCDPSession(workbench.page);
  const at = { x: place!.x + place!.width / 2, y: place!.y + 20 };
  const data = { items: [], files: [workspace.path("first.npz")], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "dragOver", "drop"] as const)
    await devtools.send("Input.dispatchDragEvent", { type, ...at, data });
  await shown.getByRole("table", { name: /first\.npz/ }).waitFor();
  expect(await workbench.page.locator(".tabs-container .tab").count()).toBe(1);
  workbench.expectHealthy();
});

test("sizes that were typed are there again when the model is opened again", async () => {
  const [workbench, visualizer] = await opened(corpus("fixtures/generation/gpt2.onnx"));
  await visualizer.button("Set sizes").click();
  const field = visualizer.frame.getByRole("textbox", { name: "Size sequence_length" });
  await field.fill("7");
  await visualizer.frame.locator("attention-made-up").getByRole("button", { name: "Run" }).click();
  const shape = (): Promise<string | null> => visualizer.title.locator("..").textContent();
  await expect.poll(shape).toMatch(/7 queries × 7 keys/);
  expect(await visualizer.button("Set sizes").count()).toBe(0);

  await workbench.closeTab("model.onnx");
  await workbench.palette.run("View: Toggle Primary Side Bar Visibility");
  await workbench.explorer.doubleClick("model.onnx");
  await visualizer.mapDrawn();
  await expect.poll(shape).toMatch(/7 queries × 7 keys/);
  const shown = await dialog(visualizer);
  expect(await shown.getByRole("textbox", { name: "Size sequence_length" }).inputValue()).toBe("7");
  workbench.expectHealthy();
});

test("another instruction is typed for the policy: its tokens, its maps", async () => {
  const [workbench, visualizer] = await opened(Workspace.withExample("vla-pi0"));
  const figures = await visualizer.figures();
  const padding = async (): Promise<string> => (await visualizer.pane("Tokens").textContent()) ?? "";
  expect(await found(workbench, visualizer, "bowl")).toEqual([]);
  expect(await found(workbench, visualizer, "plate")).not.toEqual([]);
  expect(await padding()).not.toContain("padding");
  const shown = await dialog(visualizer);
  const prompt = shown.getByRole("textbox", { name: "Prompt" });
  await prompt.fill("put the yellow block in the bowl");
  const live = shown.locator("attention-prompt .token");
  await expect.poll(() => live.allTextContents()).toContain("bowl");
  await workbench.screenshot("input-instruction-typed");
  await shown.locator("attention-prompt").getByRole("button", { name: "Run" }).click();
  await expect.poll(() => label(visualizer)).toBe("Input: “put the yellow block in the bowl”");
  await expect.poll(() => visualizer.figures()).not.toBe(figures);
  // 8 of its 12 tokens are words.
  await expect.poll(padding).toContain("4 padding");
  expect(await found(workbench, visualizer, "plate")).toEqual([]);
  expect(await found(workbench, visualizer, "bowl")).not.toEqual([]);
  await workbench.screenshot("input-instruction-shown");
  workbench.expectHealthy();
});

test("a return-to-go is typed: the same step, other figures", async () => {
  const [workbench, visualizer] = await opened(Workspace.withExample());
  const field = visualizer.pane("Toolbar").getByRole("textbox", { name: "return to go, value" });
  const figures = await visualizer.figures();
  const before = await field.inputValue();
  await workbench.screenshot("input-return-to-go");
  await field.fill("0.1");
  await field.press("Enter");
  await expect.poll(() => visualizer.figures()).not.toBe(figures);
  expect(await field.inputValue()).toBe("0.1");
  const slider = visualizer.pane("Toolbar").getByRole("slider", { name: "return to go" });
  expect(await slider.getAttribute("aria-valuetext")).toBe("0.1");
  await workbench.screenshot("input-return-to-go-typed");
  await field.fill(before);
  await field.press("Enter");
  await expect.poll(() => visualizer.figures()).toBe(figures);
  workbench.expectHealthy();
});

test("a long loop says how far it came and is stopped, at its opening and afterwards", async () => {
  const workspace = Workspace.empty();
  const { model, manifest } = denoising(3000);
  workspace.write("model.onnx", model).write("model.attention.json", JSON.stringify(manifest));
  const workbench = await openVscode(workspace, { size });
  await workbench.explorer.doubleClick("model.onnx");
  const visualizer = workbench.visualizer();
  const stop = visualizer.button("Stop, keep the denoising passes");
  await stop.waitFor();
  await workbench.screenshot("input-loop-opening");
  await stop.click();
  await visualizer.map.waitFor();
  const passes = visualizer.pane("Toolbar").locator("attention-steps output").last();
  const last = async (): Promise<number> => Number(/\/ (\d+)/.exec((await passes.textContent()) ?? "")?.[1]);
  expect(await last()).toBeLessThan(2999);
  const notices = visualizer.frame.locator(".notices").first();
  expect(await notices.textContent()).toMatch(/It was stopped after \d+ of 3,?000 denoising passes\./);

  const shown = await dialog(visualizer);
  await shown.getByRole("textbox", { name: "Seed of what is made up" }).fill("5");
  await shown.locator("attention-made-up").getByRole("button", { name: "Run" }).click();
  const progress = visualizer.frame.getByRole("progressbar", { name: "Capturing denoising passes" });
  await progress.waitFor();
  await expect.poll(async () => Number(await progress.getAttribute("aria-valuenow"))).toBeGreaterThan(10);
  expect(await progress.getAttribute("aria-valuemax")).toBe("3000");
  await workbench.screenshot("input-loop-running");
  await stop.click();
  await expect.poll(() => label(visualizer)).toBe("Input: synthetic input (seed 5)");
  expect(await last()).toBeLessThan(2999);
  workbench.expectHealthy();
});
