import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { bakedDims } from "../../../src/onnx/baked-dims";
import { readModel } from "../../../src/onnx/read";
import { bytesSource } from "../../../src/onnx/source";
import { attentionGraph, type BuiltGraph, buildModel } from "./model-builder";

function bakedIn(graph: BuiltGraph): Record<string, unknown> | null {
  const source = bytesSource(buildModel(graph));
  const found = bakedDims(readModel(source), source);
  return found && Object.fromEntries(found);
}

describe("sizes that an export baked in", () => {
  it.each(["opset11-flat.onnx", "merged-products.onnx"])("are told by its constants (%s)", (file) => {
    const bytes = readFileSync(new URL(`../../operators/${file}`, import.meta.url));
    const source = bytesSource(new Uint8Array(bytes));
    expect(bakedDims(readModel(source), source)?.get("tokens")).toEqual([2, 6, 10]);
  });

  it("are told by a factor that must agree, and by a sum with a constant", () => {
    const graph: BuiltGraph = {
      inputs: [{ name: "x", dims: ["b", "t", 4] }],
      initializers: [{ name: "positions", dims: [1, 7, 4], values: new Array<number>(28).fill(0) }],
      nodes: [{ op: "Add", inputs: ["x", "positions"], outputs: ["y"] }],
    };
    expect(bakedIn(graph)).toEqual({ x: ["b", 7, 4] });
    graph.initializers = [{ name: "positions", dims: [3, 4, 2], values: new Array<number>(24).fill(0) }];
    graph.nodes = [{ op: "MatMul", inputs: ["x", "positions"], outputs: ["y"] }];
    expect(bakedIn(graph)).toEqual({ x: [3, "t", 4] });
  });

  it("are none where the graph leaves them open", () => {
    expect(bakedIn(attentionGraph({}))).toBeNull();
  });
});
