import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { writeNpz } from "../../../src/inputs/arrays";
import type { EngineClient } from "../../../src/client/engine-client";
import type { Capture } from "../../../src/shared/capture";
import { attentionGraph, type BuiltGraph, buildModel, type BuiltNode, weights } from "../onnx/model-builder";
import { cells } from "./generation-reference";
import { newClient, onCpu, temporaryFolder } from "./harness";

const STEPS = 3;
const [TOKENS, WIDTH] = [5, 6];
const dims = [1, TOKENS, WIDTH];
const recorded = Float32Array.from(weights(STEPS * TOKENS * WIDTH, 9));
const begin = Float32Array.from(weights(TOKENS * WIDTH, 11));

/** next = attention(x + state), the tokens of both side by side; names begin with `before`. */
function cell(before: string, x: string, state: string, next: string): BuiltGraph {
  const graph = attentionGraph({ prefix: before });
  const shape = `${before}whole`;
  const nodes: BuiltNode[] = [
    { op: "Add", inputs: [x, state], outputs: [`${before}x`] },
    ...graph.nodes,
    {
      op: "Transpose",
      inputs: [`${before}context`],
      outputs: [`${before}turned`],
      intLists: { perm: [0, 2, 1, 3] },
    },
    { op: "Reshape", inputs: [`${before}turned`, shape], outputs: [next] },
  ];
  return { nodes, initializers: [...graph.initializers!, { name: shape, dims: [3], values: dims, type: 7 }] };
}

/** The model of one step, its manifest and its recording, in a folder. */
function prepared(manifest: object) {
  const folder = temporaryFolder();
  const model = path.join(folder, "model.onnx");
  const graph = cell("own_", "observation", "state", "next");
  const inputs = ["observation", "state"].map((name) => ({ name, dims }));
  writeFileSync(model, buildModel({ ...graph, inputs, outputs: [{ name: "next", dims }] }));
  writeFileSync(path.join(folder, "model.attention.json"), JSON.stringify({ version: 1, ...manifest }));
  const observation = { data: recorded, dims: [STEPS, ...dims] };
  writeFileSync(
    path.join(folder, "episode.npz"),
    writeNpz(
      new Map([
        ["observation", observation],
        ["state", { data: begin, dims }],
      ]),
    ),
  );
  return model;
}

/** All steps, or all passes of all steps, as one graph of as many copies: the reference. */
async function unrolled(passes: number): Promise<Float32Array[]> {
  const runs = Array.from({ length: STEPS * passes }, (_, at) => ({
    step: Math.floor(at / passes),
    pass: at % passes,
  }));
  const parts = runs.map(({ step, pass }, at) =>
    cell(
      `run${at}_`,
      pass === 0 ? `x${step}` : `y${at - 1}`,
      step === 0 ? "state" : `y${step * passes - 1}`,
      `y${at}`,
    ),
  );
  const folder = temporaryFolder();
  const model = path.join(folder, "unrolled.onnx");
  const observations = Array.from({ length: STEPS }, (_, step) => `x${step}`);
  writeFileSync(
    model,
    buildModel({
      nodes: parts.flatMap(({ nodes }) => nodes),
      initializers: parts.flatMap(({ initializers }) => initializers ?? []),
      inputs: [...observations, "state"].map((name) => ({ name, dims })),
      outputs: runs.map((_, at) => ({ name: `y${at}`, dims })),
    }),
  );
  const size = TOKENS * WIDTH;
  const arrays = observations.map((name, step) => {
    const data = recorded.slice(step * size, (step + 1) * size);
    return [name, { data, dims }] as const;
  });
  const file = path.join(folder, "all.npz");
  writeFileSync(file, writeNpz(new Map([...arrays, ["state", { data: begin, dims }]])));
  const client = newClient();
  await client.open(model, "full");
  const capture = await client.capture({ ...onCpu, input: { file } });
  expect(capture.sites).toHaveLength(runs.length);
  return Promise.all(capture.sites.map((site) => cells(client, capture, site, 1)));
}

const map = (client: EngineClient, capture: Capture) => cells(client, capture, capture.sites[0]!, 1);
const difference = (a: Float32Array, b: Float32Array) =>
  Math.max(...a.map((value, at) => Math.abs(value - b[at]!)));

const steps = {
  inputs: { file: "episode.npz" },
  steps: { axis: "time step", inputs: ["observation"] },
  loops: [{ over: "steps", feed: { state: "next" } }],
};

describe("a loop over steps", () => {
  it("gives each step of the recording what the step before returned", async () => {
    const wanted = await unrolled(1);
    const client = newClient();
    await client.open(prepared(steps), "full");
    const first = await client.capture(onCpu);
    expect(first.recording.steps).toMatchObject({ name: "time step", count: STEPS, index: 0 });
    // The last first: the steps before it are run as well, and kept.
    for (const step of [2, 0, 1]) {
      const capture = await client.capture({ ...onCpu, input: { step } });
      expect(capture.recording.steps).toMatchObject({ count: STEPS, index: step });
      expect(difference(await map(client, capture), wanted[step]!)).toBeLessThan(1e-6);
    }
    expect(difference(wanted[0]!, wanted[1]!)).toBeGreaterThan(0.01);
    await expect(client.capture({ ...onCpu, input: { step: STEPS } })).rejects.toMatchObject({
      detail: "There is no time step 3; there are 3, from 0.",
    });
  });

  it("runs a step once, whatever order they are asked for in", async () => {
    const client = newClient();
    await client.open(prepared(steps), "full");
    const labels: string[] = [];
    client.onProgress = (phases) => {
      const run = phases.find(({ name }) => name === "run")!;
      if (run.state === "active" && labels.at(-1) !== run.detail) labels.push(run.detail);
    };
    for (const step of [1, 0, 2, 1]) await client.capture({ ...onCpu, input: { step } });
    expect(labels).toEqual(["time step 1 of 3", "time step 2 of 3", "time step 3 of 3"]);
  });

  it("holds a loop over passes in each step, whose last pass is what goes on", async () => {
    const wanted = await unrolled(2);
    const client = newClient();
    const loops = [...steps.loops, { over: "passes", count: 2, feed: { observation: "next" } }];
    await client.open(
      prepared({ ...steps, passes: { axis: "pass", labels: ["coarse", "fine"] }, loops }),
      "full",
    );
    for (const [step, pass] of [
      [2, 1],
      [1, 0],
      [0, 1],
    ] as const) {
      const capture = await client.capture({ ...onCpu, input: { step, pass } });
      expect(capture.recording.passes).toMatchObject({
        name: "pass",
        count: 2,
        index: pass,
        labels: ["coarse", "fine"],
      });
      expect(difference(await map(client, capture), wanted[step * 2 + pass]!)).toBeLessThan(1e-6);
    }
  });

  it("without a recording makes as many as it counts, and shows the last", async () => {
    const client = newClient();
    await client.open(prepared({ loops: [{ over: "steps", count: 4, feed: { state: "next" } }] }), "full");
    const capture = await client.capture(onCpu);
    expect(capture.recording.steps).toMatchObject({ name: "step", count: 4, index: 3 });
    expect(capture.input.from).toBe("synthetic");
  });

  it("says what it lacks", async () => {
    const client = newClient();
    await client.open(prepared({ loops: [{ over: "steps", feed: { state: "next" } }] }), "full");
    await expect(client.capture(onCpu)).rejects.toMatchObject({
      code: "manifestInvalid",
      detail: "Nothing says how many steps the loop makes.",
    });
  });
});
