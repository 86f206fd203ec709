import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { discover } from "../../../src/attention/discover";
import { readModel } from "../../../src/onnx/read";
import { bytesSource } from "../../../src/onnx/source";
import { attentionGraph, type BuiltGraph, buildModel, type BuiltNode, weights } from "../onnx/model-builder";

function find(graph: BuiltGraph, opset?: number): ReturnType<typeof discover> {
  const source = bytesSource(buildModel(graph, opset));
  return discover(readModel(source), source);
}

/** The graph with nodes put in place of the softmax. */
function withSoftmax(
  replace: (softmax: BuiltNode) => BuiltNode[],
  extra: Partial<BuiltGraph> = {},
): BuiltGraph {
  const graph = attentionGraph({});
  return {
    ...graph,
    nodes: graph.nodes.flatMap((node) => (node.op === "Softmax" ? replace(node) : [node])),
    initializers: [...(graph.initializers ?? []), ...(extra.initializers ?? [])],
    outputs: [...(graph.outputs ?? []), ...(extra.outputs ?? [])],
  };
}

describe("the example", () => {
  it("has two self-attention sites of four heads with their source lines", () => {
    const source = bytesSource(
      new Uint8Array(
        readFileSync(new URL("../../../examples/decision-transformer/model.onnx", import.meta.url)),
      ),
    );
    const { sites, otherSoftmaxes, notSupported } = discover(readModel(source), source);
    expect(
      sites.map(({ name, layer, kind, heads, method }) => ({ name, layer, kind, heads, method })),
    ).toEqual([
      { name: "blocks.0.attention", layer: 0, kind: "self", heads: 4, method: "exposed" },
      { name: "blocks.1.attention", layer: 1, kind: "self", heads: 4, method: "exposed" },
    ]);
    expect(sites[0]?.source?.file).toBe("examples/decision-transformer/model.py");
    expect([...otherSoftmaxes, ...notSupported]).toEqual([]);
  });
});

describe("written-out attention", () => {
  it("is named by its module path", () => {
    const { sites } = find(attentionGraph({}));
    expect(sites).toHaveLength(1);
    expect(sites[0]).toMatchObject({
      id: "site_000",
      name: "blocks.0.attention",
      layer: 0,
      kind: "self",
      heads: 2,
      queries: 5,
      keys: 5,
      assumed: [],
    });
  });

  it("is captured behind a NaN guard, where the map meets the values", () => {
    const graph = withSoftmax(
      (softmax) => [
        { ...softmax, outputs: ["raw"] },
        { op: "IsNaN", inputs: ["raw"], outputs: ["bad"] },
        { op: "Where", inputs: ["bad", "zero", "raw"], outputs: ["probability"] },
      ],
      { initializers: [{ name: "zero", dims: [], values: [0] }] },
    );
    expect(find(graph).sites.map((site) => site.tensor)).toEqual(["probability"]);
  });

  it("is named, not passed over, where its scores are scattered into a band", () => {
    const graph = withSoftmax(
      (softmax) => [
        { op: "ScatterND", inputs: ["zeros", "places", softmax.inputs[0] as string], outputs: ["banded"] },
        { ...softmax, inputs: ["banded"] },
      ],
      {
        initializers: [
          { name: "zeros", dims: [1, 2, 5, 5], values: new Array<number>(50).fill(0) },
          { name: "places", dims: [1, 2, 5, 5, 4], type: 7, values: new Array<number>(200).fill(0) },
        ],
      },
    );
    const { sites, notSupported, otherSoftmaxes } = find(graph);
    expect([...sites, ...otherSoftmaxes]).toEqual([]);
    expect(notSupported).toHaveLength(1);
  });

  it("is read from a graph output that holds the same values", () => {
    const graph = withSoftmax(
      (softmax) => [softmax, { op: "Identity", inputs: ["probability"], outputs: ["attentions.0"] }],
      {
        outputs: [{ name: "attentions.0", dims: [1, 2, 5, 5] }],
      },
    );
    expect(find(graph).sites).toMatchObject([{ method: "output", tensor: "attentions.0" }]);
  });

  it("keeps its heads when batch and heads are merged for the products", () => {
    const graph = attentionGraph({});
    const nodes = graph.nodes.flatMap((node): BuiltNode[] => {
      if (node.name === "product") {
        return [
          { op: "Reshape", inputs: ["q", "merged_q"], outputs: ["q3"] },
          { op: "Reshape", inputs: ["k", "merged_k"], outputs: ["k3"] },
          { ...node, inputs: ["q3", "k3"] },
        ];
      }
      if (node.outputs[0] === "context")
        return [
          { op: "Reshape", inputs: ["v", "merged_q"], outputs: ["v3"] },
          { ...node, inputs: ["probability", "v3"] },
        ];
      return [node];
    });
    const merged = {
      ...graph,
      nodes,
      initializers: [
        ...graph.initializers!,
        { name: "merged_q", dims: [3], values: [-1, 5, 3], type: 7 as const },
        { name: "merged_k", dims: [3], values: [-1, 3, 5], type: 7 as const },
      ],
    };
    const [site] = find(merged).sites;
    expect(site).toMatchObject({ heads: 2, queries: 5, keys: 5, assumed: [] });
    expect(site?.found.layout).toHaveLength(3);
  });

  it("that nobody uses is dead, and said so", () => {
    const graph = attentionGraph({});
    const unused: BuiltGraph = {
      ...graph,
      nodes: [...graph.nodes, { op: "Relu", inputs: ["x"], outputs: ["y"] }],
      outputs: [{ name: "y", dims: [1, 5, 6] }],
    };
    const found = find(unused);
    expect(found.sites).toEqual([]);
    expect(found.notSupported[0]?.reason).toContain("dead");
  });

  it("over another axis than its keys is refused", () => {
    const found = find(withSoftmax((softmax) => [{ ...softmax, ints: { axis: 1 } }]));
    expect(found.sites).toEqual([]);
    expect(found.notSupported[0]?.reason).toContain("neither queries nor keys");
  });
});

