import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { assumedGrid, pictureInputs } from "../../../src/inputs/assumed-grid";
import { writeNpz } from "../../../src/inputs/arrays";
import { manifestPath, parseManifest } from "../../../src/inputs/manifest";
import { exampleModel, newClient, onCpu, root, temporaryFolder } from "../engine/harness";
import { attentionGraph, buildModel, weights } from "../onnx/model-builder";

/** A model whose one softmax has no product of queries and keys: x [1, 2, 3, 4] → w. */
const lone = buildModel({
  inputs: [{ name: "x", dims: [1, 2, 3, 4] }],
  outputs: [{ name: "y", dims: [1, 2, 3, 4] }],
  nodes: [
    { op: "Softmax", name: "weights_of_x", inputs: ["x"], outputs: ["w"], ints: { axis: -1 } },
    { op: "Mul", inputs: ["w", "w"], outputs: ["y"] },
  ],
});

/** A small vision transformer: 16 patches of 4 × 4 px of a picture of 16 × 16 px, and attention over them. */
function vision(): Uint8Array {
  const attention = attentionGraph({ tokens: 16 });
  return buildModel({
    ...attention,
    inputs: [{ name: "pixels", dims: [1, 3, 16, 16] }],
    nodes: [
      {
        op: "Conv",
        inputs: ["pixels", "patches"],
        outputs: ["cut"],
        intLists: { kernel_shape: [4, 4], strides: [4, 4] },
      },
      { op: "Reshape", inputs: ["cut", "flat"], outputs: ["rows"] },
      { op: "Transpose", inputs: ["rows"], outputs: ["x"], intLists: { perm: [0, 2, 1] } },
      ...attention.nodes,
    ],
    initializers: [
      ...(attention.initializers ?? []),
      { name: "patches", dims: [6, 3, 4, 4], values: weights(6 * 48, 3) },
      { name: "flat", dims: [3], values: [1, 6, 16], type: 7 },
    ],
  });
}

function folderWith(files: Record<string, Uint8Array | string>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content);
  return folder;
}

describe("a manifest to begin with", () => {
  it("names the recording, segments and components, and nothing is wrong with it", async () => {
    const folder = temporaryFolder();
    const model = path.join(folder, "model.onnx");
    copyFileSync(exampleModel, model);
    for (const name of ["recorded.npz", "model.py"])
      copyFileSync(path.join(root, "examples/decision-transformer", name), path.join(folder, name));
    const client = newClient();
    const draft = await client.draftManifest(model);
    expect(draft).toMatchObject({ file: manifestPath(model), exists: false });
    expect(existsSync(draft.file), "nothing is written").toBe(false);
    const { manifest, problems, text } = parseManifest(draft.text);
    expect([problems, text.syntaxErrors]).toEqual([[], []]);
    expect(manifest.inputs).toEqual({ file: "recorded.npz" });
    expect(manifest.source).toBe("model.py");
    expect(manifest.components).toContainEqual({ name: "blocks", match: "blocks.*" });
    expect(draft.text).toMatch(/\/\/ Assumed: /);
    writeFileSync(draft.file, draft.text);
    expect((await client.checkManifest(model)).problems).toEqual([]);
    const summary = await client.open(model, "full");
    expect(summary.manifestProblems).toEqual([]);
    expect((await client.capture(onCpu)).notices).toEqual([]);
  });

  it("names no tokens where there is no tokenizer, so that nothing is wrong with it", async () => {
    const folder = temporaryFolder();
    const model = path.join(folder, "model.onnx");
    copyFileSync(path.join(root, "test/fixtures/generation/gpt2.onnx"), model);
    const client = newClient();
    const { text } = await client.draftManifest(model);
    expect(text).not.toMatch(/"labels"/);
    writeFileSync(path.join(folder, "model.attention.json"), text);
    expect((await client.checkManifest(model)).problems).toEqual([]);
  });

  it("takes arrays of other names by their shape, and lists the rest, where no file has the inputs' names", async () => {
    const folder = temporaryFolder();
    const model = path.join(folder, "model.onnx");
    copyFileSync(path.join(root, "test/operators/cross.onnx"), model);
    const array = (...dims: number[]) => ({
      dtype: "float32",
      dims,
      data: new Float32Array(dims.reduce((all, dim) => all * dim, 1)),
    });
    const arrays = { words: array(1, 5, 10), reward: array(4) };
    writeFileSync(path.join(folder, "data.npz"), writeNpz(new Map(Object.entries(arrays))));
    const client = newClient();
    const { text } = await client.draftManifest(model);
    const { manifest } = parseManifest(text);
    expect(manifest.inputs?.arrays).toEqual({ tokens: { array: "words", file: "data.npz" } });
    expect(text).toMatch(/Assumed: the one array of this type and shape/);
    expect(text).toMatch(/data\.npz has reward \[4\]/);
    writeFileSync(path.join(folder, "model.attention.json"), text);
    expect((await client.checkManifest(model)).problems).toEqual([]);
    await client.open(model, "full");
    const capture = await client.capture(onCpu);
    expect(capture.sites[0]!.queries).toBe(5);
    expect(capture.notices[0]).toMatch(/^memory: made up/);
  });

  it("declares the nearest candidates where no attention was found, with why they were not taken", async () => {
    const folder = folderWith({ "model.onnx": lone });
    const { text } = await newClient().draftManifest(path.join(folder, "model.onnx"));
    const { manifest } = parseManifest(text);
    expect(manifest.sites).toEqual([{ tensor: "w", layout: ["batch", "heads", "queries", "keys"] }]);
    expect(text).toMatch(
      /\/\/ Not taken for attention because its scores are not a product of queries and keys/,
    );
  });
});

