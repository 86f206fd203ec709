// Outputs that hold maps: those of sites that are found, and those behind which nothing is found.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readNpz } from "../../../src/inputs/arrays";
import type { Capture } from "../../../src/shared/capture";
import { defaultSpec } from "../../../src/shared/figure/figure-spec";
import { type BuiltGraph, type BuiltNode, type BuiltTensor, buildModel } from "../onnx/model-builder";
import { newClient, onCpu, root, temporaryFile, temporaryFolder } from "./harness";

/** Rows of four shares, each row another. */
function shares(rows: number): number[] {
  return Array.from({ length: rows }, (_, row) => {
    const exponentials = [0, 1, 2, 3].map((key) => Math.exp(Math.sin(row * 5 + key * 2)));
    const sum = exponentials.reduce((all, each) => all + each, 0);
    return exponentials.map((each) => each / sum);
  }).flat();
}

/** x → Relu → y, and constants that are outputs. */
function folded(tensors: readonly BuiltTensor[], nodes: BuiltNode[] = []): BuiltGraph {
  return {
    nodes: [{ op: "Relu", inputs: ["x"], outputs: ["y"] }, ...nodes],
    inputs: [{ name: "x", dims: ["batch", 2] }],
    initializers: [...tensors],
    outputs: [{ name: "y", dims: ["batch", 2] }, ...tensors.map(({ name, dims }) => ({ name, dims }))],
  };
}

async function capture(
  model: Uint8Array,
  manifest?: object,
): Promise<{
  sites: Capture["sites"];
  maps: ReturnType<typeof readNpz>;
  client: ReturnType<typeof newClient>;
}> {
  const file = temporaryFile("model.onnx", model);
  if (manifest) writeFileSync(file.replace(/\.onnx$/, ".attention.json"), JSON.stringify(manifest));
  const client = newClient();
  await client.open(file, "full");
  const { sites } = await client.capture(onCpu);
  const out = path.join(temporaryFolder(), "out.npz");
  await client.writeData({ format: "npz", file: out, command: "" });
  return { sites, maps: readNpz(readFileSync(out), "out.npz"), client };
}

describe("outputs of sites that are found", () => {
  it.each([
    ["outputs-stacked", ["attentions[0]"], ["attentions[1]"]],
    ["outputs-averaged", ["attention_0 (mean over heads)"], ["attention_1 (mean over heads)"]],
  ])("are told of each, and are no sites of their own (%s)", async (name, first, second) => {
    const client = newClient();
    const { sites } = await client.open(path.join(root, `test/operators/${name}.onnx`), "scan");
    expect(sites.map(({ heldBy }) => heldBy)).toEqual([first, second]);
    expect(sites.map(({ heads }) => heads)).toEqual([4, 4]);
  });
});

describe("outputs behind which nothing is found", () => {
  const stack = shares(2 * 2 * 3);
  it("are a site for each layer of a stack, with the heads of each", async () => {
    const graph = folded([{ name: "attentions", dims: [2, 1, 2, 3, 4], values: stack }]);
    const { sites, maps } = await capture(buildModel(graph));
    expect(sites).toMatchObject([
      { name: "attentions[0]", layer: 0, heads: 2, queries: 3, keys: 4, kind: "unknown", method: "exposed" },
      { name: "attentions[1]", layer: 1, heads: 2 },
    ]);
    expect(sites[0]?.note).toMatch(/folded into a constant/);
    expect(sites[0]?.assumed).toEqual([
      "the output attentions holds attention by its name",
      "its axes are layers, batch, heads, queries, keys",
    ]);
    expect(maps.get("site_000")?.dims).toEqual([1, 2, 3, 4]);
    expect(maps.get("site_000")?.data).toEqual(Float32Array.from(stack.slice(0, 24)));
    expect(maps.get("site_001")?.data).toEqual(Float32Array.from(stack.slice(24)));
  });

  it("are named a mean over heads where they have no axis of heads", async () => {
    const values = shares(3);
    const { sites, maps, client } = await capture(
      buildModel(folded([{ name: "attn_weights", dims: [1, 3, 4], values }])),
    );
    expect(sites).toMatchObject([{ name: "attn_weights", averaged: true, heads: 1, method: "output" }]);
    expect(maps.get("site_000")?.data).toEqual(Float32Array.from(values));
    expect(sites[0]?.note).toMatch(/^the mean over its heads/);
    const file = path.join(temporaryFolder(), "figure.svg");
    await client.writeFigure({
      spec: { ...defaultSpec, view: "heatmap", sites: [0], heads: [0] },
      ...{ format: "svg", file, command: "" },
    });
    expect(readFileSync(file, "utf8")).toContain("mean over heads");
  });

  it("are none where their rows sum to something else, their name says nothing, or the graph computes them", async () => {
    const client = newClient();
    const counts = shares(3).map((value) => value * 7);
    const graph = folded(
      [
        { name: "attention_weights", dims: [1, 3, 4], values: counts },
        { name: "table", dims: [1, 3, 4], values: shares(3) },
        { name: "attention_mask", dims: [1, 3, 4], values: shares(3) },
      ],
      [{ op: "Softmax", inputs: ["x"], outputs: ["attn_probs"] }],
    );
    graph.outputs?.push({ name: "attn_probs", dims: ["batch", 2] });
    const { sites, notSupported } = await client.open(temporaryFile("model.onnx", buildModel(graph)), "scan");
    expect([...sites, ...notSupported]).toEqual([]);
  });

  it("can be declared, layers and means included", async () => {
    const values = shares(2 * 3);
    const graph = folded([{ name: "table", dims: [1, 2, 3, 4], values }]);
    graph.nodes.push({ op: "Identity", inputs: ["table"], outputs: ["rolled"] });
    graph.outputs?.push({ name: "rolled", dims: [1, 2, 3, 4] });
    const { sites, maps } = await capture(buildModel(graph), {
      version: 1,
      sites: [
        {
          tensor: "rolled",
          name: "history",
          layout: ["batch", "layers", "queries", "keys"],
          averaged: true,
          layer: 4,
          kind: "cross",
        },
      ],
    });
    expect(sites).toMatchObject([
      { name: "history[0]", layer: 4, averaged: true, kind: "cross" },
      { name: "history[1]", layer: 5, averaged: true, kind: "cross" },
    ]);
    expect(maps.get("site_001")?.data).toEqual(Float32Array.from(values.slice(12)));
  });
});
