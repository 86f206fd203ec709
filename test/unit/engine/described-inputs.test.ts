/** Inputs as a manifest describes them, beside models that were not made for it. */
import { copyFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { newClient, onCpu, root, temporaryFolder } from "./harness";

const nested = (tokens: number, from = 0) => [
  Array.from({ length: tokens }, (_, row) =>
    Array.from({ length: 10 }, (__, at) => Math.sin(from + row + at)),
  ),
];

/** A model of test/operators with a manifest and files beside it. */
function prepared(model: string, manifest: object | null, files: Record<string, string>): string {
  const folder = temporaryFolder();
  copyFileSync(path.join(root, `test/operators/${model}.onnx`), path.join(folder, "model.onnx"));
  if (manifest)
    writeFileSync(path.join(folder, "model.attention.json"), JSON.stringify({ version: 1, ...manifest }));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  return path.join(folder, "model.onnx");
}

async function captured(
  model: string,
  input: Parameters<ReturnType<typeof newClient>["capture"]>[0]["input"] = null,
) {
  const client = newClient();
  await client.open(model, "full");
  return client.capture({ ...onCpu, input });
}

describe("inputs with a file each, and none for all", () => {
  const files = {
    "tokens.json": JSON.stringify({ words: nested(5) }),
    "memory.json": JSON.stringify({ frames: nested(7, 3) }),
  };
  const arrays = {
    tokens: { array: "words", file: "tokens.json" },
    memory: { array: "frames", file: "memory.json" },
  };

  it("are recorded, not made up", async () => {
    const { input, sites, notices } = await captured(prepared("cross", { inputs: { arrays } }, files));
    expect(input).toMatchObject({ from: "manifest", label: "tokens.json, memory.json" });
    expect(sites[0]).toMatchObject({ queries: 5, keys: 7 });
    expect(notices.join(" ")).not.toMatch(/made up|synthetic/);
  });

  it("leave what they do not name to be made up, which is told", async () => {
    const one = { inputs: { arrays: { tokens: arrays.tokens } } };
    const { input, notices, sites } = await captured(prepared("cross", one, files));
    expect(input).toMatchObject({ from: "manifest", label: "tokens.json" });
    expect(sites[0]!.queries).toBe(5);
    expect(notices).toContain("memory: made up by name, type and shape.");
  });
});

describe("an input that a loop sets in every run", () => {
  it("need not be recorded", async () => {
    const model = prepared(
      "cross",
      {
        inputs: { file: "tokens.json" },
        passes: { axis: "pass", count: 2 },
        loops: [{ set: { memory: [1, 2] } }],
      },
      { "tokens.json": JSON.stringify({ tokens: nested(5) }) },
    );
    const client = newClient();
    await client.open(model, "full");
    expect((await client.checkManifest(model)).problems).toEqual([]);
    const { input, recording } = await client.capture(onCpu);
    expect(input.label).toBe("tokens.json");
    expect(recording.passes).toMatchObject({ count: 2, index: 1 });
  });
});

describe("a file of one array for a model of one input", () => {
  it.each([
    [
      "table.csv",
      nested(4)[0]!
        .map((row) => row.join(","))
        .join("\n"),
    ],
    ["named.csv", ["a,b,c,d,e,f,g,h,i,j", ...nested(4)[0]!.map((row) => row.join(","))].join("\n")],
    ["list.json", JSON.stringify({ other: nested(4)[0] })],
  ])("is given to it, with a batch of one where it has none (%s)", async (name, text) => {
    const model = prepared("plain", null, { [name]: text });
    const { sites, notices } = await captured(model, { file: path.join(path.dirname(model), name) });
    expect(sites[0]).toMatchObject({ batch: 1, queries: 4, keys: 4 });
    expect(notices[0]).toMatch(
      /^tokens is given (table|named|other), (the only array|all numbers) of the file\.$/,
    );
  });

  it("is told to hold NaN", async () => {
    const rows = nested(4)[0]!.map((row) => row.join(","));
    const text = [...rows.slice(0, 3), rows[3]!.replace(/^[^,]+/, "nan")].join("\n");
    const model = prepared("plain", null, { "t.csv": text });
    const { notices, sites } = await captured(model, { file: path.join(path.dirname(model), "t.csv") });
    expect(notices).toContainEqual(expect.stringMatching(/^tokens holds 1 × NaN/));
    expect(sites[0]!.figures[0]![0]!.rowsFlagged).toBeGreaterThan(0);
  });
});

describe("a run that ONNX Runtime refuses", () => {
  it("says what was given", async () => {
    // Its graph splits keys at the length that it was made for.
    const input = { dims: { tokens_length: 9 } };
    await expect(captured(prepared("two-sources", null, {}), input)).rejects.toMatchObject({
      code: "runFailed",
      fix: expect.stringMatching(/^It was given tokens float32 \[\d+, 9, 10\].*--dim NAME=N/) as string,
    });
  });
});