describe("a declared site", () => {
  const x = Float32Array.from({ length: 24 }, (_, at) => Math.sin(at * 3));
  /** Softmax over rows of 4, by hand. */
  const expected = Array.from({ length: 6 }, (_, row) => {
    const exponentials = [0, 1, 2, 3].map((key) => Math.exp(x[row * 4 + key]!));
    const sum = exponentials.reduce((all, each) => all + each, 0);
    return exponentials.map((each) => each / sum);
  });
  const recorded = writeNpz(new Map([["x", { data: x, dims: [1, 2, 3, 4] }]]));

  it.each(["w", "weights_of_x"])("is captured by its %s with the layout given", async (tensor) => {
    const manifest = {
      version: 1,
      inputs: { file: "recorded.npz" },
      components: [{ name: "own", match: "mine" }],
      sites: [{ tensor, name: "mine", layout: ["batch", "queries", "heads", "keys"], layer: 2 }],
    };
    const folder = folderWith({
      "model.onnx": lone,
      "recorded.npz": recorded,
      "model.attention.json": JSON.stringify(manifest),
    });
    const client = newClient();
    const summary = await client.open(path.join(folder, "model.onnx"), "full");
    expect(summary.sites).toMatchObject([
      { id: "site_000", name: "mine", component: "own", layer: 2, heads: 3 },
    ]);
    const { sites, generation } = await client.capture(onCpu);
    expect(sites[0]).toMatchObject({
      heads: 3,
      queries: 2,
      keys: 4,
      note: expect.stringMatching(/^declared/),
    });
    const page = await client.readPage({
      handle: sites[0]!.handle,
      generation,
      batch: 0,
      head: 1,
      queryStart: 0,
      queryEnd: 2,
      keyStart: 0,
      keyEnd: 4,
      maxRows: 8,
      maxColumns: 8,
      pooling: "max",
    });
    const cells = new Float32Array(page.cells);
    // Axis 1 are queries and axis 2 heads: head 1 has the rows 1 and 4.
    [...expected[1]!, ...expected[4]!].forEach((p, at) => expect(cells[at]).toBeCloseTo(p, 6));
  });

  it("whose layout does not fit is said to, and keeps nothing from opening", async () => {
    const manifest = {
      version: 1,
      sites: [
        { tensor: "w", layout: ["queries", "keys"] },
        { tensor: "v", layout: ["queries", "keys"] },
      ],
    };
    const folder = folderWith({
      "model.onnx": lone,
      "model.attention.json": JSON.stringify(manifest, null, 2),
    });
    const client = newClient();
    const model = path.join(folder, "model.onnx");
    const summary = await client.open(model, "scan");
    expect(summary.sites).toEqual([]);
    expect(summary.notSupported.map(({ reason }) => reason)).toEqual([
      "the manifest gives its map 2 axes (queries, keys), and it has 4: [1, 2, 3, 4]",
      "the manifest declares v, and the graph makes no such tensor",
    ]);
    const { problems } = await client.checkManifest(model);
    expect(problems.map(({ path: at }) => at)).toEqual(["sites[0].layout", "sites[1].tensor"]);
  });

  it("leaves the numbers of the sites that are found", async () => {
    const folder = temporaryFolder();
    const model = path.join(folder, "model.onnx");
    copyFileSync(exampleModel, model);
    const client = newClient();
    const before = (await client.open(model, "scan")).sites;
    const [first] = before;
    const manifest = {
      version: 1,
      sites: [
        { tensor: first!.tensor, layout: ["batch", "heads", "queries", "keys"] },
        { tensor: "logits", layout: ["batch", "queries", "keys"] },
      ],
    };
    writeFileSync(manifestPath(model), JSON.stringify(manifest));
    const after = (await newClient().open(model, "scan")).sites;
    expect(after.map(({ id, name }) => [id, name])).toEqual([
      ...before.map(({ id, name }) => [id, name]),
      [`site_00${before.length}`, "logits"],
    ]);
  });
});

