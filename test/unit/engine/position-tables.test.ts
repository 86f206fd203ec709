/** Models whose tables of positions are short: made-up sizes stay within them, and a run that is too long names its axis. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { writeNpz } from "../../../src/inputs/arrays";
import { attentionGraph, type BuiltNode, type BuiltTensor, buildModel, weights } from "../onnx/model-builder";
import { newClient, onCpu, temporaryFolder } from "./harness";

const ROWS = 12;
const WIDTH = 6;
const table = { name: "position_table", dims: [ROWS, WIDTH], values: weights(ROWS * WIDTH, 4) };
const int = (name: string, ...values: number[]): BuiltTensor => ({
  ...{ name, values, type: 7 },
  dims: name.startsWith("scalar") ? [] : [values.length],
});
const constants = [
  int("scalar_0", 0),
  int("scalar_1", 1),
  int("scalar_2", 2),
  int("list_0", 0),
  int("list_1", 1),
];
/** "tokens": how many there are, as a scalar; "tokens_list" as a list of one. */
const counted: BuiltNode[] = [
  { op: "Shape", inputs: ["states"], outputs: ["shape"] },
  { op: "Gather", inputs: ["shape", "scalar_1"], outputs: ["tokens"] },
  { op: "Unsqueeze", inputs: ["tokens", "list_0"], outputs: ["tokens_list"] },
];
const ranged: BuiltNode[] = [
  ...counted,
  { op: "Range", inputs: ["scalar_0", "tokens", "scalar_1"], outputs: ["range"] },
];

/** Each makes "positions" [T, width] of the table. */
const ways: [string, BuiltNode[], number][] = [
  ["a Range", [...ranged, { op: "Gather", inputs: [table.name, "range"], outputs: ["positions"] }], ROWS],
  [
    "a Range with an offset",
    [
      ...ranged,
      { op: "Add", inputs: ["range", "scalar_2"], outputs: ["moved"] },
      { op: "Gather", inputs: [table.name, "moved"], outputs: ["positions"] },
    ],
    ROWS - 2,
  ],
  [
    "the first rows",
    [
      ...counted,
      { op: "Slice", inputs: [table.name, "list_0", "tokens_list", "list_0"], outputs: ["positions"] },
    ],
    ROWS,
  ],
  [
    "a stored list of positions",
    [
      ...counted,
      { op: "Slice", inputs: ["stored", "list_0", "tokens_list", "list_0"], outputs: ["cut"] },
      { op: "Gather", inputs: [table.name, "cut"], outputs: ["positions"] },
    ],
    ROWS,
  ],
  [
    "a running sum",
    [
      ...ranged,
      { op: "Mul", inputs: ["range", "scalar_0"], outputs: ["zeros"] },
      { op: "Add", inputs: ["zeros", "scalar_1"], outputs: ["ones"] },
      { op: "CumSum", inputs: ["ones", "scalar_0"], outputs: ["summed"] },
      { op: "Gather", inputs: [table.name, "summed"], outputs: ["positions"] },
    ],
    // They count from 1, so that row 0 is left out.
    ROWS - 1,
  ],
];

function written(nodes: BuiltNode[], dims: (number | string)[] = [1, "length", WIDTH]): string {
  const graph = attentionGraph({ tokens: -1 });
  const model = path.join(temporaryFolder(), "model.onnx");
  const stored = { ...int("stored", ...Array.from({ length: ROWS }, (_, at) => at)) };
  writeFileSync(
    model,
    buildModel({
      nodes: [
        ...nodes,
        { op: "Add", inputs: ["states", "positions"], outputs: ["x"], name: "add_positions" },
        ...graph.nodes,
      ],
      inputs: [{ name: "states", dims }],
      outputs: [{ name: "context", dims: [1, 2, "length", 3] }],
      initializers: [...graph.initializers!, table, stored, ...constants],
    }),
  );
  return model;
}

