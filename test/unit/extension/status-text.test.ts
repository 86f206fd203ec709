import { expect, it } from "vitest";
import type { Capture } from "../../../src/shared/capture";
import type { DocumentState } from "../../../src/shared/document";
import { noInputChosen } from "../../../src/shared/input-choice";
import { statusText } from "../../../src/extension/status-text";
import { sampleCapture, sampleModel, samplePhases } from "./samples";

const model = sampleModel("/models/actor.onnx");
const ready = (change: Partial<Capture> = {}, stale: string | null = null): DocumentState => ({
  status: "ready",
  name: "actor.onnx",
  model,
  capture: { ...sampleCapture(), ...change },
  input: noInputChosen,
  stale,
});

it("says how many heads ran where, and how long the run took", () => {
  expect(statusText(ready()).accessibleName).toBe("Attention: 8 heads, CPU, 41 ms");
});

it("says seconds for long runs and leaves out a time that is not known", () => {
  const phases = samplePhases().map((phase) => (phase.name === "run" ? { ...phase, ms: 1912 } : phase));
  expect(statusText(ready({ phases })).accessibleName).toBe("Attention: 8 heads, CPU, 1.9 s");
  expect(statusText(ready({ phases: [] })).accessibleName).toBe("Attention: 8 heads, CPU");
});

it("warns of a fallback, and says what was tried and what to install", () => {
  const { text, tooltip } = statusText(
    ready({
      provider: {
        used: "cpu",
        asked: "auto",
        refused: [{ name: "cuda", reason: "Failed to load shared library" }],
        advice: "An NVIDIA GPU is here and not used: install CUDA 12 and cuDNN 9.",
      },
    }),
  );
  expect(text).toContain("$(warning)");
  expect(tooltip).toContain("CUDA was not used: Failed to load shared library");
  expect(tooltip).toContain("An NVIDIA GPU is here and not used: install CUDA 12 and cuDNN 9.");
});

it("says the phase while a model opens", () => {
  const state: DocumentState = {
    status: "opening",
    name: "actor.onnx",
    phases: samplePhases("load"),
    model: null,
  };
  expect(statusText(state).accessibleName).toBe("Attention: load weights …");
  expect(statusText({ ...state, phases: [] }).accessibleName).toBe("Attention: opening …");
});

it("says what is wrong, what is missing and what needs trust", () => {
  const name = "actor.onnx";
  const error = { code: "notOnnx", detail: "a zip archive" } as const;
  expect(statusText({ status: "error", name, error, model: null }).accessibleName).toBe(
    "Attention: Not an ONNX model",
  );
  expect(statusText({ status: "empty", name, model }).accessibleName).toBe("Attention: none found");
  const restricted = statusText({ status: "restricted", name, model });
  expect(restricted.accessibleName).toBe("Attention: restricted");
  expect(restricted.command).toBe("workbench.trust.manage");
});
