// Next to the source: the line that computes a head is revealed and marked, and the keyboard stays in the view.
import { expect, test } from "vitest";
import { openVscode } from "./harness/vscode";
import { Workspace } from "./harness/workspace";

/** Number of the line of a source that holds a text, from 1. */
function lineOf(source: Buffer, text: string): number {
  const lines = source.toString("utf8").split("\n");
  const at = lines.findIndex((line) => line.includes(text));
  expect(at, text).toBeGreaterThan(0);
  return at + 1;
}

/** The same model with its second layer's attention at another line of the same file (the digits are replaced). */
function withSecondLine(model: Buffer, source: Buffer): Buffer {
  const other = Buffer.from(model);
  const line = Buffer.from(`line ${lineOf(source, "scores.softmax(dim=-1)")},`);
  const second = `line ${lineOf(source, "x [B, T, width], visible [T, T]")},`;
  expect(second, "as many digits").toHaveLength(line.length);
  const places: number[] = [];
  for (let at = other.indexOf(line); at >= 0; at = other.indexOf(line, at + 1)) places.push(at);
  expect(places.length, "lines that the export names").toBeGreaterThan(1);
  for (const at of places.slice(places.length / 2)) other.write(second, at);
  return other;
}

test("F12 in the view reveals the line, and the mark follows the selection", async () => {
  const workspace = Workspace.withExample();
  workspace.write("model.onnx", withSecondLine(workspace.read("model.onnx"), workspace.read("model.py")));
  const workbench = await openVscode(workspace);
  await workbench.explorer.doubleClick("model.onnx");
  const visualizer = workbench.visualizer();
  await visualizer.drawn();
  const source = workbench.source("model.py");

  await visualizer.map.click();
  await workbench.page.keyboard.press("F12");
  await workbench.tab("model.py").waitFor();
  await expect.poll(() => source.markedLine()).toBe("probabilities = self.dropout(scores.softmax(dim=-1))");
  expect(await source.words()).toMatch(/^L0H0 · H \/ ln n 0\.\d\d$/);
  expect(await workbench.viewHasKeyboard(), "the keyboard is in the view").toBe(true);

  await workbench.page.keyboard.press("]");
  await expect.poll(() => source.words()).toMatch(/^L0H1 ·/);
  await workbench.page.keyboard.press("Shift+]");
  await expect.poll(() => source.markedLine()).toContain("x [B, T, width], visible [T, T]");
  expect(await source.words()).toMatch(/^L1H1 ·/);
  expect(await workbench.viewHasKeyboard()).toBe(true);
  await workbench.screenshot("source");
  workbench.expectHealthy();
});
