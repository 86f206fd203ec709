// Show Weights by Module: a text beside the model, of models and of safetensors files, in any workspace.
import { expect, test } from "vitest";
import { openVscode } from "./harness/vscode";
import { Workspace } from "./harness/workspace";

function safetensors(): Buffer {
  const json = Buffer.from(
    JSON.stringify({
      "net.0.weight": { dtype: "F32", shape: [8, 3], data_offsets: [0, 96] },
      "net.0.bias": { dtype: "F32", shape: [8], data_offsets: [96, 128] },
    }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(128)]);
}

test("a right-click lists the modules of a model with types, sizes, bias and parameters", async () => {
  const workspace = Workspace.withExample().write("weights.safetensors", safetensors());
  const workbench = await openVscode(workspace);
  const lines = workbench.page.locator(".editor-instance .view-lines");
  const shown = async () => ((await lines.first().innerText()) ?? "").replace(/\s+/g, " ");

  await workbench.explorer.choose("model.onnx", "Show Weights by Module");
  await workbench.tab("model.onnx weights").waitFor();
  await expect.poll(shown).toContain("DecisionTransformer");
  expect(await shown()).toMatch(/embed_return Linear 1 → 128 bias 256/);
  await workbench.screenshot("weights-of-a-model");

  await workbench.explorer.choose("weights.safetensors", "Show Weights by Module");
  await workbench.tab("weights.safetensors weights").waitFor();
  await expect.poll(shown).toMatch(/0 — 8 × 3 bias 32/);
  expect(workbench.engines(), "the engines that read them are gone").toEqual([]);
  expect(await workbench.notifications.texts()).toEqual([]);
  workbench.expectHealthy();
});
