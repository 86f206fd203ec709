import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Memento } from "vscode";
import { ModelInputs } from "../../../src/extension/input-memory";
import { seen, Uri, workspace } from "./fake-vscode";

vi.mock("vscode", () => import("./fake-vscode"));
const { InputFiles } = await import("../../../src/extension/input-files");

class TestMemento {
  readonly values = new Map<string, unknown>();
  keys = () => [...this.values.keys()];
  get = <T>(key: string): T | undefined => this.values.get(key) as T | undefined;
  update = async (key: string, value: unknown) =>
    void (value === undefined ? this.values.delete(key) : this.values.set(key, value));
}

describe("inputs of a model", () => {
  const memento = new TestMemento();
  const inputs = (file = "/models/a.onnx") => new ModelInputs(memento as unknown as Memento, file);
  beforeEach(() => memento.values.clear());

  it("are offered again, the latest first, one entry for an episode whatever its step", () => {
    inputs().remember({ text: "one" }, "“one”");
    inputs().remember({ episode: "a", step: 3 }, "episode a");
    inputs().remember({ episode: "a", step: 4 }, "episode a");
    inputs().remember({ text: "one" }, "“one”");
    expect(inputs().recent.map(({ choice }) => choice)).toEqual([{ text: "one" }, { episode: "a" }]);
    expect(inputs("/models/b.onnx").recent).toEqual([]);
  });

  it("are eight at most", () => {
    for (let seed = 0; seed < 20; seed++) inputs().remember({ synthetic: { seed } }, `seed ${seed}`);
    expect(inputs().recent.map(({ label }) => label)).toEqual(
      [19, 18, 17, 16, 15, 14, 13, 12].map((seed) => `seed ${seed}`),
    );
  });

  it("come back after a reload of the window, and not after the model was closed", () => {
    inputs().remember({ text: "kept" }, "“kept”");
    expect(inputs().current).toEqual({ text: "kept" });
    inputs().forgetCurrent();
    expect(inputs().current).toBeNull();
    expect(inputs().recent).toHaveLength(1);
  });

  it("keep the sizes that the model leaves open after it was closed", () => {
    inputs().remember({ synthetic: { seed: 3 }, dims: { t: 48 } }, "synthetic");
    inputs().forgetCurrent();
    expect(inputs().current).toEqual({ dims: { t: 48 } });
    inputs().remember(null, "recorded.npz");
    inputs().forgetCurrent();
    expect(inputs().current).toBeNull();
  });

  it("keep how arrays were mapped, for files with arrays of the same names, the eight latest", () => {
    const mapping = (names: string[], array: string) => ({ names, arrays: { state: array }, from: "a.npz" });
    inputs().rememberMapping(mapping(["obs", "act"], "obs"));
    inputs().rememberMapping(mapping(["x"], "x"));
    inputs().rememberMapping(mapping(["act", "obs"], "act"));
    inputs().remember({ text: "one" }, "“one”");
    inputs().forgetCurrent();
    expect(inputs().mappings.map(({ arrays }) => arrays)).toEqual([{ state: "act" }, { state: "x" }]);
    expect(inputs("/models/b.onnx").mappings).toEqual([]);
    inputs().rememberMapping({ ...mapping(["obs", "act"], ""), arrays: {} });
    expect(inputs().mappings.map(({ arrays }) => arrays)).toEqual([{ state: "x" }]);
    for (let file = 0; file < 12; file++) inputs().rememberMapping(mapping([`${file}`], "x"));
    expect(inputs().mappings).toHaveLength(8);
    expect(inputs().recent).toHaveLength(1);
  });

  it("leave aside what an earlier version or another hand has written", () => {
    void memento.update("input:/models/a.onnx", { current: { shell: "rm" }, recent: 3 });
    expect(inputs().current).toBeNull();
    expect(inputs().recent).toEqual([]);
  });
});

describe("files that an input names", () => {
  let folder: string;
  beforeEach(() => {
    seen.reset();
    folder = mkdtempSync(path.join(tmpdir(), "kept "));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("are kept by their content where they were dropped", async () => {
    const files = new InputFiles(folder);
    const content = new TextEncoder().encode("picture").buffer;
    const first = await files.keep("../../cat <1>.png", content);
    expect(path.dirname(first)).toBe(folder);
    expect(path.basename(first)).toMatch(/^[0-9a-f]{16}-cat_1_\.png$/);
    expect(await files.keep("../../cat <1>.png", content)).toBe(first);
    expect(readdirSync(folder)).toHaveLength(1);
    expect(readFileSync(first, "utf8")).toBe("picture");
    expect(() => files.check({ images: { "": first } }, [])).not.toThrow();
  });

  it("are the forty latest", async () => {
    const files = new InputFiles(folder);
    for (let index = 0; index < 45; index++) await files.keep("a.png", new Uint8Array([index]).buffer);
    expect(readdirSync(folder)).toHaveLength(40);
  });

  it("are refused where nobody chose them", () => {
    workspace.workspaceFolders = [{ uri: Uri.file("/project") }];
    const files = new InputFiles(folder);
    const refused = /Nobody chose/;
    expect(() => files.check({ file: "/etc/passwd" }, [])).toThrow(refused);
    expect(() => files.check({ images: { pixels: "/etc/passwd" } }, [])).toThrow(refused);
    expect(() => files.check({ video: { file: "/etc/passwd", frame: 0 } }, [])).toThrow(refused);
    expect(() => files.check({ file: "/project/../etc/passwd" }, [])).toThrow(refused);
    expect(() => files.check({ file: "/project/data/a.npz" }, [])).not.toThrow();
    expect(() => files.check({ file: "/elsewhere/a.npz" }, [{ file: "/elsewhere/a.npz" }])).not.toThrow();
    expect(() => files.check({ text: "/etc/passwd" }, [])).not.toThrow();
    expect(() => files.check(null, [])).not.toThrow();
  });

  it("that are videos are read in parts, and no other file is", async () => {
    const files = new InputFiles(folder);
    const video = await files.keep("clip.webm", new Uint8Array(10).map((_, at) => at).buffer);
    const part = async (start: number, bytes: number) => {
      const read = await files.readPart(video, start, bytes);
      return { size: read.size, bytes: [...new Uint8Array(read.bytes)] };
    };
    expect(await part(0, 4)).toEqual({ size: 10, bytes: [0, 1, 2, 3] });
    expect(await part(8, 4)).toEqual({ size: 10, bytes: [8, 9] });
    expect(await part(12, 4)).toEqual({ size: 10, bytes: [] });
    await expect(files.readPart("/etc/passwd", 0, 4)).rejects.toThrow(/Nobody chose/);
    rmSync(video);
    await expect(files.readPart(video, 0, 4)).rejects.toMatchObject({ code: "fileUnreadable", where: video });
  });

  it("are too large to be dropped above 64 MB", async () => {
    await expect(new InputFiles(folder).keep("big.npz", new ArrayBuffer(64e6 + 1))).rejects.toThrow(
      /at most 64\.0 MB/,
    );
    expect(readdirSync(folder)).toEqual([]);
  });
});
