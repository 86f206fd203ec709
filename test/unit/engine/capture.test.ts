import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readNpz } from "../../../src/inputs/arrays";
import type { Capture } from "../../../src/shared/capture";
import { type CellKind, MASKED } from "../../../src/shared/page";
import { attentionGraph, buildModel } from "../onnx/model-builder";
import { exampleModel, newClient, onCpu, root, temporaryFile, temporaryFolder } from "./harness";

const reference = readNpz(
  readFileSync(path.join(root, "test/fixtures/decision-transformer/reference.npz")),
  "reference.npz",
);

function largestError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = a.length === b.length ? 0 : Infinity;
  for (let index = 0; index < a.length; index++) most = Math.max(most, Math.abs(a[index]! - b[index]!));
  return most;
}

describe("a capture of the example", () => {
  it("equals the probabilities that PyTorch's hook recorded", async () => {
    const client = newClient();
    await client.open(exampleModel, "full");
    const capture = await client.capture(onCpu);
    const out = path.join(temporaryFolder(), "out.npz");
    await client.writeData({ format: "npz", file: out, command: "" });
    const maps = readNpz(readFileSync(out), "out.npz");
    expect([...maps.keys()]).toEqual(["site_000", "site_001"]);
    for (const [name, map] of maps) {
      expect(map.dims).toEqual([1, 4, 17, 17]);
      expect(largestError(map.data as Float32Array, reference.get(name)!.data as Float32Array)).toBeLessThan(
        1e-5,
      );
    }
    expect(capture.input).toMatchObject({ from: "manifest", label: "recorded.npz" });
    expect(capture.sites[0]).toMatchObject({ component: "decoder", validity: "score", method: "exposed" });
    const [figures] = capture.sites[0]!.figures[0]!;
    expect(figures).toMatchObject({ rowsMasked: 0, rowsSingleKey: 1, rowsFlagged: 0 });
  });

  it("equals PyTorch on another episode of another length", async () => {
    const { writeNpz } = await import("../../../src/inputs/arrays");
    const client = newClient();
    await client.open(exampleModel, "full");
    // The fixture's other episode, under the model's own input names, with its integers as they were recorded.
    const folder = temporaryFolder();
    const zip = await import("fflate");
    const entries = zip.unzipSync(
      readFileSync(path.join(root, "test/fixtures/decision-transformer/reference.npz")),
    );
    const inputs = Object.fromEntries(
      Object.entries(entries)
        .filter(([name]) => name.startsWith("other/") && !/site_|logits/.test(name))
        .map(([name, bytes]) => [name.replace("other/", ""), bytes]),
    );
    const file = path.join(folder, "other.npz");
    writeFileSync(file, zip.zipSync(inputs));
    expect(writeNpz).toBeTypeOf("function");
    await client.capture({ ...onCpu, input: { file } });
    const out = path.join(folder, "out.npz");
    await client.writeData({ format: "npz", file: out, command: "" });
    const maps = readNpz(readFileSync(out), "out.npz");
    for (const [name, map] of maps) {
      const wanted = reference.get(`other/${name}`)!;
      expect(map.dims).toEqual(wanted.dims);
      expect(largestError(map.data as Float32Array, wanted.data as Float32Array)).toBeLessThan(1e-5);
    }
  });

  it("returns the scores before the softmax where they are asked for", async () => {
    const client = newClient();
    await client.open(exampleModel, "full");
    await client.capture({ ...onCpu, scores: true });
    const out = path.join(temporaryFolder(), "out.npz");
    await client.writeData({ format: "npz", file: out, command: "test" });
    const maps = readNpz(readFileSync(out), "out.npz");
    const scores = maps.get("scores/site_000")!.data as Float32Array;
    const masked = maps.get("masked_scores/site_000")!.data as Float32Array;
    const map = maps.get("site_000")!.data as Float32Array;
    for (let query = 0; query < 17; query++) {
      const row = masked.subarray(query * 17, (query + 1) * 17);
      const powers = row.map((score) => Math.exp(score - Math.max(...row)));
      const sum = powers.reduce((all, power) => all + power, 0);
      powers.forEach((power, key) => expect(power / sum).toBeCloseTo(map[query * 17 + key]!, 5));
      for (let key = query + 1; key < 17; key++) {
        expect(masked[query * 17 + key]).toBe(-Infinity);
        expect(Number.isFinite(scores[query * 17 + key])).toBe(true);
      }
    }
  });

  it("answers pages of scores beside those of the map, and keeps the maps while scores are captured", async () => {
    const client = newClient();
    await client.open(exampleModel, "full");
    const plain = await client.capture(onCpu);
    expect(plain.sites[0]!.scores).toBeNull();
    const window = {
      ...{ batch: 0, head: 0, queryStart: 0, queryEnd: 17, keyStart: 0, keyEnd: 17 },
      ...{ maxRows: 17, maxColumns: 17, pooling: "max" as const },
    };
    const read = async (capture: Capture, what: CellKind) => {
      const of = { handle: capture.sites[0]!.handle, generation: capture.generation };
      return new Float32Array((await client.readPage({ ...window, ...of, what })).cells);
    };
    await expect(read(plain, "scoreAfterMask")).rejects.toMatchObject({ code: "badMessage" });
    await expect(client.capture({ ...onCpu, sites: ["nothing.*"], scores: true })).rejects.toThrow();
    const before = await read(plain, "probability");
    const scored = await client.capture({ ...onCpu, scores: true });
    const { scores } = scored.sites[0]!;
    expect(scores?.reason).toBeNull();
    expect(await read(scored, "probability")).toEqual(before);
    const after = await read(scored, "scoreAfterMask");
    const largest = Math.max(...after.map((score) => (Number.isFinite(score) ? Math.abs(score) : 0)));
    expect(scores!.after!.maximum).toBeGreaterThanOrEqual(largest);
    expect((await read(scored, "scoreBeforeMask")).every(Number.isFinite)).toBe(true);
    for (let query = 0; query < 17; query++) {
      const row = after.subarray(query * 17, (query + 1) * 17);
      const sum = row.reduce((all, score) => all + Math.exp(score), 0);
      row.forEach((score, key) => {
        const p = before[query * 17 + key]!;
        if (p < 0) expect(score).toBe(-Infinity);
        else expect(Math.exp(score) / sum).toBeCloseTo(p, 5);
      });
    }
  });

  it("puts one query of all windows of a shifted Swin layer on their grid", async () => {
    const client = newClient();
    await client.open(path.join(root, "test/corpus/swin-dynamo18-eager.onnx"), "full");
    const { sites, generation } = await client.capture(onCpu);
    const site = sites.find(({ windows }) => windows !== null && windows.shiftHeight > 0)!;
    const { gridHeight, gridWidth, windowHeight, windowWidth, shiftHeight, shiftWidth } = site.windows!;
    const of = { handle: site.handle, generation, head: 1, query: 2 };
    const grid = await client.readGrid({ ...of, batch: 0, maxRows: 512, maxColumns: 512, pooling: "max" });
    const cells = new Float32Array(grid.cells);
    expect([grid.rows, grid.columns]).toEqual([gridHeight, gridWidth]);
    const across = gridWidth / windowWidth;
    for (let window = 0; window < across * (gridHeight / windowHeight); window++) {
      const row = new Float32Array((await client.readRow({ ...of, batch: window })).cells);
      row.forEach((p, key) => {
        const down = Math.floor(window / across) * windowHeight + Math.floor(key / windowWidth) + shiftHeight;
        const along = (window % across) * windowWidth + (key % windowWidth) + shiftWidth;
        expect(cells[(down % gridHeight) * gridWidth + (along % gridWidth)]).toBe(p);
      });
    }
  });

  it("labels tokens as the manifest says", async () => {
    const client = newClient();
    await client.open(exampleModel, "full");
    const { axes, sites } = await client.capture(onCpu);
    const axis = axes[sites[0]!.keyAxis]!;
    expect(axis.from).toBe("manifest");
    expect(axis.labels.slice(0, 2)).toEqual(["R0", "s0"]);
    expect(["left", "right", "forward"]).toContain(axis.labels[2]);
    expect(axis.segments.map((segment) => segment.role)).toEqual(["return", "state", "action"]);
    expect(axis.segmentOf).toEqual(Array.from({ length: 17 }, (_, token) => token % 3));
  });

  it("can be limited to chosen sites, which keep their ids", async () => {
    const client = newClient();
    await client.open(exampleModel, "full");
    const { sites } = await client.capture({ ...onCpu, sites: ["blocks.1.*"] });
    expect(sites.map((site) => site.id)).toEqual(["site_001"]);
    await expect(client.capture({ ...onCpu, sites: ["nothing.*"] })).rejects.toMatchObject({
      code: "siteUnknown",
    });
  });
});

