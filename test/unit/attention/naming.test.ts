import { describe, expect, it } from "vitest";
import { nameSites, sourceLocation } from "../../../src/attention/naming";
import type { Node } from "../../../src/onnx/model";

const nodeWith = (key: string, trace: string) => ({ metadata: new Map([[key, trace]]) }) as unknown as Node;

describe("the line of source that made a node", () => {
  it("is torch's last own frame, since torch lists the outermost first", () => {
    const trace = [
      '  File "examples/policy/model.py", line 90, in forward',
      '  File "examples/policy/model.py", line 41, in attend',
      '  File "/venv/lib/python3.11/site-packages/torch/nn/functional.py", line 2136, in softmax',
    ].join("\n");
    expect(sourceLocation(nodeWith("pkg.torch.onnx.stack_trace", trace))).toEqual({
      file: "examples/policy/model.py",
      line: 41,
    });
  });

  it("is jax2onnx's first own frame, since JAX lists the innermost first", () => {
    const trace = [
      "/venv/lib/python3.11/site-packages/jax/_src/core.py:705 (Primitive.bind)",
      "/venv/lib/python3.11/site-packages/jax2onnx/plugins/jax/nn/softmax.py:259 (SoftmaxPlugin.<locals>._patched)",
      "C:\\work\\encoder\\model.py:116 (Attention.__call__)",
      "C:\\work\\encoder\\model.py:159 (Block.__call__)",
    ].join("\n");
    expect(sourceLocation(nodeWith("pkg.jax2onnx.jax_traceback", trace))).toEqual({
      file: "C:\\work\\encoder\\model.py",
      line: 116,
    });
  });

  it("is not known where only the framework's own frames are left", () => {
    const trace = "/venv/lib/python3.11/site-packages/jax/_src/core.py:705 (Primitive.bind)";
    expect(sourceLocation(nodeWith("pkg.jax2onnx.jax_traceback", trace))).toBeNull();
    expect(sourceLocation({ metadata: new Map() } as unknown as Node)).toBeNull();
  });
});

describe("the layer of a site", () => {
  const names = (...paths: string[]) => {
    const nodes = paths.map((path) => ({ name: `/${path}/Softmax`, outputs: ["p"], metadata: new Map() }));
    return nameSites(nodes as unknown as Node[]).map(({ component, layer }) => [component, layer]);
  };

  it("is the block's number where the blocks number their parts as well, as those of T5 do", () => {
    expect(
      names(
        "encoder/block.0/layer.0/SelfAttention",
        "encoder/block.1/layer.0/SelfAttention",
        "decoder/block.0/layer.0/SelfAttention",
        "decoder/block.0/layer.1/EncDecAttention",
        "decoder/block.1/layer.0/SelfAttention",
        "decoder/block.1/layer.1/EncDecAttention",
      ),
    ).toEqual([
      ["encoder", 0],
      ["encoder", 1],
      ["decoder.SelfAttention", 0],
      ["decoder.EncDecAttention", 0],
      ["decoder.SelfAttention", 1],
      ["decoder.EncDecAttention", 1],
    ]);
  });

  it("is the number within a stage where a stage stacks layers of one kind", () => {
    expect(names("stages.0/blocks.0/attn", "stages.1/blocks.0/attn", "stages.1/blocks.1/attn")).toEqual([
      ["stages.0", 0],
      ["stages.1", 0],
      ["stages.1", 1],
    ]);
  });
});
