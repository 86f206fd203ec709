// The engine is killed, hangs, or is left alone: one message, the other tabs work, the next open works.
import { expect, test } from "vitest";
import { openVscode } from "./harness/vscode";
import { Workspace } from "./harness/workspace";
import type { Workbench } from "./pages/workbench";

/** Open a model whose engine stands still from its first moment, as in a run that never ends. */
async function openAndFreeze(workbench: Workbench, name: string): Promise<number> {
  const before = workbench.engines();
  const opened = workbench.explorer.doubleClick(name);
  let frozen: number | undefined;
  await expect
    .poll(
      () => {
        frozen = workbench.engines().find((pid) => !before.includes(pid));
        if (frozen !== undefined) process.kill(frozen, "SIGSTOP");
        return frozen;
      },
      { interval: 10, timeout: 15_000 },
    )
    .toBeDefined();
  await opened;
  return frozen!;
}

test("an engine that crashes gives one message, the other model stays, and it opens again", async () => {
  const workspace = Workspace.withExample().copyModel("other.onnx");
  const workbench = await openVscode(workspace);
  await workbench.explorer.doubleClick("other.onnx");
  await workbench.visualizer().drawn();
  const others = workbench.engines();
  await workbench.explorer.doubleClick("model.onnx");
  await workbench.visualizer().drawn();
  const [engine] = workbench.engines().filter((pid) => !others.includes(pid));

  const killed = Date.now();
  process.kill(engine!, "SIGSEGV");
  const visualizer = workbench.visualizer();
  await visualizer.error.getByRole("heading", { name: "The engine stopped" }).waitFor({ timeout: 5000 });
  expect(Date.now() - killed, "ms until the message").toBeLessThan(3000);
  expect(await visualizer.error.textContent()).toContain("SIGSEGV");
  expect(await workbench.notifications.texts(), "no second message").toEqual([]);
  await workbench.screenshot("engine-crashed");

  expect(workbench.engines(), "the other engine").toEqual(others);
  await workbench.tab("other.onnx").click();
  await workbench.visualizer().drawn();
  await workbench.tab("model.onnx").click();
  await workbench.visualizer().button("Try again").click();
  await workbench.visualizer().drawn();
  workbench.expectHealthy();
});

test("a run that never ends can be cancelled, and is begun again on request", async () => {
  const workbench = await openVscode(Workspace.withExample());
  const engine = await openAndFreeze(workbench, "model.onnx");

  const visualizer = workbench.visualizer();
  await visualizer.button("Cancel").waitFor();
  await workbench.screenshot("opening");
  await visualizer.button("Cancel").click();
  await expect.poll(() => workbench.engines().includes(engine), { timeout: 2000 }).toBe(false);
  await visualizer.error.getByRole("heading", { name: "Cancelled" }).waitFor();

  await visualizer.button("Try again").click();
  await visualizer.drawn();
  expect(await workbench.notifications.texts()).toEqual([]);
  workbench.expectHealthy();
});

test("a tab that is closed in the middle of a run ends the run without a word", async () => {
  const workbench = await openVscode(Workspace.withExample());
  const engine = await openAndFreeze(workbench, "model.onnx");

  await workbench.closeTab("model.onnx");
  await expect.poll(() => workbench.engines().includes(engine), { timeout: 5000 }).toBe(false);
  await workbench.page.waitForTimeout(1000);
  expect(await workbench.notifications.texts()).toEqual([]);

  await workbench.explorer.doubleClick("model.onnx");
  await workbench.visualizer().drawn();
  workbench.expectHealthy();
});

test("a provider that is not there falls back to the CPU, and the view says so", async () => {
  const workbench = await openVscode(Workspace.withExample(), {
    settings: { "attentionLens.provider": "cuda" },
  });
  await workbench.explorer.doubleClick("model.onnx");

  const visualizer = workbench.visualizer();
  await visualizer.drawn();
  expect(await visualizer.provider.getAttribute("aria-label")).toBe("Provider CPU");
  expect(await visualizer.provider.getAttribute("title")).toMatch(/CUDA was asked for[\s\S]*CUDA: \S/);
  await workbench.screenshot("fallback");
  workbench.expectHealthy();
});
