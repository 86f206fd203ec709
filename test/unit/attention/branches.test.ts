import { expect, it } from "vitest";
import { discover } from "../../../src/attention/discover";
import { readModel } from "../../../src/onnx/read";
import { bytesSource } from "../../../src/onnx/source";
import { attentionGraph, type BuiltGraph, buildModel } from "../onnx/model-builder";

/** An If whose branches are these graphs, all of which read the same x. */
function sitesOf(then_branch: BuiltGraph, else_branch: BuiltGraph) {
  const branch = (graph: BuiltGraph): BuiltGraph => ({ ...graph, inputs: [] });
  const source = bytesSource(
    buildModel({
      nodes: [
        {
          op: "If",
          inputs: ["flag"],
          outputs: ["z", "y"],
          name: "choice",
          bodies: { then_branch: branch(then_branch), else_branch: branch(else_branch) },
        },
      ],
      inputs: [{ name: "flag", type: 9, dims: [] }, ...(then_branch.inputs ?? [])],
      outputs: ["z", "y"].map((name) => ({ name, dims: ["a", "b", "c", "d"] })),
    }),
  );
  return discover(readModel(source), source).sites;
}

/** Two layers side by side on the same x, their nodes named by module paths or not at all. */
function layers(heads: number, paths: readonly string[] | null): BuiltGraph {
  const parts = [0, 1].map((layer) => {
    const graph = attentionGraph({ heads, size: 6 / heads, prefix: layer === 0 ? "" : "second_" });
    const nodes = graph.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map((name) => (name === "second_x" ? "x" : name)),
      name: paths ? `/${paths[layer]}/${node.op}` : "",
    }));
    return { ...graph, nodes };
  });
  return {
    nodes: parts.flatMap(({ nodes }) => nodes),
    initializers: parts.flatMap(({ initializers }) => initializers ?? []),
    inputs: parts[0]!.inputs ?? [],
    outputs: parts.flatMap(({ outputs }) => outputs ?? []),
  };
}

it("layers of both branches with the same paths are one site each, in whatever order they stand", () => {
  const sites = sitesOf(layers(2, ["block.0", "block.1"]), layers(2, ["block.1", "block.0"]));
  expect(sites.map(({ name, layer }) => [name, layer])).toEqual([
    ["block.0", 0],
    ["block.1", 1],
  ]);
  expect(sites[0]!.note).toContain("in both branches of If choice");
  expect(sites.flatMap(({ assumed }) => assumed)).toEqual([]);
});

it("without paths the order tells which belong together, and that is said", () => {
  const sites = sitesOf(layers(2, null), layers(2, null));
  expect(sites).toHaveLength(2);
  expect(sites[0]!.assumed.join()).toContain("hold the same layers in the same order");
});

it("branches whose layers differ in heads, or in their paths, are sites of their own", () => {
  expect(sitesOf(layers(2, null), layers(3, null))).toHaveLength(4);
  expect(sitesOf(layers(2, ["block.0", "block.1"]), layers(3, ["block.0", "block.1"]))).toHaveLength(4);
  expect(sitesOf(layers(2, ["a.0", "a.1"]), layers(2, ["b.0", "b.1"])).map(({ note }) => note)).toEqual([
    null,
    null,
    null,
    null,
  ]);
});
