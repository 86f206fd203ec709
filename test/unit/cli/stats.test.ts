/** `attention-lens stats`, as people run it: against the maps that `capture` writes, computed here another way. */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { type NamedArray, readNpz } from "../../../src/inputs/arrays";
import { root, temporaryFolder } from "../engine/harness";

const command = path.join(root, "bin/attention-lens.mjs");
const model = (name: string) => path.join(root, `examples/${name}/model.onnx`);

interface Spread {
  readonly mean: number;
  readonly sd: number;
  readonly n: number;
}
interface Layer {
  readonly id: string;
  readonly entropyNats: Spread;
  readonly concentration: Spread;
  readonly heads: readonly { readonly entropyNats: Spread }[];
}
interface Found {
  readonly samples: number;
  readonly steps?: readonly number[];
  readonly layers: readonly Layer[];
  readonly overall: Layer;
  readonly thirds?: Record<"early" | "middle" | "late", { readonly overall: Layer }>;
}

function stats(name: string, ...options: string[]): Found {
  const text = execFileSync(process.execPath, [command, "stats", model(name), ...options, "--json", "-"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return JSON.parse(text) as Found;
}

function maps(name: string, ...options: string[]) {
  const out = path.join(temporaryFolder(), "out.npz");
  execFileSync(process.execPath, [command, "capture", model(name), ...options, "--out", out], {
    stdio: "ignore",
  });
  return readNpz(readFileSync(out), "out.npz");
}

/** Weights of a query over its context, the heads averaged; in self-attention without its own key. */
function row(map: NamedArray, batch: number, ownKey: boolean): number[] {
  const [, heads = 0, queries = 0, keys = 0] = map.dims;
  return Array.from({ length: ownKey ? keys - 1 : keys }, (_, key) => {
    let sum = 0;
    for (let head = 0; head < heads; head++)
      sum += Number(map.data[((batch * heads + head) * queries + queries - 1) * keys + key]);
    return sum / heads;
  });
}
const entropy = (weights: readonly number[]) =>
  -weights.reduce((all, a) => (a > 0 ? all + a * Math.log(a) : all), 0);
const mean = (values: readonly number[]) => values.reduce((all, each) => all + each, 0) / values.length;
const deviation = (values: readonly number[]) =>
  Math.sqrt(mean(values.map((each) => (each - mean(values)) ** 2)));

test("over samples: each layer, and overall the mean of the layers with its spread over the samples", () => {
  const found = stats("algorithm-distillation", "--samples", "0,3,4");
  const entropies = [0, 3, 4].map((sample) => {
    const own = maps("algorithm-distillation", "--samples", String(sample));
    return found.layers.map(({ id }) => entropy(row(own.get(id)!, 0, true)));
  });
  expect(found.samples).toBe(3);
  for (const [layer, { entropyNats }] of found.layers.entries()) {
    const values = entropies.map((each) => each[layer]!);
    expect(entropyNats.n).toBe(3);
    expect(entropyNats.mean).toBeCloseTo(mean(values), 4);
    expect(entropyNats.sd).toBeCloseTo(deviation(values), 4);
  }
  const overall = entropies.map(mean);
  expect(found.overall.entropyNats.n).toBe(3);
  expect(found.overall.entropyNats.mean).toBeCloseTo(mean(overall), 4);
  expect(found.overall.entropyNats.sd).toBeCloseTo(deviation(overall), 4);
  expect(found.overall.entropyNats.sd).not.toBeCloseTo(deviation(entropies.flat()), 2);
});

test("over the steps of an episode, and of its thirds", () => {
  const found = stats("algorithm-distillation", "--episode", "sample_002", "--steps", "0:3");
  const overall = Array.from({ length: 3 }, (_, step) => {
    const own = maps("algorithm-distillation", "--episode", "sample_002", "--steps", String(step));
    return mean(found.layers.map(({ id }) => entropy(row(own.get(id)!, 0, true))));
  });
  expect([found.samples, found.steps]).toEqual([1, [0, 1, 2]]);
  expect(found.overall.entropyNats.mean).toBeCloseTo(mean(overall), 4);
  for (const [at, third] of (["early", "middle", "late"] as const).entries()) {
    const own = found.thirds![third].overall.entropyNats;
    expect(own.n).toBe(1);
    expect(own.mean).toBeCloseTo(overall[at]!, 4);
  }
}, 60_000);

test("a batch axis of history steps gives the entry that is shown first, and is no sample", () => {
  const found = stats("player-encoder", "--episode", "0", "--steps", "9");
  const site = maps("player-encoder", "--episode", "0", "--steps", "9").get("site_000")!;
  const entries = site.dims[0]!;
  const each = Array.from({ length: entries }, (_, batch) => entropy(row(site, batch, false)));
  const first = found.layers[0]!.entropyNats;
  expect(entries).toBeGreaterThan(1);
  expect(first.n).toBe(1);
  // The manifest shows the last entry that is no padding; the first is none.
  expect(each.map((value) => value.toFixed(4))).toContain(first.mean.toFixed(4));
  expect(first.mean).not.toBeCloseTo(each[0]!, 3);
});

test("two ways of choosing samples at once are refused", () => {
  for (const each of ["stats", "capture"]) {
    const options = [command, each, model("vla-pi0"), "--episode", "0", "--samples", "0,1"];
    const { status, stderr } = spawnSync(process.execPath, options, { encoding: "utf8" });
    expect(status).not.toBe(0);
    expect(stderr).toContain("--episode and --samples both choose samples");
  }
});