describe("a grid that is assumed", () => {
  const picture = (height: number, width: number) =>
    pictureInputs([{ name: "pixels", dtype: "float32", dims: [1, 3, height, width] }]);

  it.each([
    [197, 224, 224, { rows: 14, columns: 14, patch: [16, 16], before: 1 }],
    [256, 224, 224, { rows: 16, columns: 16, patch: [14, 14], before: 0 }],
    [261, 224, 224, { rows: 16, columns: 16, patch: [14, 14], before: 5 }],
    [24, 64, 96, { rows: 4, columns: 6, patch: [16, 16], before: 0 }],
    [50, 100, 100, { rows: 7, columns: 7, patch: null, before: 1 }],
  ])("of %d tokens over %d × %d px", (tokens, height, width, grid) => {
    expect(assumedGrid(tokens, picture(height, width))).toEqual({ ...grid, camera: "pixels" });
  });

  it("is none where no picture goes in, or no number fits", () => {
    expect(assumedGrid(197, [])).toBeUndefined();
    expect(assumedGrid(198, picture(100, 84))).toBeUndefined();
    // A square number of queries is no grid of a picture that does not fall into as many rows as columns.
    expect(assumedGrid(100, picture(48, 64))).toBeUndefined();
    expect(pictureInputs([{ name: "states", dtype: "int64", dims: [1, 7, 7, 3] }])).toEqual([]);
  });
});
describe("a grid that is confirmed", () => {
  it("is written to the manifest, which keeps what is in it, and is no longer assumed", async () => {
    const before = '{\n  "version": 1,\n  // Kept.\n  "title": "A vision transformer"\n}\n';
    const folder = folderWith({ "model.onnx": vision(), "model.attention.json": before });
    const model = path.join(folder, "model.onnx");
    const client = newClient();
    await client.open(model, "full");
    const capture = await client.capture(onCpu);
    const axis = capture.axes.findIndex(({ assumed }) => assumed !== undefined);
    expect(capture.axes[axis]).toMatchObject({ from: "graph", assumed: expect.stringMatching(/4 × 4/) });
    const draft = await client.confirmGrid(axis);
    expect(draft.text).toContain("// Kept.");
    writeFileSync(draft.file, draft.text);
    expect((await client.checkManifest(model)).problems).toEqual([]);
    await client.open(model, "full");
    const confirmed = await client.capture(onCpu);
    expect(confirmed.axes).toHaveLength(1);
    expect(confirmed.axes[0]).toMatchObject({ from: "manifest" });
    expect(confirmed.axes[0]?.assumed).toBeUndefined();
    const grid = { rows: 4, columns: 4, patch: [4, 4], camera: "pixels", crop: null, padding: null };
    expect(confirmed.axes[0]?.segments.at(-1)?.grid).toEqual(grid);
    expect(readFileSync(draft.file, "utf8")).toContain('"title": "A vision transformer"');
    await expect(client.confirmGrid(0)).rejects.toMatchObject({ code: "stale" });
  });
});
