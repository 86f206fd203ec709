/** package.json against the code: what VS Code is told, the extension does, and the other way round. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, it, vi } from "vitest";
import { providerLabels } from "../../../src/shared/capture";
import { colourMapNames } from "../../../src/shared/colour-maps";
import { metrics } from "../../../src/shared/figures";
import { viewCommandSchema } from "../../../src/shared/protocol";
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

it("uses only its own commands in menus, keybindings and the walkthrough", () => {
  const used = [...Object.values(contributes.menus).flat(), ...contributes.keybindings] as {
    command?: string;
    submenu?: string;
  }[];
  const submenus = contributes.submenus.map(({ id }: { id: string }) => id);
  for (const { command, submenu } of used) {
    if (submenu === undefined) expect(Object.keys(commands)).toContain(command);
    else expect(submenus).toContain(submenu);
  }
  const steps = JSON.stringify(contributes.walkthroughs);
  for (const [, name] of steps.matchAll(/(?:command:|onCommand:)([\w.]+)/g))
    expect(Object.keys(commands)).toContain(name);
});

it("has a command for every act of the view", () => {
  for (const act of viewCommandSchema.options)
    expect(Object.keys(commands)).toContain(`attentionLens.${act}`);
});

it("gives no two acts the same key", () => {
  const keys = contributes.keybindings.map(({ key }: { key: string }) => key);
  expect(new Set(keys).size).toBe(keys.length);
});

it("shows what needs a capture only while there is one", () => {
  const always = [
    ...["visualize", "openExample", "createManifest", "showWeights"],
    ...["selectProvider", "restartEngine", "showLog"],
  ];
  const conditional = contributes.menus.commandPalette.map(({ command }: { command: string }) => command);
  const rest = Object.keys(commands).filter((name) => !always.some((one) => name.endsWith(`.${one}`)));
  expect(conditional.sort()).toEqual(rest.sort());
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
    expect(when).toBe("activeCustomEditorId == 'attentionLens.editor' && !inputFocus && !focusedView");
  }
});

it("describes every setting, and restricts the one that names a program", () => {
  const { properties } = contributes.configuration;
  for (const [name, setting] of Object.entries<Record<string, unknown>>(properties)) {
    expect(name).toMatch(/^attentionLens\./);
    expect(setting.markdownDescription).toBeTruthy();
  }
  expect(properties["attentionLens.provider"].enum).toEqual(["auto", ...Object.keys(providerLabels)]);
  expect(properties["attentionLens.view.metric"].enum).toEqual(Object.keys(metrics));
  expect(properties["attentionLens.view.metric"].enumItemLabels).toEqual(
    Object.values(metrics).map(({ label }) => label),
  );
  expect(properties["attentionLens.view.colourMap"].enum).toEqual(colourMapNames);
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
