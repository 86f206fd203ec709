/** package.json against the code: what VS Code is told, the extension does, and the other way round. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, it, vi } from "vitest";
import { providerLabels } from "../../../src/shared/capture";
import { checkpointEndings } from "../../../src/extension/checkpoint";

// The command table is read, not run.
vi.mock("vscode", () => ({}));
const { commands } = await import("../../../src/extension/commands");
const { viewType } = await import("../../../src/extension/views");

const root = path.join(import.meta.dirname, "../../..");
const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
const { contributes } = manifest;

it("contributes exactly the commands that are registered, all under Attention", () => {
  const contributed = contributes.commands.map(({ command }: { command: string }) => command);
  expect(contributed.sort()).toEqual(Object.keys(commands).sort());
  expect(new Set(contributes.commands.map(({ category }: { category: string }) => category))).toEqual(
    new Set(["Attention"]),
  );
});

it("uses only its own commands in menus and keybindings", () => {
  const used = [...Object.values(contributes.menus).flat(), ...contributes.keybindings] as {
    command: string;
  }[];
  for (const { command } of used) expect(Object.keys(commands)).toContain(command);
});

it("is the default editor of *.onnx", () => {
  expect(contributes.customEditors).toEqual([
    {
      viewType,
      displayName: "Attention Lens",
      selector: [{ filenamePattern: "*.onnx" }],
      priority: "default",
    },
  ]);
});

it("offers Visualize Attention on models and checkpoints alone", () => {
  const { when } = contributes.menus["explorer/context"][0];
  const pattern = new RegExp(/=~ \/(.*)\/i/.exec(when)?.[1] ?? "nothing", "i");
  for (const ending of [".onnx", ".ONNX", ...checkpointEndings]) expect(`actor${ending}`).toMatch(pattern);
  for (const name of ["model.py", "onnx", "a.onnx.txt", "a.attention.json"])
    expect(name).not.toMatch(pattern);
});

it("takes plain keys only while the panel has the keyboard", () => {
  for (const { when } of contributes.keybindings) {
    expect(when).toBe("attentionLens.focus && !inputFocus && !focusedView");
  }
});

it("describes every setting, and restricts the one that names a program", () => {
  const { properties } = contributes.configuration;
  for (const [name, setting] of Object.entries<Record<string, unknown>>(properties)) {
    expect(name).toMatch(/^attentionLens\./);
    expect(setting.markdownDescription).toBeTruthy();
  }
  expect(properties["attentionLens.provider"].enum).toEqual(["auto", ...Object.keys(providerLabels)]);
  expect(manifest.capabilities.untrustedWorkspaces).toMatchObject({
    supported: "limited",
    restrictedConfigurations: ["attentionLens.engine.nodePath"],
  });
  expect(manifest.capabilities.virtualWorkspaces.supported).toBe(false);
  expect(manifest.extensionKind).toEqual(["workspace"]);
});

it("has an icon of 128 pixels", () => {
  const png = readFileSync(path.join(root, manifest.icon));
  expect(png.toString("latin1", 1, 4)).toBe("PNG");
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([128, 128]);
});
