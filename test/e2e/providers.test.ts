// The choice of a provider in a real VS Code: WebGPU on Chromium's software driver, and back to the CPU.
import { expect, test } from "vitest";
import { softwareVulkan } from "../../scripts/browser.mjs";
import { openVscode } from "./harness/vscode";
import { Workspace } from "./harness/workspace";

test("Select Provider lists what runs here, and open models run again on the choice", async () => {
  const vulkan = await softwareVulkan();
  const workbench = await openVscode(Workspace.withExample(), { env: vulkan ?? {} });
  await workbench.explorer.doubleClick("model.onnx");
  const visualizer = workbench.visualizer();
  await visualizer.drawn();
  const onCpu = await visualizer.figures();
  expect(await visualizer.provider.getAttribute("aria-label"), "a software adapter is not chosen").toBe(
    "Provider CPU",
  );

  await visualizer.provider.click();
  const rows = workbench.page.locator(".quick-input-list .monaco-list-row");
  await rows.filter({ hasText: "TensorRT" }).waitFor();
  await workbench.screenshot("select-provider");
  expect(await rows.filter({ hasText: "CUDA" }).textContent()).toContain("not available");
  // On Linux the software driver is there; on other systems WebGPU has an adapter of its own.
  await workbench.palette.pick("WebGPU");

  await expect
    .poll(() => visualizer.provider.getAttribute("aria-label"), { timeout: 60_000 })
    .toBe("Provider WebGPU");
  await visualizer.drawn();
  expect(await visualizer.figures(), "the same figures to two decimals").toBe(onCpu);
  await workbench.screenshot("webgpu");

  await visualizer.provider.click();
  await workbench.palette.pick("CPU");
  await expect
    .poll(() => visualizer.provider.getAttribute("aria-label"), { timeout: 60_000 })
    .toBe("Provider CPU");
  await visualizer.drawn();
  workbench.expectHealthy();
});