describe("pages, rows and profiles", () => {
  it("hold the cells of the capture, masked cells marked", async () => {
    const client = newClient();
    await client.open(exampleModel, "full");
    const { generation, sites } = await client.capture(onCpu);
    const head = { handle: sites[0]!.handle, generation, batch: 0, head: 2 };
    const map = reference.get("site_000")!.data as Float32Array;
    const page = await client.readPage({
      ...head,
      queryStart: 0,
      queryEnd: 17,
      keyStart: 0,
      keyEnd: 17,
      maxRows: 100,
      maxColumns: 100,
      pooling: "max",
    });
    const cells = new Float32Array(page.cells);
    expect(page).toMatchObject({ rows: 17, columns: 17, pooling: "none" });
    for (let query = 0; query < 17; query++)
      for (let key = 0; key < 17; key++) {
        const cell = cells[query * 17 + key]!;
        if (key > query) expect(cell).toBe(MASKED);
        else expect(cell).toBeCloseTo(map[(2 * 17 + query) * 17 + key]!, 5);
      }
    const row = new Float32Array((await client.readRow({ ...head, query: 9 })).cells);
    expect([...row]).toEqual([...cells.subarray(9 * 17, 10 * 17)]);
    const profile = await client.readHead(head);
    expect([...new Uint32Array(profile.validKeys)]).toEqual(
      Array.from({ length: 17 }, (_, query) => query + 1),
    );
    expect(profile.maximum).toBe(Math.max(...cells));
  });

  it("are pooled by their maximum to what the pane can show", async () => {
    const client = newClient();
    await client.open(exampleModel, "full");
    const { generation, sites } = await client.capture(onCpu);
    const request = {
      handle: sites[0]!.handle,
      generation,
      batch: 0,
      head: "mean" as const,
      queryStart: 0,
      queryEnd: 17,
      keyStart: 0,
      keyEnd: 17,
      pooling: "max" as const,
    };
    const whole = new Float32Array(
      (await client.readPage({ ...request, maxRows: 17, maxColumns: 17 })).cells,
    );
    const page = await client.readPage({ ...request, maxRows: 5, maxColumns: 9 });
    expect(page).toMatchObject({ rows: 5, columns: 9, rowFactor: 4, columnFactor: 2, pooling: "max" });
    const pooled = new Float32Array(page.cells);
    expect(pooled[4 * 9 + 0]).toBe(Math.max(whole[16 * 17]!, whole[16 * 17 + 1]!));
    expect(pooled[0 * 9 + 8]).toBe(MASKED);
    expect(page.cells.byteLength).toBe(5 * 9 * 4);
  });

  it("of an earlier capture are refused as stale", async () => {
    const client = newClient();
    await client.open(exampleModel, "full");
    const first = await client.capture(onCpu);
    await client.capture(onCpu);
    await expect(
      client.readRow({
        handle: first.sites[0]!.handle,
        generation: first.generation,
        batch: 0,
        head: 0,
        query: 0,
      }),
    ).rejects.toMatchObject({ code: "stale" });
  });
});

