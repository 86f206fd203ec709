import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { writeNpz } from "../../../src/inputs/arrays";
import type { EngineClient } from "../../../src/client/engine-client";
import type { Capture } from "../../../src/shared/capture";
import type { InputChoice, RunProgress } from "../../../src/shared/input-choice";
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
    expect(labels).toEqual(["time step 1 of 2", "time step 2 of 2", "time step 3 of 3"]);
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

describe("a loop that is stopped", () => {
  const PASSES = 400;

  /** Captures, and stops as soon as the runs are under way. */
  async function stopped(client: EngineClient, input: InputChoice | null): Promise<[Capture, RunProgress]> {
    let seen: RunProgress | undefined;
    client.onProgress = (phases) => {
      const runs = phases.find(({ state }) => state === "active")?.runs;
      if (!runs || seen) return;
      seen = runs;
      void client.stop();
    };
    const capture = await client.capture({ ...onCpu, input });
    return [capture, seen!];
  }

  it("over passes keeps those that were made, and says so; asked for again it is made anew", async () => {
    const client = newClient();
    const model = prepared({
      inputs: { file: "episode.npz" },
      passes: { axis: "denoising pass" },
      steps: { axis: "time step", inputs: ["observation"] },
      loops: [{ over: "passes", feed: { state: "next" }, count: PASSES }],
    });
    await client.open(model, "full");
    const [capture, runs] = await stopped(client, null);
    expect(runs).toMatchObject({ name: "denoising pass", total: PASSES });
    const { count, index } = capture.recording.passes!;
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThan(PASSES);
    expect(index).toBe(count - 1);
    expect(capture.notices).toContain(`It was stopped after ${count} of ${PASSES} denoising passes.`);
    // What there is can be gone through without a run.
    let phases = 0;
    client.onProgress = () => (phases += 1);
    const first = await client.capture({ ...onCpu, input: { pass: 0 } });
    expect(first.recording.passes).toMatchObject({ count, index: 0 });
    expect(phases).toBe(0);
    const [, again] = await stopped(client, null);
    expect(again.done).toBe(0);
  });

  it("over steps goes on from there when a later step is asked for", async () => {
    const client = newClient();
    const model = prepared({ ...steps, loops: [{ over: "steps", feed: { state: "next" } }] });
    await client.open(model, "full");
    const wanted = await unrolled(1);
    const [capture, runs] = await stopped(client, { step: 2 });
    expect(runs).toEqual({ name: "time step", done: 0, total: 3 });
    expect(capture.recording.steps!.index).toBeLessThan(STEPS);
    client.onProgress = () => undefined;
    const last = await client.capture({ ...onCpu, input: { step: 2 } });
    expect(difference(await map(client, last), wanted[2]!)).toBeLessThan(1e-6);
  });
});
