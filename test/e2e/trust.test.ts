// An untrusted workspace: the graph is read and nothing is run; trust turns the rest on without a reload.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openVscode } from "./harness/vscode";
import { Workspace } from "./harness/workspace";

/** Whether a process has ONNX Runtime's library in its memory. */
function hasRuntime(pid: number): boolean {
  return /libonnxruntime|onnxruntime_binding/.test(readFileSync(`/proc/${pid}/maps`, "utf8"));
}

describe("an untrusted workspace", () => {
  test("shows the sites of a model without running it, and runs it once trust is granted", async () => {
    const workbench = await openVscode(Workspace.withExample(), { trusted: false });
    await workbench.trust.answer(false);
    await workbench.explorer.doubleClick("model.onnx");

    const visualizer = workbench.visualizer();
    await visualizer.frame.getByText("This workspace is not trusted, so nothing is run.").waitFor();
    expect(await visualizer.frame.getByRole("row").count(), "a heading and two sites").toBe(3);
    expect(await visualizer.map.count(), "no map").toBe(0);
    await workbench.screenshot("restricted");
    if (process.platform === "linux") {
      expect(workbench.engines().filter(hasRuntime), "engines with ONNX Runtime").toEqual([]);
    }

    // A mark that a reload of the window would take away.
    await workbench.page.evaluate(() => Object.assign(window, { notReloaded: true }));
    await workbench.trust.grant();
    await workbench.tab("model.onnx").click();
    await visualizer.drawn();
    expect(await workbench.page.evaluate(() => "notReloaded" in window)).toBe(true);
    if (process.platform === "linux") {
      expect(workbench.engines().filter(hasRuntime), "engines with ONNX Runtime").toHaveLength(1);
    }
    workbench.expectHealthy();
  });
});
