import { expect, it } from "vitest";
import type { ProviderStatus } from "../../../src/shared/capture";
import { providerItems } from "../../../src/extension/provider-items";

const statuses: ProviderStatus[] = [
  { name: "cuda", available: false, detail: "no shared library", advice: "Install CUDA 12 and cuDNN 9." },
  { name: "webgpu", available: true, detail: "tiny run in 3 ms", advice: null },
  { name: "cpu", available: true, detail: "tiny run in 1 ms", advice: null },
  { name: "dml", available: false, detail: "backend not found", advice: null },
];

it("offers what can run first, then what could, and marks the present choice", () => {
  const items = providerItems(statuses, "auto", "linux");
  expect(items.map(({ label }) => label)).toEqual(["$(check) Automatic", "WebGPU", "CPU", "CUDA"]);
  expect(items.at(-1)).toEqual({
    choice: "cuda",
    label: "CUDA",
    description: "not available",
    detail: "no shared library. Install CUDA 12 and cuDNN 9.",
  });
});

it("leaves out what the platform does not have, unless it is chosen", () => {
  const choices = (platform: NodeJS.Platform, now: "auto" | "dml" = "auto") =>
    providerItems(statuses, now, platform).map(({ choice }) => choice);
  expect(choices("darwin")).toEqual(["auto", "webgpu", "cpu"]);
  expect(choices("win32")).toContain("dml");
  expect(choices("linux", "dml")).toContain("dml");
});