describe("what is not attention", () => {
  const classifier: BuiltGraph = {
    nodes: [
      { op: "MatMul", inputs: ["x", "w"], outputs: ["logits"] },
      { op: "Softmax", inputs: ["logits"], outputs: ["p"], name: "head" },
    ],
    inputs: [{ name: "x", dims: ["batch", 8] }],
    outputs: [{ name: "p", dims: ["batch", 4] }],
    initializers: [{ name: "w", dims: [8, 4], values: weights(32, 4) }],
  };

  it("a classifier's softmax", () => {
    const found = find(classifier);
    expect(found.sites).toEqual([]);
    expect(found.otherSoftmaxes).toEqual([
      { name: "head", reason: "its scores are not a product of queries and keys" },
    ]);
  });

  it("similarities of two embeddings, which meet no values", () => {
    const found = find({
      nodes: [
        { op: "Transpose", inputs: ["b"], outputs: ["bt"], intLists: { perm: [1, 0] } },
        { op: "MatMul", inputs: ["a", "bt"], outputs: ["logits"] },
        { op: "Softmax", inputs: ["logits"], outputs: ["p"], name: "match" },
        { op: "ReduceMax", inputs: ["p"], outputs: ["best"], intLists: { axes: [1] } },
      ],
      inputs: [
        { name: "a", dims: ["n", 8] },
        { name: "b", dims: ["m", 8] },
      ],
      outputs: [{ name: "best", dims: ["n", 1] }],
    });
    expect(found.sites).toEqual([]);
    expect(found.otherSoftmaxes[0]?.reason).toContain("meets no values");
  });

  it("pooling with weights that no query makes", () => {
    const found = find({
      nodes: [
        { op: "MatMul", inputs: ["x", "w"], outputs: ["score"] },
        { op: "Softmax", inputs: ["score"], outputs: ["p"], ints: { axis: 1 }, name: "pool" },
        { op: "Transpose", inputs: ["p"], outputs: ["pt"], intLists: { perm: [0, 2, 1] } },
        { op: "MatMul", inputs: ["pt", "x"], outputs: ["pooled"] },
      ],
      inputs: [{ name: "x", dims: [1, 5, 8] }],
      outputs: [{ name: "pooled", dims: [1, 1, 8] }],
      initializers: [{ name: "w", dims: [8, 1], values: weights(8, 5) }],
    });
    expect(found.sites).toEqual([]);
    expect(found.otherSoftmaxes.map((each) => each.name)).toEqual(["pool"]);
  });
});

