// Local functions: every call replaced by the function's nodes, in a view of the file.
import { readFileSync } from "node:fs";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { readNpz } from "../../../src/inputs/arrays";
import { discover } from "../../../src/attention/discover";
import { readWhole } from "../../../src/onnx/functions/read-whole";
import type { Node } from "../../../src/onnx/model";
import { type ByteSource, bytesSource } from "../../../src/onnx/source";
import { attentionGraph, type BuiltFunction, type BuiltNode, buildModel } from "./model-builder";

const DOMAIN = "local";
const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../operators/${name}`, import.meta.url)));

const call = (op: string, inputs: string[], outputs: string[], more: Partial<BuiltNode> = {}): BuiltNode => ({
  op,
  domain: DOMAIN,
  inputs,
  outputs,
  ...more,
});
const define = (name: string, inputs: string[], outputs: string[], nodes: BuiltNode[]): BuiltFunction => ({
  name,
  domain: DOMAIN,
  inputs,
  outputs,
  nodes,
});
const x = { name: "x", dims: [2, 3] };

function whole(nodes: BuiltNode[], functions: BuiltFunction[]) {
  return readWhole(
    bytesSource(buildModel({ nodes, inputs: [x], outputs: [{ name: "y", dims: [2, 3] }] }, 17, functions)),
  );
}

const line = ({ opType, inputs, outputs }: Node) =>
  `${opType}(${inputs.join(", ")}) -> ${outputs.join(", ")}`;

describe("a call", () => {
  it("becomes the function's nodes at its place, with the call's names outside and names of their own inside", () => {
    const twice = define(
      "Twice",
      ["a"],
      ["b"],
      [
        { op: "Neg", inputs: ["a"], outputs: ["y"] },
        { op: "Abs", inputs: ["y"], outputs: ["b"] },
      ],
    );
    const { model } = whole(
      [
        { op: "Relu", inputs: ["x"], outputs: ["first"] },
        call("Twice", ["first"], ["second"], { name: "/one" }),
        call("Twice", ["second"], ["y"]),
      ],
      [twice],
    );
    expect(model.graph.nodes.map(line)).toEqual([
      "Relu(x) -> first",
      "Neg(first) -> one/y",
      "Abs(one/y) -> second",
      "Neg(second) -> Twice_2/y",
      "Abs(Twice_2/y) -> y",
    ]);
    expect(model.graph.nodes.map(({ name }) => name)).toEqual([
      "",
      "/one/Neg_0",
      "/one/Abs_1",
      "/Twice_2/Neg_0",
      "/Twice_2/Abs_1",
    ]);
    expect(model.notCopied).toEqual([]);
  });

  it("gives its inner values a name that the graph does not have", () => {
    const one = define(
      "One",
      ["a"],
      ["b"],
      [
        { op: "Neg", inputs: ["a"], outputs: ["t"] },
        { op: "Abs", inputs: ["t"], outputs: ["b"] },
      ],
    );
    const { model } = whole(
      [{ op: "Relu", inputs: ["x"], outputs: ["One_1/t"] }, call("One", ["One_1/t"], ["y"])],
      [one],
    );
    const names = model.graph.nodes.flatMap(({ outputs }) => outputs);
    expect(new Set(names).size).toBe(names.length);
  });

  it("leaves out what it does not give: an optional input, an attribute without a default", () => {
    const clip = define(
      "Clip2",
      ["a", "low"],
      ["b"],
      [
        { op: "Clip", inputs: ["a", "low"], outputs: ["c"] },
        { op: "Softmax", inputs: ["c"], outputs: ["b"], references: { axis: "along" } },
      ],
    );
    const { model } = whole(
      [call("Clip2", ["x"], ["z"]), call("Clip2", ["z"], ["y"], { ints: { along: 1 } })],
      [clip],
    );
    const [first, second, , fourth] = model.graph.nodes;
    expect(first?.inputs).toEqual(["x", ""]);
    expect(second?.attributes.size).toBe(0);
    expect(fourth?.attributes.get("axis")?.int).toBe(1n);
  });

  it("gets an Identity where a function returns its input or one value twice", () => {
    const both = define("Both", ["a"], ["a", "b", "b"], [{ op: "Neg", inputs: ["a"], outputs: ["b"] }]);
    const { model } = whole([call("Both", ["x"], ["p", "q", "y"])], [both]);
    expect(model.graph.nodes.map(line)).toEqual(["Neg(x) -> q", "Identity(x) -> p", "Identity(q) -> y"]);
  });

  it("to an operator that the runtime has itself is left as it is", () => {
    const relu: BuiltFunction = {
      ...define("Relu", ["a"], ["b"], [{ op: "Neg", inputs: ["a"], outputs: ["b"] }]),
      domain: "",
    };
    const { model } = whole([{ op: "Relu", inputs: ["x"], outputs: ["y"] }], [relu]);
    expect(model.graph.nodes.map(line)).toEqual(["Relu(x) -> y"]);
  });
});

describe("what cannot be copied is named", () => {
  const attention = attentionGraph({});
  const reasons = (functions: BuiltFunction[], more: BuiltNode[] = []) => {
    const bytes = buildModel({ ...attention, nodes: [...attention.nodes, ...more] }, 17, functions);
    const { model, source } = readWhole(bytesSource(bytes));
    return discover(model, source).notSupported.map(({ reason }) => reason);
  };
  const inner = (more: BuiltNode[] = []) => [
    { op: "MatMul", inputs: ["a", "a"], outputs: ["s"] },
    { op: "Softmax", inputs: ["s"], outputs: ["b"] },
    ...more,
  ];

  it("a function that nobody calls", () => {
    expect(reasons([define("Unused", ["a"], ["b"], inner())])).toEqual([
      "it lies inside the function Unused: nobody calls it",
    ]);
  });

  it("a function that calls itself, also through another", () => {
    const loop = [
      define("Loop1", ["a"], ["b"], inner([call("Loop2", ["b"], ["c"])])),
      define("Loop2", ["a"], ["b"], [call("Loop1", ["a"], ["b"])]),
    ];
    expect(reasons(loop, [call("Loop1", ["context"], ["unused"])])).toEqual([
      "it lies inside the function Loop1: the function Loop1 calls itself",
    ]);
  });

  it("functions that double at every step, soon", () => {
    const steps = Array.from({ length: 40 }, (_, step) =>
      define(
        `Step${step}`,
        ["a"],
        ["b"],
        [call(`Step${step + 1}`, ["a"], ["c"]), call(`Step${step + 1}`, ["c"], ["b"])],
      ),
    );
    const functions = [...steps, define("Step40", ["a"], ["b"], inner())];
    const started = process.cpuUsage().user;
    const { model } = whole([call("Step0", ["x"], ["y"])], functions);
    expect(model.notCopied[0]?.reason).toMatch(/more than 200000 nodes/);
    expect(model.graph.nodes).toHaveLength(1);
    expect((process.cpuUsage().user - started) / 1e6).toBeLessThan(2);
  });
});

describe("the view of the file", () => {
  it.each([
    "functions-nested",
    "functions-and-bodies",
    "functions-optional",
    "functions-onnxscript",
    "in-function",
  ])("of %s runs to the same outputs, bit for bit", async (name) => {
    const file = fixture(`${name}.onnx`);
    const { source } = readWhole(bytesSource(file));
    const feeds = Object.fromEntries(
      [...readNpz(fixture(`${name}.npz`), name)]
        .filter(([input]) => !input.startsWith("ref/"))
        .map(([input, { dtype, dims, data }]) => [
          input,
          new Tensor(dtype as "float32", data as Float32Array, [...dims]),
        ]),
    );
    const outputs = async (bytes: Uint8Array) => {
      const session = await InferenceSession.create(bytes, {
        executionProviders: ["cpu"],
        logSeverityLevel: 4,
      });
      return Object.entries(await session.run(feeds)).map(([key, value]) => [key, value.dims, value.data]);
    };
    expect(await outputs(source.read(0, source.size))).toEqual(await outputs(file));
  });

  it("reads no constant of a function, however often it is called", () => {
    const large = 4_000_000;
    const constant = buildModel(
      {
        nodes: [call("Add1", ["x"], ["p"]), call("Add1", ["p"], ["y"])],
        inputs: [x],
        outputs: [{ name: "y", dims: [2, 3] }],
      },
      17,
      [
        define(
          "Add1",
          ["a"],
          ["b"],
          [
            {
              op: "Constant",
              inputs: [],
              outputs: ["c"],
              tensors: { value: new Array<number>(large / 4).fill(1) },
            },
            { op: "Add", inputs: ["a", "c"], outputs: ["b"] },
          ],
        ),
      ],
    );
    let read = 0;
    const counted: ByteSource = {
      size: constant.length,
      read: (offset, length) => {
        read += length;
        return constant.subarray(offset, offset + length);
      },
    };
    const { model, source } = readWhole(counted);
    expect(source.size).toBeGreaterThan(2 * large);
    expect(model.graph.nodes).toHaveLength(4);
    expect(read).toBeLessThan(100_000);
  });
});