describe("masks", () => {
  it("count a row whose scores are all masked, though its softmax is uniform", async () => {
    const mask = Array.from({ length: 25 }, (_, cell) =>
      Math.floor(cell / 5) === 2 || cell % 5 > Math.floor(cell / 5) ? -1e9 : 0,
    );
    const client = newClient();
    await client.open(temporaryFile("masked.onnx", buildModel(attentionGraph({ mask }))), "full");
    const { sites } = await client.capture(onCpu);
    for (const figures of sites[0]!.figures[0]!)
      expect(figures).toMatchObject({ rowsMasked: 1, rowsSingleKey: 1 });
  });

  it("leave a float mask of 0 and −∞ without NaN in the figures", async () => {
    const mask = Array.from({ length: 25 }, (_, cell) => (cell % 5 > Math.floor(cell / 5) ? -Infinity : 0));
    const client = newClient();
    await client.open(temporaryFile("infinite.onnx", buildModel(attentionGraph({ mask }))), "full");
    const { sites } = await client.capture(onCpu);
    for (const figures of sites[0]!.figures[0]!) {
      expect(figures.rowsFlagged).toBe(0);
      expect(figures.normalisedEntropy).toBeGreaterThan(0);
    }
  });
});

describe("a site in a branch", () => {
  /** @param other module path of the layer in the branch that is not taken */
  const branches = (other: string): Uint8Array => {
    const attention = attentionGraph({});
    const body = { ...attention, inputs: [] };
    return buildModel({
      nodes: [
        { op: "ReduceMax", inputs: ["x"], outputs: ["most"], ints: { keepdims: 0 } },
        { op: "Greater", inputs: ["most", "low"], outputs: ["flag"] },
        {
          op: "If",
          inputs: ["flag"],
          outputs: ["y"],
          name: "branch",
          bodies: {
            then_branch: body,
            else_branch: {
              ...body,
              nodes: renamed(body.nodes).map((node) => ({
                ...node,
                name: (node.name ?? "").replace("blocks.0", other),
              })),
              outputs: [{ name: "else_context", dims: [1, 2, 5, 3] }],
              initializers: [],
            },
          },
        },
      ],
      inputs: attention.inputs!,
      outputs: [{ name: "y", dims: [1, 2, 5, 3] }],
      initializers: [...attention.initializers!, { name: "low", dims: [], values: [-1e9] }],
    });
  };
  /** The same nodes with other values of their own, weights shared. */
  function renamed<N extends { outputs: string[]; inputs: string[]; name?: string }>(nodes: N[]): N[] {
    const made = new Set(nodes.flatMap((node) => node.outputs));
    const rename = (name: string) => (made.has(name) ? `else_${name}` : name);
    return nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(rename),
      outputs: node.outputs.map(rename),
    }));
  }

  it("is captured where the branch is taken; the other is said not to have run", async () => {
    const plain = newClient();
    await plain.open(temporaryFile("plain.onnx", buildModel(attentionGraph({}))), "full");
    const wanted = await plain.capture(onCpu);
    const client = newClient();
    const summary = await client.open(temporaryFile("branches.onnx", branches("others.0")), "full");
    expect(summary.sites).toHaveLength(2);
    const capture = await client.capture(onCpu);
    expect(capture.sites).toHaveLength(1);
    expect(capture.notices.join(" ")).toMatch(/was not run on this input/);
    expect(capture.sites[0]).toMatchObject({ heads: 2, queries: 5, keys: 5, validity: "score" });
    expect(capture.sites[0]!.figures).toEqual(wanted.sites[0]!.figures);
    // A layer that both branches hold is one site, whichever runs.
    const both = await client.open(temporaryFile("both.onnx", branches("blocks.0")), "full");
    expect(both.sites).toHaveLength(1);
    const one = await client.capture(onCpu);
    expect(one.notices.join(" ")).not.toMatch(/was not run on this input/);
    expect(one.sites[0]!.figures).toEqual(wanted.sites[0]!.figures);
  });
});

