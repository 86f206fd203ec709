// Writing a manifest by hand: completion, hover and squiggles of VS Code's own editor, by the schema of the package.
import { expect, test } from "vitest";
import { openVscode } from "./harness/vscode";
import { Workspace } from "./harness/workspace";

const begun = `{
  // What is guessed says so.
  "version": 1,
  "segments": [{ "name": "all", "role": "text", }],

}
`;

test("the editor completes fields and values, explains them, and underlines what is wrong", async () => {
  const workspace = Workspace.withExample().write("model.attention.json", begun);
  const workbench = await openVscode(workspace);
  const { page } = workbench;
  await workbench.explorer.doubleClick("model.attention.json");
  await workbench.tab("model.attention.json").waitFor();
  const editor = page.locator(".editor-instance .monaco-editor").first();
  const suggestions = page.locator(".suggest-widget .monaco-list-row .label-name");

  // Comments and commas at the end are allowed, as the program writes and reads them.
  const problems = await workbench.problems();
  await page.waitForTimeout(3_000);
  expect(await problems.allTextContents()).toEqual([]);

  await editor.locator(".view-line").nth(4).click();
  await page.keyboard.type('"pas');
  await page.keyboard.press("Control+Space");
  await expect.poll(() => suggestions.allTextContents(), { timeout: 20_000 }).toContain("passes");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Home");
  await page.keyboard.press("Shift+End");
  await page.keyboard.type('"defaults": { "scale": "lin', { delay: 20 });
  await page.keyboard.press("Control+Space");
  await expect.poll(() => suggestions.allTextContents(), { timeout: 20_000 }).toContain('"linear"');
  await workbench.screenshot("manifest-completion");
  await page.keyboard.press("Escape");

  await editor.locator(".view-line").nth(3).getByText("segments").first().hover();
  const hover = page.locator(".monaco-hover:visible").first();
  await expect
    .poll(() => hover.textContent(), { timeout: 20_000 })
    .toContain("Runs of tokens with one role, in order");
  await workbench.screenshot("manifest-hover");

  await editor.locator(".view-line").nth(4).click();
  await page.keyboard.press("Home");
  await page.keyboard.press("Shift+End");
  await page.keyboard.type('"titel": "x"', { delay: 20 });
  await expect
    .poll(async () => (await problems.allTextContents()).join("\n"), { timeout: 20_000 })
    .toMatch(/titel/);
  await workbench.screenshot("manifest-squiggle");
  workbench.expectHealthy();
});

test("what Create Manifest writes is not underlined by the editor", async () => {
  const workspace = Workspace.withExample().delete("model.attention.json");
  const workbench = await openVscode(workspace);
  await workbench.explorer.doubleClick("model.onnx");
  await workbench.visualizer().drawn();
  await workbench.palette.run("Attention: Create Manifest");
  await workbench.tab("model.attention.json").waitFor();
  expect(workspace.read("model.attention.json").toString()).toContain("//");
  const problems = await workbench.problems();
  await workbench.page.waitForTimeout(4_000);
  expect(await problems.allTextContents()).toEqual([]);
  workbench.expectHealthy();
});
