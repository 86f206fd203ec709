import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { format } from "prettier";
import { describe, expect, it } from "vitest";
import { loadManifest, manifestPath } from "../../../src/inputs/manifest";
import { manifestJsonSchema } from "../../../src/inputs/manifest/json-schema";
import { manifestReference } from "../../../src/inputs/manifest/reference";
import { manifestSchema } from "../../../src/inputs/manifest/schema";
import { numberedAxis, tokenAxis } from "../../../src/inputs/token-axes";
import { root, temporaryFolder } from "../engine/harness";

describe("the manifest's JSON Schema", () => {
  it("is the one that is committed", async () => {
    const written = await format(JSON.stringify(manifestJsonSchema()), { parser: "json", printWidth: 110 });
    expect(readFileSync(path.join(root, "schemas/attention-manifest.schema.json"), "utf8")).toBe(written);
  });

  it("describes what a person writes", () => {
    const schema = manifestJsonSchema() as {
      required: string[];
      properties: Record<string, { description?: string }>;
    };
    expect(schema.required).toEqual(["version"]);
    expect(schema.properties["segments"]?.description).toMatch(/Runs of tokens/);
  });
});

describe("the manifest's reference", () => {
  const folder = path.join(root, "docs/manifest");
  const examples = readdirSync(folder)
    .filter((name) => name.endsWith(".jsonc"))
    .sort();

  it("is the one that is committed", async () => {
    const texts = examples.map((name) => ({ name, text: readFileSync(path.join(folder, name), "utf8") }));
    const written = await format(manifestReference(texts), { parser: "markdown", printWidth: 110 });
    expect(readFileSync(path.join(root, "docs/manifest.md"), "utf8")).toBe(written);
  });

  it("has a valid annotated example of each system", () => {
    expect(examples).toHaveLength(5);
    for (const name of examples) {
      const model = path.join(temporaryFolder(), "model.onnx");
      const text = readFileSync(path.join(folder, name), "utf8");
      writeFileSync(manifestPath(model), text);
      expect(loadManifest(model)?.problems, name).toEqual([]);
      expect(text).toContain("//");
    }
  });

  it("describes every field in words", () => {
    const bare = manifestReference([])
      .split("\n")
      .filter((line) => /^\| `.*\| *\|$/.test(line));
    expect(bare).toEqual([]);
  });
});

describe("reading a manifest", () => {
  it("accepts the example's", () => {
    const loaded = loadManifest(path.join(root, "examples/decision-transformer/model.onnx"));
    expect(loaded?.problems).toEqual([]);
    expect(loaded?.manifest.title).toContain("Decision transformer");
  });

  it("is not needed", () => {
    expect(loadManifest(path.join(temporaryFolder(), "model.onnx"))).toBeNull();
  });

  it("of broken JSON is told and left out", () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, "model.attention.json"), "{ version: 1 ");
    const loaded = loadManifest(path.join(folder, "model.onnx"));
    expect(loaded?.manifest).toEqual({ version: 1 });
    expect(loaded?.problems[0]).toMatch(/model\.attention\.json/);
  });

  it("refuses keys that it does not know and prototypes", () => {
    expect(manifestSchema.safeParse({ version: 1, segmants: [] }).success).toBe(false);
    expect(manifestSchema.safeParse(JSON.parse('{"version": 1, "__proto__": {"title": 3}}')).success).toBe(
      false,
    );
    expect(({} as Record<string, unknown>)["title"]).toBeUndefined();
  });
});

describe("labels of tokens", () => {
  const segments = manifestSchema.parse({
    version: 1,
    segments: [
      { name: "text", role: "text", count: 2 },
      {
        name: "history",
        interleave: [
          { name: "state", role: "state", label: "s{i}" },
          {
            name: "action",
            role: "action",
            labels: { array: "a", names: ["left", "right"], template: "{name}{i}" },
          },
        ],
      },
    ],
  }).segments!;
  const arrays = new Map([["a", { dtype: "int64", dims: [1, 2], data: BigInt64Array.from([1n, 0n]) }]]);

  it("take turns and are named by recorded values", () => {
    const { axis, problem } = tokenAxis(segments, 7, arrays);
    expect(problem).toBeNull();
    expect(axis.labels).toEqual(["text 0", "text 1", "s0", "right0", "s1", "left1", "s2"]);
    expect(axis.segmentOf).toEqual([0, 0, 1, 2, 1, 2, 1]);
    expect(axis.segments.map((segment) => segment.role)).toEqual(["text", "state", "action"]);
  });

  it("that do not add up are numbered, and said so", () => {
    const { axis, problem } = tokenAxis([{ name: "a", role: "text", count: 5 }], 4, arrays);
    expect(axis).toEqual(numberedAxis(4));
    expect(problem).toBe("The segments make 5 tokens, the map has 4; tokens are numbered.");
  });
});