describe("a fused operator", () => {
  it("is one site with its heads, rebuilt from its inputs", () => {
    const found = find({
      nodes: [
        {
          op: "MultiHeadAttention",
          domain: "com.microsoft",
          inputs: ["q", "k", "v"],
          outputs: ["y"],
          name: "fused",
          ints: { num_heads: 2 },
        },
      ],
      inputs: ["q", "k", "v"].map((name) => ({ name, dims: [1, 5, 8] })),
      outputs: [{ name: "y", dims: [1, 5, 8] }],
    });
    expect(found.notSupported).toEqual([]);
    expect(found.sites).toMatchObject([{ method: "rebuilt", heads: 2, queries: 5, keys: 5, kind: "cross" }]);
  });
});

describe("what looks like attention and cannot be captured yet", () => {
  it("names a fused operator that is not rebuilt", () => {
    const found = find({
      nodes: [
        {
          op: "PagedAttention",
          domain: "com.microsoft",
          inputs: ["q", "k", "v"],
          outputs: ["y"],
          name: "fused",
          ints: { num_heads: 2 },
        },
      ],
      inputs: ["q", "k", "v"].map((name) => ({ name, dims: [5, 8] })),
      outputs: [{ name: "y", dims: [5, 8] }],
    });
    expect(found.sites).toEqual([]);
    expect(found.notSupported).toMatchObject([
      { name: "fused", reason: expect.stringContaining("com.microsoft.PagedAttention") as string },
    ]);
  });

  describe("a site of a body inside a body", () => {
    const body = { ...attentionGraph({}), inputs: [] };
    const none: BuiltGraph = {
      nodes: [{ op: "Identity", inputs: ["x"], outputs: ["y"] }],
      outputs: [{ name: "y", dims: [1, 2, 5, 3] }],
    };
    const branch = (then: BuiltGraph, otherwise: BuiltGraph): BuiltNode => ({
      op: "If",
      inputs: ["flag"],
      outputs: ["y"],
      name: "branch",
      bodies: { then_branch: then, else_branch: otherwise },
    });
    const inBranches = (then: BuiltGraph, otherwise: BuiltGraph): BuiltGraph => ({
      nodes: [branch(then, otherwise)],
      outputs: [{ name: "y", dims: [1, 2, 5, 3] }],
    });
    const graph = (node: BuiltNode): BuiltGraph => ({
      nodes: [{ ...node, outputs: ["z"], name: "outer" }],
      inputs: [
        { name: "flag", type: 9, dims: [] },
        { name: "x", dims: [1, 5, 6] },
      ],
      outputs: [{ name: "z", dims: [1, 2, 5, 3] }],
    });
    const loop = (inner: BuiltGraph): BuiltNode => ({
      op: "Loop",
      inputs: ["", "flag"],
      outputs: ["z"],
      bodies: {
        body: {
          nodes: [...inner.nodes, { op: "Identity", inputs: ["going"], outputs: ["still"] }],
          inputs: [
            { name: "turn", type: 7, dims: [] },
            { name: "going", type: 9, dims: [] },
          ],
          outputs: [{ name: "still", type: 9, dims: [] }, ...(inner.outputs ?? [])],
        },
      },
    });

    it("is found; the same layer in all branches once", () => {
      const found = find(graph(branch(inBranches(body, body), inBranches(body, body))));
      expect(found.sites).toMatchObject([{ name: "blocks.0.attention", heads: 2 }]);
      expect(found.notSupported).toEqual([]);
    });

    it("is found in a loop whose every pass makes it, and else listed with the reason", () => {
      const every = find(graph(loop(inBranches(body, body))));
      expect(every.sites).toMatchObject([{ name: "blocks.0.attention", heads: 2 }]);
      const some = find(graph(loop(inBranches(body, none))));
      expect(some.sites).toEqual([]);
      expect(some.notSupported.map(({ reason }) => reason)).toEqual([
        expect.stringMatching(/^in the body of Loop outer: only one branch of an If holds it/),
      ]);
    });
  });
});
