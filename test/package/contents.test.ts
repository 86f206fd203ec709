import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { LIMIT_BYTES } from "../../scripts/package.mjs";
import { unpackedPackage } from "./unpacked";

const unpacked = unpackedPackage();
const repository = path.resolve(import.meta.dirname, "../..");
const target = `${process.platform}-${process.arch}`;

/** Files of the extension, without the zip's own. */
function files(): string[] {
  return Object.keys(unpacked().entries)
    .filter((name) => name.startsWith("extension/") && !name.endsWith("/"))
    .map((name) => name.slice("extension/".length));
}

interface Manifest {
  readonly main: string;
  readonly icon?: string;
  readonly contributes: { readonly jsonValidation?: readonly { readonly url: string }[] };
}

describe("the package", () => {
  test("is not larger than 40 MB", () => {
    expect(LIMIT_BYTES).toBe(40_000_000);
    expect(statSync(unpacked().vsix).size).toBeLessThanOrEqual(LIMIT_BYTES);
  });

  test("is made for this platform", () => {
    const manifest = new TextDecoder().decode(unpacked().entries["extension.vsixmanifest"]);
    expect(manifest).toContain(`TargetPlatform="${target}"`);
  });

  test("holds what is on the list and nothing else", () => {
    const allowed = [
      /^(package\.json|readme\.md|LICENSE(\.txt)?|changelog\.md|THIRD_PARTY_NOTICES\.txt)$/i,
      /^(media|schemas)\/(walkthrough\/)?[^/]+\.(png|svg|md|json)$/,
      /^examples\/decision-transformer\/(readme\.md|model\.(py|onnx|attention\.json)|recorded\.npz)$/i,
      /^dist\/(extension|engine|cli)\/[^/]+\.(cjs|wasm)$/,
      /^dist\/webview\/(chunks\/)?[^/]+\.(js|css|ttf|wasm)$/,
      /^dist\/node_modules\/(onnxruntime-(node|common)|sharp|detect-libc|semver|@img\/(colour|sharp-[\w-]+))\//,
    ];
    expect(files().filter((name) => !allowed.some((pattern) => pattern.test(name)))).toEqual([]);
  });

  test("has the texts that a person and a shop window need", () => {
    const names = files().map((name) => name.toLowerCase());
    for (const name of ["readme.md", "changelog.md", "third_party_notices.txt", "package.json"]) {
      expect(names).toContain(name);
    }
    expect(names.some((name) => /^license(\.txt)?$/.test(name))).toBe(true);
  });

  test("has no source, no source map and no pointer to one", () => {
    const ours = files().filter((name) => !name.startsWith("examples/"));
    expect(ours.filter((name) => /\.(map|ts|tsx|py|cc|h)$/.test(name))).toEqual([]);
    const programs = files().filter((name) => /^dist\/(?!node_modules).*\.(c?js|css)$/.test(name));
    expect(programs.length).toBeGreaterThanOrEqual(4);
    expect(
      programs.filter((name) => unpacked().text(name).includes("sourceMappingURL=")),
      "maps",
    ).toEqual([]);
    expect(
      programs.filter((name) => unpacked().text(name).includes(repository)),
      "paths",
    ).toEqual([]);
  });

  test("has the native binaries of this platform only", () => {
    const native = files().filter((name) => /\.(node|so|dylib|dll)(\.|$)/.test(name));
    const [system, architecture] = target.split("-");
    const ours = [`bin/napi-v6/${system}/${architecture}/`, `sharp-${target}/`, `sharp-libvips-${target}/`];
    expect(native.filter((name) => !ours.some((part) => name.includes(part)))).toEqual([]);
    for (const part of ["onnxruntime_binding.node", `sharp-${target}`]) {
      expect(
        native.some((name) => name.includes(part)),
        part,
      ).toBe(true);
    }
  });

  test("names in its manifest only files that are there", () => {
    const manifest = JSON.parse(unpacked().text("package.json")) as Manifest & Record<string, unknown>;
    const named = [
      manifest.main,
      ...(manifest.icon === undefined ? [] : [manifest.icon]),
      ...(manifest.contributes.jsonValidation ?? []).map(({ url }) => url),
    ];
    expect(named.filter((name) => !existsSync(path.join(unpacked().folder, name)))).toEqual([]);
    for (const key of ["scripts", "devDependencies", "private"]) expect(manifest).not.toHaveProperty(key);
  });

  test("gives notice of every package that it holds, with a licence text for each", () => {
    const notices = unpacked().text("THIRD_PARTY_NOTICES.txt");
    const carried = files().flatMap(
      (name) => /^dist\/node_modules\/((?:@[^/]+\/)?[^/]+)\/package\.json$/.exec(name)?.[1] ?? [],
    );
    // Bundled into the programs, as their imports say.
    const bundled = ["lit-html", "echarts", "zod", "vscode-jsonrpc", "commander", "@bufbuild/protobuf"];
    const entries = notices.split(/^={20,}$/m).slice(1);
    for (const name of [...carried, ...bundled]) {
      const entry = entries.find((text) => text.trimStart().startsWith(`${name} `));
      expect(entry, name).toBeDefined();
      expect(entry, name).toMatch(/Licence: /);
      expect(entry?.length, `${name}'s licence text`).toBeGreaterThan(500);
    }
  });
});
