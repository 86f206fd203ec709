import { mkdirSync, mkdtempSync, rmSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { buildIsFresh, dependenciesAreThere, requireNode } from "../../../scripts/setup.mjs";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "setup-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, content: unknown): void {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
}

describe("dependenciesAreThere", () => {
  const lock = {
    packages: {
      "": { version: "1.0.0" },
      "node_modules/a": { version: "1.2.3" },
      "node_modules/only-on-windows": { version: "1.0.0", optional: true },
    },
  };
  const installed = "node_modules/.package-lock.json";

  test("is satisfied by what npm installed, without packages for other platforms", () => {
    write("package-lock.json", lock);
    write(installed, { packages: { "node_modules/a": { version: "1.2.3" } } });
    expect(dependenciesAreThere(folder)).toBe(true);
  });

  test.each([
    ["nothing is installed", undefined],
    ["npm was cut short before it wrote its list", "{"],
    ["a package is missing", { packages: {} }],
    ["a package has another version", { packages: { "node_modules/a": { version: "1.2.4" } } }],
  ])("is not satisfied when %s", (_case, list) => {
    write("package-lock.json", lock);
    if (list !== undefined) write(installed, list);
    expect(dependenciesAreThere(folder)).toBe(false);
  });
});

describe("buildIsFresh", () => {
  const built = ["extension/main.cjs", "engine/main.cjs", "cli/main.cjs", "webview/main.js"];
  const sources = ["src/a/one.ts", "src/a/two.ts", "esbuild.mjs", "package.json", "package-lock.json"];
  const hour = (count: number) => new Date(Date.UTC(2030, 0, 1, count));

  function touch(name: string, when: Date): void {
    utimesSync(path.join(folder, name), when, when);
  }

  beforeEach(() => {
    for (const name of [...sources, "tsconfig.base.json"]) write(name, "x");
    for (const name of [...sources, "tsconfig.base.json", "src", "src/a"]) touch(name, hour(1));
    for (const name of built) {
      write(`dist/${name}`, "x");
      touch(`dist/${name}`, hour(2));
    }
    write("dist/webview-first-load.json", { bytes: 600, budget: 700 });
  });

  test("holds while every program is newer than every source", () => {
    expect(buildIsFresh(folder)).toBe(true);
  });

  test("does not hold for a build that was refused for its size", () => {
    write("dist/webview-first-load.json", { bytes: 701, budget: 700 });
    expect(buildIsFresh(folder)).toBe(false);
  });

  test("ends when a source changes, goes away, or a program is missing", () => {
    touch("src/a/one.ts", hour(3));
    expect(buildIsFresh(folder), "changed").toBe(false);
    touch("src/a/one.ts", hour(1));

    unlinkSync(path.join(folder, "src/a/two.ts"));
    touch("src/a", hour(3));
    expect(buildIsFresh(folder), "taken away").toBe(false);
    touch("src/a", hour(1));

    unlinkSync(path.join(folder, "dist/cli/main.cjs"));
    expect(buildIsFresh(folder), "missing").toBe(false);
  });
});

test("an old Node is told from a new one", () => {
  expect(() => requireNode("20.11", "18.20.4")).toThrow(
    "Node 20.11 or newer is needed; this is Node 18.20.4",
  );
  expect(() => requireNode("20.19", "20.11.1")).toThrow("Node 20.19 or newer is needed");
  for (const version of ["20.11.0", "20.20.2", "22.0.0", "24.1.0"]) {
    expect(() => requireNode("20.11", version)).not.toThrow();
  }
});