async function openedModel(model: string) {
  const client = newClient();
  await client.open(model, "full");
  return client;
}

describe.each(ways)("positions by %s", (_, nodes, most) => {
  it("keep a made-up length within their table, and it is said", async () => {
    const client = await openedModel(written(nodes));
    const capture = await client.capture(onCpu);
    expect(capture.sites[0]).toMatchObject({ queries: most, keys: most });
    expect(capture.notices.join("\n")).toContain(
      `length is ${most} and not 32: the model's table of positions, position_table, has ${ROWS} rows.`,
    );
    expect(capture.recording.assumedSizes).toEqual({ length: most });
  });

  it("that are asked for in vain name the axis, and keep the runtime's words", async () => {
    const client = await openedModel(written(nodes));
    const asked = client.capture({ ...onCpu, input: { dims: { length: 20 } } });
    await expect(asked).rejects.toMatchObject({
      code: "runFailed",
      detail: expect.stringMatching(
        new RegExp(
          `^states, which has 20 along its axis 1 \\(length\\), is too long: the table of positions position_table has ${ROWS} rows, and ${20 + ROWS - most} are needed\\. ONNX Runtime says: .+`,
        ),
      ) as string,
      fix: `Give at most ${most} there.`,
    });
    const fitting = await client.capture({ ...onCpu, input: { dims: { length: most } } });
    expect(fitting.sites[0]!.queries).toBe(most);
  });
});

describe("a table that is long enough", () => {
  it("changes nothing of what is assumed", async () => {
    const long = written([
      ...ranged,
      { op: "Mod", inputs: ["range", "scalar_2"], outputs: ["turns"] },
      { op: "Gather", inputs: [table.name, "turns"], outputs: ["positions"] },
    ]);
    const capture = await (await openedModel(long)).capture(onCpu);
    expect(capture.sites[0]!.queries).toBe(32);
    expect(capture.notices.join("\n")).not.toContain("table of positions");
  });
});

describe("sizes that do not go together", () => {
  it("name the axes that have them", async () => {
    const graph = attentionGraph({ tokens: -1 });
    const folder = temporaryFolder();
    const model = path.join(folder, "model.onnx");
    writeFileSync(
      model,
      buildModel({
        nodes: [{ op: "Add", inputs: ["states", "extra"], outputs: ["x"] }, ...graph.nodes],
        inputs: [
          { name: "states", dims: [1, "length", WIDTH] },
          { name: "extra", dims: [1, "other", WIDTH] },
        ],
        outputs: [{ name: "context", dims: [1, 2, "length", 3] }],
        initializers: graph.initializers!,
      }),
    );
    const file = path.join(folder, "inputs.npz");
    const array = (length: number) => ({
      data: new Float32Array(length * WIDTH).fill(0.5),
      dims: [1, length, WIDTH],
    });
    writeFileSync(file, writeNpz(new Map(Object.entries({ states: array(5), extra: array(4) }))));
    const client = await openedModel(model);
    await expect(client.capture({ ...onCpu, input: { file } })).rejects.toMatchObject({
      code: "runFailed",
      detail: expect.stringMatching(
        /^extra \(4 along axis 1, other\) and states \(5 along axis 1, length\) do not go together\. ONNX Runtime says: /,
      ) as string,
    });
  });

  it("name the axis that meets a size which the export kept of its example", async () => {
    const graph = attentionGraph({ tokens: 5 });
    const model = path.join(temporaryFolder(), "model.onnx");
    writeFileSync(model, buildModel({ ...graph, inputs: [{ name: "x", dims: [1, "length", WIDTH] }] }));
    const client = await openedModel(model);
    const asked = client.capture({ ...onCpu, input: { dims: { length: 7 } } });
    await expect(asked).rejects.toMatchObject({
      code: "runFailed",
      detail: expect.stringContaining("x (7 along axis 1, length)") as string,
      fix: expect.stringContaining("Try 5 there") as string,
    });
  });
});
