import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import ts from "typescript";
import { expect, test } from "vitest";
import { readNpz } from "../../../src/inputs/arrays";
import { root, temporaryFolder } from "../engine/harness";

const run = promisify(execFile);

/** Run a program that imports the built package by its name, from the repository's own folder. */
async function program(source: string): Promise<string> {
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", source], { cwd: root });
  return stdout;
}

test("a program captures the example, and its maps are those of the npz", async () => {
  const folder = temporaryFolder();
  const npz = path.join(folder, "maps.npz");
  const output = await program(`
    import { open } from "attention-lens";
    const model = open("examples/decision-transformer/model.onnx");
    const capture = await model.capture(undefined, { provider: "cpu" });
    await capture.writeNpz(${JSON.stringify(npz)});
    const site = capture.sites[1];
    const { queries, keys, cells } = await capture.map(site, 2);
    const { inputs, sites } = await model.inspect();
    console.log(JSON.stringify({ queries, keys, cells: [...cells], figures: site.figures[0][2], sites: sites.length,
      inputs: inputs.map(({ name }) => name), labels: site.keyLabels, provider: capture.provider }));
    model.close();
  `);
  const told = JSON.parse(output) as {
    queries: number;
    keys: number;
    cells: number[];
    sites: number;
    labels: string[];
  };
  const { data, dims } = readNpz(readFileSync(npz), "maps.npz").get("site_001")!;
  expect([told.queries, told.keys]).toEqual(dims.slice(2));
  const start = 2 * told.queries * told.keys;
  told.cells.forEach((p, cell) => {
    const query = Math.floor(cell / told.keys);
    // The model is causal: later keys are masked.
    expect(p).toBe(cell % told.keys > query ? -1 : (data as Float32Array)[start + cell]);
  });
  expect(told).toMatchObject({
    sites: 2,
    provider: "cpu",
    inputs: ["returns_to_go", "states", "actions", "timesteps"],
  });
  expect(told.labels[0]).toBe("R0");
});

test("arrays can be given, and what does not fit is refused with a code", async () => {
  const output = await program(`
    import { isFailure, open } from "attention-lens";
    const model = open("examples/decision-transformer/model.onnx");
    const zeros = (...dims) => ({ data: new BigInt64Array(dims.reduce((a, b) => a * b)), dims });
    const inputs = { returns_to_go: { data: new Float32Array(3), dims: [1, 3] }, states: zeros(1, 3, 7, 7, 3),
      actions: zeros(1, 3), timesteps: zeros(1, 3) };
    const told = {};
    try {
      const capture = await model.capture(inputs, { provider: "cpu" });
      told.keys = capture.sites[0].keys;
      await model.capture({ ...inputs, actions: zeros(1, 4) }, { provider: "cpu" });
    } catch (error) {
      told.code = isFailure(error) ? error.code : String(error);
    } finally {
      model.close();
    }
    console.log(JSON.stringify(told));
  `);
  expect(JSON.parse(output)).toEqual({ keys: 8, code: "inputMismatch" });
});

test("the example of docs/api.md runs as it is written, and its types hold", async () => {
  const [, example = ""] =
    /```js\n([\s\S]*?)```/.exec(readFileSync(path.join(root, "docs/api.md"), "utf8")) ?? [];
  expect(example).toContain('from "attention-lens"');
  const folder = temporaryFolder();
  const output = await program(example.replaceAll("heads.pdf", path.join(folder, "heads.pdf")));
  expect(output).toMatch(/blocks\.0\.attention/);
  const file = path.join(folder, "example.ts");
  writeFileSync(file, example);
  const checked = ts.createProgram([file], {
    noEmit: true,
    strict: true,
    skipLibCheck: false,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    paths: { "attention-lens": [path.join(root, "dist/api/index.d.ts")] },
    types: [],
    lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
  });
  const problems = ts
    .getPreEmitDiagnostics(checked)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
  expect(problems).toEqual([]);
});
