import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { ReachedTensors } from "../../../src/engine/inputs/reached";
import { readModel } from "../../../src/onnx/read";
import { bytesSource } from "../../../src/onnx/source";
import { buildModel } from "../onnx/model-builder";
import { root } from "./harness";

const graphOf = (bytes: Uint8Array) => readModel(bytesSource(bytes)).graph;

describe("values of an input", () => {
  const graph = graphOf(
    buildModel({
      inputs: [
        { name: "text", dims: [1, 4] },
        { name: "picture", dims: [1, 4] },
      ],
      outputs: [{ name: "both", dims: [1, 4] }],
      nodes: [
        { op: "Softmax", inputs: ["text"], outputs: ["of_text"], ints: { axis: -1 } },
        { op: "Shape", inputs: ["text"], outputs: ["size"] },
        { op: "Reshape", inputs: ["picture", "size"], outputs: ["cut"] },
        { op: "Softmax", inputs: ["cut"], outputs: ["of_picture"], ints: { axis: -1 } },
        { op: "Add", inputs: ["of_text", "of_picture"], outputs: ["both"] },
      ],
    }),
  );
  const reached = new ReachedTensors(graph);

  it("are in what is made of them, and a size is not they", () => {
    expect(reached.excludes("text", "of_text")).toBe(false);
    expect(reached.excludes("text", "both")).toBe(false);
    expect(reached.excludes("picture", "of_text")).toBe(true);
    expect(reached.excludes("text", "of_picture")).toBe(true);
  });

  it("are excluded from nothing that the graph does not tell", () => {
    expect(reached.excludes("text", "elsewhere")).toBe(false);
    expect(reached.excludes("ids of another model", "of_picture")).toBe(false);
    const merged = graphOf(
      new Uint8Array(readFileSync(path.join(root, "test/operators/bfloat16-in-branch.onnx"))),
    );
    const made = merged.nodes.flatMap(({ outputs }) => outputs);
    const inputs = merged.inputs.map(({ name }) => name);
    expect(made.length).toBeGreaterThan(0);
    const all = new ReachedTensors(merged);
    expect(made.some((tensor) => inputs.some((input) => all.excludes(input, tensor)))).toBe(false);
  });
});