describe("inputs that do not fit", () => {
  it("say which, what it wants and what it got", async () => {
    const { writeNpz } = await import("../../../src/inputs/arrays");
    const file = temporaryFile(
      "wrong.npz",
      writeNpz(new Map([["x", { data: new Float32Array(24), dims: [1, 4, 6] }]])),
    );
    const client = newClient();
    await client.open(temporaryFile("model.onnx", buildModel(attentionGraph({}))), "full");
    await expect(client.capture({ ...onCpu, input: { file } })).rejects.toMatchObject({
      code: "inputMismatch",
      detail:
        "The input x wants float32 [1, 5, 6]; the recording has float32 [1, 4, 6]: axis 1 is 4 instead of 5.",
    });
  });

  it("are not read from outside the manifest's folder", async () => {
    const folder = temporaryFolder();
    const inside = path.join(folder, "models");
    mkdirSync(inside);
    writeFileSync(path.join(inside, "model.onnx"), buildModel(attentionGraph({})));
    writeFileSync(path.join(folder, "secret.npz"), "x");
    for (const named of ["../secret.npz", path.join(folder, "secret.npz"), "link.npz"]) {
      if (named === "link.npz") symlinkSync(path.join(folder, "secret.npz"), path.join(inside, "link.npz"));
      writeFileSync(
        path.join(inside, "model.attention.json"),
        JSON.stringify({ version: 1, inputs: { file: named } }),
      );
      const client = newClient();
      await client.open(path.join(inside, "model.onnx"), "full");
      await expect(client.capture(onCpu), named).rejects.toMatchObject({ code: "manifestInvalid" });
    }
  });
});

describe("a manifest with faults", () => {
  it("is used where it is right, and its faults are told", async () => {
    const folder = temporaryFolder();
    copyFileSync(exampleModel, path.join(folder, "model.onnx"));
    writeFileSync(
      path.join(folder, "model.attention.json"),
      JSON.stringify({
        version: 1,
        title: "Kept",
        segments: [{ name: "a", role: "nonsense" }],
        unknown: true,
      }),
    );
    const summary = await newClient().open(path.join(folder, "model.onnx"), "scan");
    expect(summary.title).toBe("Kept");
    expect(summary.manifestProblems.join("\n")).toMatch(/segments/);
    expect(summary.manifestProblems.join("\n")).toMatch(/unknown/);
  });
});
