// Shapes that exporters compute on the way, against those that ONNX's specification gives.
import { describe, expect, it } from "vitest";
import { GraphView } from "../../../src/onnx/graph-view";
import { readModel } from "../../../src/onnx/read";
import { bytesSource } from "../../../src/onnx/source";
import { type BuiltNode, type BuiltTensor, buildModel } from "./model-builder";

function shapesOf(nodes: BuiltNode[], initializers: BuiltTensor[]) {
  const graph = {
    ...{ nodes, initializers },
    inputs: [{ name: "x", dims: [2, 6, 5, 3] }],
    outputs: [{ name: "y", dims: [] }],
  };
  const source = bytesSource(buildModel(graph, 18));
  const view = GraphView.of(readModel(source), source);
  return (name: string) => view.shape(name);
}

const ints = (name: string, ...values: number[]): BuiltTensor => ({
  ...{ name, dims: [values.length], values },
  type: 7,
});

describe("shapes", () => {
  it("follow the pads of F.pad, last axis first, through the table that TorchScript turns them in", () => {
    const shape = shapesOf(
      [
        { op: "Reshape", inputs: ["pads", "pairs"], outputs: ["table"] },
        { op: "Slice", inputs: ["table", "last", "before", "zero", "back"], outputs: ["turned"] },
        { op: "Transpose", inputs: ["turned"], outputs: ["columns"], intLists: { perm: [1, 0] } },
        { op: "Reshape", inputs: ["columns", "flat"], outputs: ["onnx_pads"] },
        { op: "Pad", inputs: ["x", "onnx_pads"], outputs: ["y"] },
      ],
      [
        // F.pad(x, (0, 0, 1, 2, 0, 4)): 3 cells on the axis of 5, 4 on that of 6.
        ints("pads", 0, 0, 1, 2, 0, 4, 0, 0),
        ...[ints("pairs", -1, 2), ints("last", -1), ints("before", -(2 ** 40)), ints("zero", 0)],
        ...[ints("back", -1), ints("flat", -1)],
      ],
    );
    expect(shape("y")).toEqual([2, 10, 8, 3]);
  });

  it("are a resized tensor's sizes, or its scales times what it was", () => {
    const shape = shapesOf(
      [
        { op: "Resize", inputs: ["x", "", "", "sizes"], outputs: ["sized"] },
        { op: "Resize", inputs: ["x", "", "scales"], outputs: ["y"] },
      ],
      [ints("sizes", 2, 6, 9, 9), { name: "scales", dims: [4], values: [1, 1, 1.5, 2] }],
    );
    expect(shape("sized")).toEqual([2, 6, 9, 9]);
    expect(shape("y")).toEqual([2, 6, 7, 6]);
  });
});
