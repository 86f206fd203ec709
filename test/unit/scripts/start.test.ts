// `npm start` with a stand-in for a desktop VS Code: a program named `code` that records what it is given.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { npmCommand, run } from "../../../scripts/processes.mjs";

const repository = path.resolve(import.meta.dirname, "../../..");
const example = path.join(repository, "examples", "decision-transformer");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "start-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Recorded {
  readonly args: readonly string[];
  readonly open: string | null;
  readonly source: string | null;
}

async function start(args: readonly string[], exitCode = 0): Promise<{ code: number; output: string }> {
  const bin = path.join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(
    path.join(bin, "code"),
    `#!${process.execPath}
const { ATTENTION_LENS_OPEN: open = null, ATTENTION_LENS_SOURCE: source = null } = process.env;
require("fs").writeFileSync(${JSON.stringify(path.join(folder, "recorded.json"))},
  JSON.stringify({ args: process.argv.slice(2), open, source }));
process.exit(${exitCode});
`,
  );
  chmodSync(path.join(bin, "code"), 0o755);
  const [npm, ...first] = npmCommand();
  return run(npm, [...first, "start", "--silent", "--", ...args], {
    quiet: true,
    env: {
      PATH: `${bin}${path.delimiter}${process.env["PATH"]}`,
      VSCODE_IPC_HOOK_CLI: undefined,
      WSL_DISTRO_NAME: undefined,
      INIT_CWD: undefined,
    },
  });
}

function recorded(): Recorded {
  return JSON.parse(readFileSync(path.join(folder, "recorded.json"), "utf8")) as Recorded;
}

describe.skipIf(process.platform === "win32")("npm start with a desktop VS Code", () => {
  test("opens the examples with the source on the left and the model on the right, trusted", async () => {
    const { code, output } = await start([]);
    expect(code, output).toBe(0);

    const { args, open, source } = recorded();
    expect(args[args.indexOf("--extensionDevelopmentPath") + 1]).toBe(repository);
    expect(args[args.indexOf("--user-data-dir") + 1]).toBe(path.join(repository, ".cache", "vscode-user"));
    expect(args).toContain("--new-window");
    expect(args).toContain("--disable-workspace-trust");
    expect(args.at(-1)).toBe(path.join(repository, "examples"));
    expect(open).toBe(path.join(example, "model.onnx"));
    expect(source).toBe(path.join(example, "model.py"));
  });

  test("opens another model in its own folder, which is asked about and not trusted by itself", async () => {
    const model = path.join(folder, "some model.onnx");
    writeFileSync(model, "not read here");
    const { code, output } = await start([model]);
    expect(code, output).toBe(0);

    const { args, open, source } = recorded();
    expect(args).not.toContain("--disable-workspace-trust");
    expect(args.at(-1)).toBe(folder);
    expect(open).toBe(model);
    expect(source).toBeNull();
  });

  test("passes on that VS Code failed, and says what needs none", async () => {
    const { code, output } = await start([], 7);
    expect(code).toBe(7);
    expect(output).toContain("npm start -- --browser");
  });

  test("says what is wrong with its arguments", async () => {
    expect(await start(["missing.onnx"])).toMatchObject({
      code: 4,
      output: expect.stringContaining("no model at"),
    });
    expect(await start(["--unknown"])).toMatchObject({
      code: 2,
      output: expect.stringContaining("--headless"),
    });
    expect(await start(["a.onnx", "b.onnx"])).toMatchObject({ code: 2 });
    expect(await start(["--port", "x"])).toMatchObject({ code: 2 });
  });
});
