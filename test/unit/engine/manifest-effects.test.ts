/** Small fields of a manifest, each by what it changes: the sink, the entropy line, labels of figures, groups, times. */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { readNpz } from "../../../src/inputs/arrays";
import { defaultSpec } from "../../../src/shared/figure/figure-spec";
import { newClient, onCpu, root, temporaryFolder } from "./harness";

const example = path.join(root, "examples/ego-attention-dqn");

interface Written {
  sites: Record<string, unknown>[];
  steps: Record<string, unknown>;
  [name: string]: unknown;
}

/** A copy of the example whose manifest was changed. */
function changed(change: (manifest: Written) => void): string {
  const folder = temporaryFolder();
  for (const file of ["model.onnx", "recorded.npz", "model.py"])
    copyFileSync(path.join(example, file), path.join(folder, file));
  const text = readFileSync(path.join(example, "model.attention.json"), "utf8");
  const { $schema, checkpoints, ...manifest } = JSON.parse(text) as Written;
  expect([$schema, checkpoints]).not.toContain(undefined);
  change(manifest as Written);
  writeFileSync(path.join(folder, "model.attention.json"), JSON.stringify(manifest));
  return path.join(folder, "model.onnx");
}

async function captured(model: string) {
  const client = newClient();
  await client.open(model, "full");
  return { client, capture: await client.capture({ ...onCpu, input: { episode: 1, step: 3 } }) };
}

test("the sink is the key that the manifest names, in the figures of all heads and of one", async () => {
  const { client, capture } = await captured(changed(({ sites }) => (sites[0]!["sink"] = 2)));
  const out = path.join(temporaryFolder(), "out.npz");
  await client.writeData({ format: "npz", file: out, command: "" });
  const map = readNpz(readFileSync(out), "out.npz").get("site_000")!;
  const [site] = capture.sites;
  expect(site!.sink).toBe(2);
  for (let head = 0; head < 4; head++) {
    const wanted = Number(map.data[head * 15 + 2]);
    expect(site!.figures[0]![head]!.sinkMass).toBeCloseTo(wanted, 6);
    const place = { handle: site!.handle, generation: capture.generation, batch: 0, head };
    expect((await client.readHead(place)).figures.sinkMass).toBeCloseTo(wanted, 6);
    expect(wanted).not.toBeCloseTo(Number(map.data[head * 15]), 3);
  }
});

test("a moved entropy line and a limit of labels are followed by drawn figures, and said", async () => {
  const drawn = async (model: string, view: "entropy" | "heatmap") => {
    const { client, capture } = await captured(model);
    const file = path.join(temporaryFolder(), "figure.svg");
    await client.writeFigure({
      spec: { ...defaultSpec, view, heads: [0] },
      format: "svg",
      file,
      command: "",
    });
    return { capture, svg: readFileSync(file, "utf8") };
  };
  const plain = changed(() => undefined);
  const moved = changed((manifest) => {
    manifest["thresholds"] = { entropyLine: 0.3 };
    manifest["defaults"] = { labels: 4 };
  });
  expect((await drawn(plain, "entropy")).svg).not.toContain("dashed at");
  const { capture, svg } = await drawn(moved, "entropy");
  expect(capture.entropyLine).toBe(0.3);
  expect(svg).toContain("dashed at 0.3");
  expect((await drawn(plain, "heatmap")).svg).toMatch(/>v13</);
  const numbered = (await drawn(moved, "heatmap")).svg;
  expect(numbered).not.toMatch(/>v13</);
  expect(numbered).toMatch(/>13</);
});

test("groups, seconds and the value of every action of a step are told", async () => {
  const model = changed(
    (manifest) =>
      (manifest["groups"] = [
        { name: "trained", where: "trained == 1 and length > 0" },
        { name: "the last", samples: [2] },
      ]),
  );
  const { recording } = (await captured(model)).capture;
  const fields = recording.episodes.map(({ fields: { trained } }) => trained);
  expect(fields).toContain(1);
  expect(fields).toContain(0);
  expect(recording.episodes.map(({ group }) => group)).toEqual(
    fields.map((trained, index) => (trained === 1 ? "trained" : index === 2 ? "the last" : null)),
  );
  expect(recording.steps).toMatchObject({ index: 3, seconds: 1 });
  const recorded = readNpz(readFileSync(path.join(example, "recorded.npz")), "recorded.npz");
  const values = recorded.get("episode_001/action_values")!;
  for (const [action, name] of ["slower", "idle", "faster"].entries())
    expect(recording.values).toContainEqual({ name: `value of ${name}`, value: values.data[3 * 3 + action] });
});

test("boxes, vectors, labels of outputs and files of commands are checked", async () => {
  const model = changed((manifest) => {
    manifest["boxes"] = [{ segment: "vehicle", array: "frames" }];
    manifest["vectors"] = [{ name: "probe", segment: "vehicle", array: "rewards_of_none" }];
    manifest["outputs"] = { action_values: { kind: "values", labels: ["slower", "faster"] } };
    manifest["checkpoints"] = "checkpoints/{step}.onnx";
    manifest["export"] = { command: ["python", "export.py"], folder: "no" };
  });
  const { problems } = await newClient().checkManifest(model);
  const found = Object.fromEntries(problems.map(({ path: at, message }) => [at, message]));
  expect(found).toMatchObject({
    "boxes[0].array": expect.stringContaining("boxes of this format are [steps, tokens, 4]"),
    "vectors[0].array": expect.stringContaining("rewards_of_none"),
    "outputs.action_values.labels": "There are 2 labels, and the last axis of action_values has 3.",
    checkpoints: expect.stringContaining("There is no file checkpoints/{step}.onnx"),
    "export.folder": expect.stringContaining("There is no file no "),
  });
});
