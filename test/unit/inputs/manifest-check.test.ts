import { copyFileSync, linkSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { writeNpz } from "../../../src/inputs/arrays";
import { parseManifest } from "../../../src/inputs/manifest";
import { insideFolder, matchingFiles } from "../../../src/inputs/manifest/paths";
import { exampleModel, newClient, root, temporaryFolder } from "../engine/harness";

const example = path.join(root, "examples/decision-transformer");

/** The example's model, its recording, and a manifest of this text. */
function withManifest(text: string): { model: string; folder: string } {
  const folder = temporaryFolder();
  copyFileSync(exampleModel, path.join(folder, "model.onnx"));
  copyFileSync(path.join(example, "recorded.npz"), path.join(folder, "recorded.npz"));
  copyFileSync(path.join(example, "model.py"), path.join(folder, "model.py"));
  writeFileSync(path.join(folder, "model.attention.json"), text);
  return { model: path.join(folder, "model.onnx"), folder };
}

const lineOf = (text: string, part: string) => text.slice(0, text.indexOf(part)).split("\n").length - 1;

const fiveFaults = `{
  "version": 1,
  // A comment is no fault.
  "titel": "Decision transformer",
  "inputs": { "file": "recordings.npz" },
  "segments": [
    { "name": "history", "count": 4 },
    { "name": "state", "role": "stat", "count": 1 }
  ],
  "components": [
    { "name": "decoder", "match": "block.*" }
  ],
  "embeddings": [
    { "name": "object", "tensor": "encoder.embeding.weight" }
  ]
}
`;

describe("checking a manifest", () => {
  it("of five faults shows five problems at their lines", async () => {
    const { model } = withManifest(fiveFaults);
    const { problems } = await newClient({ trusted: false }).checkManifest(model);
    const lines = problems.map(({ line, path: at }) => [at, line]);
    expect(lines).toEqual([
      ["titel", lineOf(fiveFaults, '"titel"')],
      ["inputs.file", lineOf(fiveFaults, '"inputs"')],
      ["segments[1].role", lineOf(fiveFaults, '"stat"')],
      ["components[0].match", lineOf(fiveFaults, '"block.*"')],
      ["embeddings[0].tensor", lineOf(fiveFaults, '"encoder.embeding')],
    ]);
    const [title, file, role, match, tensor] = problems.map(({ message }) => message);
    expect(title).toBe("The field “titel” is not known here. Did you mean “title”?");
    expect(file).toBe("There is no file recordings.npz beside the manifest.");
    expect(role).toMatch(/^It should be one of image, text, state, .*Did you mean “state”\?$/);
    expect(match).toMatch(/^block\.\* matches no site; sites are blocks\.0/);
    expect(tensor).toMatch(/^The model has no weight encoder\.embeding\.weight; it has /);
    // Columns frame the word itself, as an editor underlines it.
    const place = problems[1]!;
    const text = fiveFaults.split("\n")[place.line]!.slice(place.column, place.endColumn);
    expect(text).toBe('"recordings.npz"');
  });

  it("opens the view with what is right", async () => {
    const { model } = withManifest(fiveFaults.replace('"titel"', '"title"'));
    const summary = await newClient().open(model, "scan");
    expect(summary.title).toBe("Decision transformer");
    expect(summary.manifestProblems).toHaveLength(1);
    expect(summary.manifestProblems[0]).toMatch(/^model\.attention\.json, line 8: segments\[1\]\.role: /);
  });

  it("gives a view a made-up input in place of one that cannot be used, and says so", async () => {
    const { model } = withManifest(fiveFaults.replace('"recordings.npz"', '"../recorded.npz"'));
    const client = newClient();
    await client.open(model, "full");
    const request = { provider: "cpu" as const, providerOrder: [], input: null, sites: null };
    await expect(client.capture(request)).rejects.toMatchObject({ code: "manifestInvalid" });
    const { input, notices, axes } = await client.capture({ ...request, fallback: true });
    expect(input.from).toBe("synthetic");
    expect(notices[0]).toMatch(/^The manifest's input cannot be used, and one is made up: .*leads out of/);
    expect(axes.length).toBeGreaterThan(0);
  });

  it("of the example finds nothing", async () => {
    const { model } = withManifest(readFileSync(path.join(example, "model.attention.json"), "utf8"));
    expect((await newClient().checkManifest(model)).problems).toEqual([]);
  });

  it("compares segments with the sizes that follow from the recording", async () => {
    const manifest = {
      version: 1,
      inputs: { file: "recorded.npz" },
      segments: [
        { name: "history", count: 15 },
        { name: "rest", count: 4 },
      ],
    };
    const { model } = withManifest(JSON.stringify(manifest, null, 2));
    const { problems } = await newClient().checkManifest(model);
    expect(problems.map(({ path: at, message }) => [at, message])).toEqual([
      [
        "segments",
        expect.stringMatching(/^The segments make 19 tokens and the axis has 17: history 15, rest 4\./),
      ],
    ]);
  });

  it("finds arrays that are missing or do not fit, tokenizers, grids, weights and names that are not there", async () => {
    const manifest = {
      version: 1,
      inputs: {
        file: "recorded.npz",
        arrays: { states: "actions", timestep: "timesteps", returns_to_go: "returns" },
        texts: [{ text: "go", tokenizer: "tokenizer.json", ids: "actions" }],
      },
      axes: {
        cells: [{ name: "cell", count: 50, grid: { rows: 7, columns: 7, camera: "front" } }],
      },
      sites: [{ match: "blocks.*", heads: 3, queries: "cell" }],
      steps: { axis: "time", inputs: ["state"], rewards: "rewards" },
      loops: [{ feed: { actions: "logit" } }],
      boxes: [{ segment: "vehicle", array: "rewards" }],
      groups: [{ name: "success", where: "success == 1" }],
      defaults: { query: "actions[0]", heads: [4], layers: [2], site: "decoder" },
    };
    const { model, folder } = withManifest(JSON.stringify(manifest, null, 2));
    writeFileSync(path.join(folder, "tokenizer.json"), '{"version": "1.0"}');
    const { problems } = await newClient().checkManifest(model);
    const messages = new Map(problems.map(({ path: at, message }) => [at, message]));
    expect(Object.fromEntries(messages)).toEqual({
      "inputs.arrays.states": expect.stringContaining("the recording has [1, 6]: 5 axes are wanted."),
      "inputs.arrays.timestep": expect.stringContaining("Did you mean “timesteps”?"),
      "inputs.arrays.returns_to_go": expect.stringContaining("has no array returns"),
      "inputs.texts[0].tokenizer": "The tokenizer tokenizer.json cannot be used. It names no model.",
      "axes.cells[0].grid": "7 × 7 makes 49 tokens, and count says 50.",
      "axes.cells[0].grid.camera": expect.stringContaining("have a front"),
      "sites[0].heads": expect.stringMatching(/has 4 heads by its graph, not 3/),
      "sites[0].queries": expect.stringContaining("Did you mean “cells”?"),
      "steps.inputs[0]": expect.stringContaining("Did you mean “states”?"),
      "loops[0].feed.actions": expect.stringContaining("Did you mean “logits”?"),
      "boxes[0].array": expect.stringContaining("boxes of this format are [steps, tokens, 4]"),
      "boxes[0].segment": expect.stringContaining("There is no segment vehicle"),
      "groups[0].where": expect.stringContaining("There is no field success"),
      "defaults.query": expect.stringContaining("There is no segment actions"),
      "defaults.heads[0]": "There is no head 4: heads count from 0 to 3.",
      "defaults.layers[0]": "There is no layer 2: layers count from 0.",
      "defaults.site": expect.stringContaining("No site or component is called decoder"),
    });
  });

  it("builds the tokenizer that is named, and says at its line why it cannot be used", async () => {
    const manifest = (tokenizer: string) => `{
  "version": 1,
  "inputs": { "texts": [
    { "text": "go", "ids": "actions",
      "tokenizer": "${tokenizer}" }
  ] }
}`;
    const { model, folder } = withManifest(manifest("tokenizer.json"));
    const source = readFileSync(path.join(root, "test/fixtures/tokenizers/wordpiece/tokenizer.json"), "utf8");
    const whole = JSON.parse(source) as Record<string, unknown>;
    const client = newClient();
    const check = async (content: string) => {
      writeFileSync(path.join(folder, "tokenizer.json"), content);
      const { problems } = await client.checkManifest(model);
      return problems.filter(({ path: at }) => at.includes("tokenizer"));
    };
    expect(await check(source)).toEqual([]);
    for (const broken of [
      source.slice(0, 400),
      JSON.stringify({ ...whole, model: { type: "BPE" } }),
      JSON.stringify({ ...whole, pre_tokenizer: { type: "Sentences" } }),
    ]) {
      const [found, ...more] = await check(broken);
      expect(more).toEqual([]);
      expect(found).toMatchObject({ line: 4, path: "inputs.texts[0].tokenizer", severity: "error" });
      expect(found!.message).toMatch(/^The tokenizer tokenizer\.json cannot be used\. ./);
    }
  });

  it("words numbers, texts and names that cannot be meant, each at its line", () => {
    const { problems, text } = parseManifest(`\uFEFF{
  "version": 1,
  "title": "a",
  "title": "b",
  "inputs": { "arrays": { "x": { "array": "x",
    "scale": "255/" } } },
  "sites": [{
    "match": "" }],
  "steps": { "axis": "t", "windows": { "x": {
    "length": 0 } } },
  "defaults": {
    "range": 3 }
}`);
    const told = problems.map(({ path: at, on, message }) => [text.range(at, on).line + 1, message]);
    expect(told.sort(([a], [b]) => Number(a) - Number(b))).toEqual([
      [3, "The field “title” is written again below, and that one holds."],
      [6, 'It should be a number, or a quotient such as "1/255", and is "255/".'],
      [8, 'It should not be empty, and is "".'],
      [10, "It should be above 0, and is 0."],
      [12, "It should be 1 or less, and is 3."],
    ]);
    const syntax = (written: string) =>
      parseManifest(written).text.syntaxErrors.map(({ message }) => message);
    expect(syntax('{ "version": 1, "defaults": { "range": NaN } }')).toEqual([
      "JSON has no NaN: write a number.",
    ]);
    const utf16 = Buffer.from('\uFEFF{ "version": 1 }', "utf16le").toString("utf8");
    expect(syntax(utf16)).toEqual(["The file is saved as UTF-16; save it as UTF-8."]);
    expect(parseManifest(utf16).problems).toEqual([]);
  });

  it("finds divisions by 0, open counts and names that mean two things", async () => {
    const manifest = {
      version: 1,
      inputs: { file: "recorded.npz", arrays: { states: { array: "states", scale: "1/0", std: [1, 0] } } },
      segments: [{ name: "past" }, { name: "past" }],
      samples: { fields: { success: "rewards" } },
      groups: [
        { name: "won", where: "success == 1 and" },
        { name: "won", where: "length > 3" },
      ],
    };
    const { model } = withManifest(JSON.stringify(manifest, null, 2));
    const { problems } = await newClient().checkManifest(model);
    expect(Object.fromEntries(problems.map(({ path: at, message }) => [at, message]))).toEqual({
      "inputs.arrays.states.scale": "1/0 divides by 0.",
      "inputs.arrays.states.std": "Colours are divided by it: it should not hold 0.",
      segments: expect.stringContaining("Nothing says how many tokens past and past have"),
      "segments[1].name": expect.stringContaining("is called past too"),
      "groups[0].where": expect.stringMatching(/^Expected the name of a field, at character 17/),
      "groups[1].name": expect.stringContaining("is called won too"),
    });
  });

  it("says where text is no JSON", async () => {
    const { model } = withManifest('{\n  "version": 1,\n  "title" "x"\n}\n');
    const { problems } = await newClient().checkManifest(model);
    expect(problems[0]).toMatchObject({ line: 2, message: "A colon is expected." });
  });

  it("checks the fields of a manifest whose model cannot be read, and says so", async () => {
    const { model } = withManifest('{ "version": 1, "titel": "x" }');
    writeFileSync(model, "no model");
    const { problems } = await newClient().checkManifest(model);
    expect(problems.map(({ severity }) => severity).sort()).toEqual(["error", "warning"]);
  });
});

describe("what is right in a manifest", () => {
  it("looks for arrays in the folder of the first sample, and for files where there are folders", async () => {
    const { model, folder } = withManifest("{}");
    mkdirSync(path.join(folder, "runs/a"), { recursive: true });
    writeFileSync(path.join(folder, "runs/a/data.json"), '{"action": [0, 1], "done": true}');
    const problemsOf = async (manifest: object) => {
      const text = JSON.stringify({ version: 1, ...manifest });
      writeFileSync(path.join(folder, "model.attention.json"), text);
      const { problems } = await newClient({ trusted: false }).checkManifest(model);
      return problems.map((each) => [each.path, each.message]);
    };
    const found = await problemsOf({
      samples: { files: "runs/{sample}/", fields: { success: "succes", done: "done" } },
      steps: { axis: "step", actions: { array: "actoin" } },
    });
    expect(found).toContainEqual([
      "steps.actions.array",
      "runs/a has no array actoin; it has action, done. Did you mean “action”?",
    ]);
    expect(found.map(([at]) => at)).toContain("samples.fields.success");
    expect(found.map(([at]) => at)).not.toContain("samples.fields.done");
    // What the model wants and no sample has is said once for each input, at the samples.
    expect(found.filter(([at]) => at === "samples.files").length).toBeGreaterThan(0);
    expect(await problemsOf({ inputs: { file: "runs" } })).toEqual([
      ["inputs.file", "runs is a folder: name a file of arrays, or samples.files for a file or folder each."],
    ]);
    expect(await problemsOf({ inputs: { file: "*.npz" } })).toEqual([
      ["inputs.file", "*.npz names one file of arrays: * and ? stand for nothing here."],
    ]);
  });

  it("looks for arrays by the names of their samples, whose batch a run adds", async () => {
    const folder = temporaryFolder();
    const model = path.join(folder, "model.onnx");
    copyFileSync(path.join(root, "test/operators/plain.onnx"), model);
    const data = (...dims: number[]) => ({ dims, data: new Float32Array(dims.reduce((a, b) => a * b, 1)) });
    const arrays = { "run_1/tokens": data(4, 10), "run_2/tokens": data(5, 10) };
    writeFileSync(path.join(folder, "in.npz"), writeNpz(new Map(Object.entries(arrays))));
    const manifest = { version: 1, inputs: { file: "in.npz" }, samples: { arrays: "{sample}/{array}" } };
    writeFileSync(path.join(folder, "model.attention.json"), JSON.stringify(manifest));
    expect((await newClient({ trusted: false }).checkManifest(model)).problems).toEqual([]);
  });

  it("does not miss what a recording need not hold: caches, and what a loop sets", async () => {
    const folder = temporaryFolder();
    const model = path.join(folder, "model.onnx");
    copyFileSync(path.join(root, "test/operators/cross.onnx"), model);
    writeFileSync(path.join(folder, "in.json"), JSON.stringify({ tokens: [[new Array(10).fill(0.5)]] }));
    const write = (manifest: object) =>
      writeFileSync(
        path.join(folder, "model.attention.json"),
        JSON.stringify({ version: 1, inputs: { file: "in.json" }, ...manifest }),
      );
    const client = newClient({ trusted: false });
    write({});
    expect((await client.checkManifest(model)).problems.map(({ message }) => message)).toEqual([
      "It has no array memory, which the model wants: name one in inputs.arrays.",
    ]);
    write({ loops: [{ set: { memory: [1, 2] } }] });
    expect((await client.checkManifest(model)).problems).toEqual([]);
  });

  it("names what cannot be read as a manifest at all", async () => {
    const { model, folder } = withManifest("{}");
    const file = path.join(folder, "model.attention.json");
    const open = async (content: string | Uint8Array) => {
      writeFileSync(file, content);
      const { manifestProblems } = await newClient().open(model, "scan");
      const { problems } = await newClient({ trusted: false }).checkManifest(model);
      expect(manifestProblems.length, String(content).slice(0, 40)).toBe(problems.length);
      return problems.map(({ line, message }) => [line, message]);
    };
    expect(await open("")).toEqual([[0, 'It is empty: write { "version": 1 } first.']]);
    expect(await open(`{ "version": 1,\n "x": ${"[".repeat(50_000)}${"]".repeat(50_000)} }`)).toEqual([
      [1, "Lists and objects are nested more than 100 deep."],
    ]);
    const title = Buffer.from('{ "version": 1,\n "title": "Caf\u00e9" }', "latin1");
    expect(await open(title)).toEqual([[1, "This letter is not saved as UTF-8; save the file so."]]);
    rmSync(file);
    mkdirSync(file);
    const { manifestProblems } = await newClient().open(model, "scan");
    expect(manifestProblems).toEqual(["model.attention.json: It is not a file."]);
    const { problems } = await newClient({ trusted: false }).checkManifest(model);
    expect(problems.map(({ message }) => message)).toEqual(["It is not a file."]);
  });

  it("takes names that every object has for names like any other", async () => {
    const text = JSON.stringify({
      version: 1,
      axes: { toString: [{ name: "constructor" }] },
      sites: [{ match: "blocks.*", queries: "hasOwnProperty", keys: "toString" }],
    });
    const { model } = withManifest(text);
    const client = newClient();
    const { problems } = await client.checkManifest(model);
    expect(problems.map(({ path: at, message }) => [at, message])).toEqual([
      ["sites[0].queries", "There is no entry hasOwnProperty in axes; there is toString."],
    ]);
    await client.open(model, "full");
    const request = { provider: "cpu" as const, providerOrder: [], input: null, sites: null };
    const { axes, sites } = await client.capture(request);
    const site = sites.find(({ name }) => name.startsWith("blocks."))!;
    expect(axes[site.keyAxis]!.segments[0]!.name).toBe("constructor");
    expect(axes[site.queryAxis]!.from).not.toBe("manifest");
  });

  it("repeats no more of a value than tells which it is", () => {
    const { problems } = parseManifest(JSON.stringify({ version: 1, inputs: { file: "a".repeat(5000) } }));
    expect(problems[0]!.message).toMatch(/^It should have at most 4096 characters, and is "a{79}…\.$/);
  });

  it("is kept to the last part that is wrong", () => {
    const { manifest, problems } = parseManifest(`{
      "version": 1,
      "components": [{ "name": "a", "match": "a.*" }, { "name": "b" }, { "name": "c", "match": 3 }],
      "defaults": { "colours": "mauve", "query": "last" },
      "steps": { "axis": "time", "rewards": "r", "actions": { "names": ["a"] } },
      "segments": [{ "name": "x", "count": 3 }, { "name": "y", "count": -1 }]
    }`);
    expect(problems).toHaveLength(5);
    expect(manifest.components).toEqual([{ name: "a", match: "a.*" }]);
    expect(manifest.defaults).toEqual({ query: "last" });
    expect(manifest.steps).toEqual({ axis: "time", rewards: "r" });
    // Without one segment the others would name the wrong tokens: an open count takes what the wrong one left.
    expect(manifest.segments?.map(({ name, count }) => [name, count])).toEqual([
      ["x", 3],
      ["y", undefined],
    ]);
  });

  it("is nothing where the file holds no object", () => {
    for (const text of ["[]", "3", '"x"', "", "null"])
      expect(parseManifest(text).manifest, text).toEqual({ version: 1 });
  });
});

describe("paths of a manifest", () => {
  const outside = [
    "../secret.npz",
    "a/../../secret.npz",
    "/etc/passwd",
    "C:\\x.npz",
    "\\\\host\\share\\x",
    "~/x",
    "*/memory/1",
    "file:///etc/passwd",
  ];

  it.each(outside)("do not lead out of its folder: %s", (named) => {
    expect(() => insideFolder(temporaryFolder(), named)).toThrow(
      expect.objectContaining({ code: "manifestInvalid" }) as Error,
    );
  });

  it("are no links: symbolic, below one, or hard", () => {
    const folder = temporaryFolder();
    const secret = path.join(temporaryFolder(), "secret.npz");
    writeFileSync(secret, "x");
    symlinkSync(secret, path.join(folder, "link.npz"));
    symlinkSync(path.dirname(secret), path.join(folder, "parent"));
    linkSync(secret, path.join(folder, "hard.npz"));
    mkdirSync(path.join(folder, "plain"));
    writeFileSync(path.join(folder, "plain", "x.npz"), "x");
    for (const named of ["link.npz", "parent/secret.npz", "hard.npz"])
      expect(() => insideFolder(folder, named), named).toThrow(/link/);
    // A pattern does not mean what is linked from there.
    expect(matchingFiles(folder, "p*/{sample}.npz")).toEqual([path.join(folder, "plain", "x.npz")]);
    expect(() => matchingFiles(folder, "parent/{sample}.npz")).toThrow(/link/);
    expect(insideFolder(folder, "plain/x.npz")).toBe(path.join(folder, "plain", "x.npz"));
  });

  it("with placeholders are what they match", () => {
    const folder = temporaryFolder();
    for (const name of ["success/0.npz", "success/1.npz", "failure/0.npz", "failure/note.txt"]) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), "x");
    }
    const found = matchingFiles(folder, "{group}/{sample}.npz").map((file) => path.relative(folder, file));
    expect(found).toEqual(["failure/0.npz", "success/0.npz", "success/1.npz"]);
  });
});
