import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { zipSync } from "fflate";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type CheckpointKind,
  inspect,
  kindOf,
  modelsBeside,
  stemOf,
} from "../../../src/extension/checkpoint";
import { exportSnippet } from "../../../src/extension/export-help";

const text = (value: string) => new Uint8Array(Buffer.from(value, "latin1"));
const zip = (names: Record<string, string>) =>
  Buffer.from(
    zipSync(Object.fromEntries(Object.entries(names).map(([name, value]) => [name, text(value)])), {
      level: 0,
    }),
  );

function safetensors(header: string, data = 0, length = BigInt(Buffer.byteLength(header))): Buffer {
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(length);
  return Buffer.concat([prefix, Buffer.from(header), Buffer.alloc(data)]);
}

/** `os.system("touch …")` on load, written by hand: protocol 2, GLOBAL, BINUNICODE, TUPLE1, REDUCE, STOP. */
function harmfulPickle(target: string): Buffer {
  const command = Buffer.from(`touch "${target}"`);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(command.length);
  return Buffer.concat([text("\x80\x02cposix\nsystem\nX"), length, command, text("\x85R.")].map(Buffer.from));
}

const tensor = (start: number, end: number) =>
  `{"dtype":"F32","shape":[${(end - start) / 4}],"data_offsets":[${start},${end}]}`;

const byContent: [CheckpointKind, string, Buffer][] = [
  ["torch", "torch.save since 1.6", zip({ "actor/data.pkl": "\x80\x02}q\0.", "actor/version": "3" })],
  ["torchscript", "torch.jit.save", zip({ "m/data.pkl": "x", "m/code/__torch__.py": "def f(): pass" })],
  ["torch", "torch.save before 1.6", Buffer.from("80028a0a6cfc9c46f9206aa850192e", "hex")],
  ["pickle", "a Python pickle", Buffer.from("80049500000000", "hex")],
  ["numpy", "an npz", zip({ "a.npy": "\x93NUMPY" })],
  ["zip", "another archive", zip({ "readme.txt": "hello" })],
  ["safetensors", "safetensors", safetensors(`{"a":${tensor(0, 8)}}`, 8)],
  ["msgpack", "a Flax state", Buffer.from([0x81, 0xa6, ...text("params"), 0x80])],
  ["msgpack", "a large Flax state", Buffer.from([0xde, 0x00, 0x20, 0xa6, ...text("params")])],
  ["hdf5", "Keras weights", Buffer.from("\x89HDF\r\n\x1a\n", "latin1")],
  ["gzip", "gzip", Buffer.from([0x1f, 0x8b, 8, 0])],
  ["tar", "a tar archive", Buffer.concat([Buffer.alloc(257), Buffer.from("ustar\0")])],
  ["html", "a login page", Buffer.from("\n <!DOCTYPE html><html>")],
  ["gitLfsPointer", "a Git LFS pointer", Buffer.from("version https://git-lfs.github.com/spec/v1\noid")],
  ["onnx", "ONNX", Buffer.from([0x08, 0x08, 0x12, 0x07, ...text("pytorch")])],
  ["empty", "nothing", Buffer.alloc(0)],
  ["unknown", "noise", Buffer.from("hello world, hello")],
];

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "checkpoints "));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function inspected(bytes: Buffer, name = "actor.pt") {
  const file = path.join(folder, name);
  await writeFile(file, bytes);
  return inspect(file);
}

describe("a file's kind", () => {
  it.each(byContent)("%s: %s", async (kind, _name, bytes) => {
    // The ending says nothing.
    expect((await inspected(bytes, "actor.bin")).kind).toBe(kind);
  });

  it("is told without running what is pickled in it", async () => {
    const target = path.join(folder, "written");
    for (const bytes of [
      harmfulPickle(target),
      zip({ "a/data.pkl": harmfulPickle(target).toString("latin1") }),
    ]) {
      const { kind } = await inspected(bytes);
      expect(["pickle", "torch"]).toContain(kind);
    }
    expect(existsSync(target)).toBe(false);
  });

  it("is told for any beginning of a file, however it is cut", () => {
    for (const [, , bytes] of byContent) {
      for (let length = 0; length <= bytes.length; length++) {
        expect(kindOf(bytes.subarray(0, length), bytes.length)).toBeTypeOf("string");
      }
    }
  });

  it("is an error with a code where there is no file", async () => {
    await expect(inspect(path.join(folder, "none.pt"))).rejects.toMatchObject({ code: "fileNotFound" });
    await mkdir(path.join(folder, "folder.pt"));
    await expect(inspect(path.join(folder, "folder.pt"))).rejects.toMatchObject({ code: "fileUnreadable" });
  });
});

describe("a damaged safetensors file", () => {
  it.each([
    ["would be 18446744073709551615 bytes", safetensors("{}", 0, 2n ** 64n - 1n)],
    ["would be 500 bytes", safetensors("{}", 8, 500n)],
    ["not JSON", safetensors("{nothing", 8)],
    ["lies outside", safetensors(`{"a":${tensor(0, 64)}}`, 8)],
    ["lies outside", safetensors(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[8,4]}}`, 8)],
    ["overlap", safetensors(`{"a":${tensor(0, 8)},"b":${tensor(4, 12)}}`, 12)],
    ["twice", safetensors(`{"a":${tensor(0, 4)},"a":${tensor(4, 8)}}`, 8)],
    ["twice", safetensors(`{"a\\"b":${tensor(0, 4)},"a\\"b":${tensor(4, 8)}}`, 8)],
    ["nothing usable", safetensors(`{"a":[1,2]}`, 8)],
    ["nothing usable", safetensors(`{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, 8)],
  ])("is refused: %s", async (problem, bytes) => {
    const found = await inspected(bytes, "a.safetensors");
    expect(found.kind).toBe("damagedSafetensors");
    expect(found.problem).toContain(problem);
  });

  it("is not every file with metadata and empty tensors", async () => {
    const sound = safetensors(`{"__metadata__":{"a":"a"},"a":${tensor(0, 8)},"e":${tensor(8, 8)}}`, 8);
    expect(await inspected(sound)).toEqual({ kind: "safetensors", problem: null });
  });
});

describe("the model beside a checkpoint", () => {
  it("is the one of the same name, else all of the folder", async () => {
    for (const name of ["b.onnx", "actor.onnx", "A.ONNX", "actor.pth.tar"])
      await writeFile(path.join(folder, name), "");
    const names = async (checkpoint: string) =>
      (await modelsBeside(path.join(folder, checkpoint))).map((file) => path.basename(file));
    expect(await names("actor.pth.tar")).toEqual(["actor.onnx"]);
    expect(await names("Actor.PT")).toEqual(["actor.onnx"]);
    expect(await names("other.pt")).toEqual(["A.ONNX", "actor.onnx", "b.onnx"]);
  });

  it.each([
    ["actor.pth.tar", "actor"],
    ["run.1.ckpt", "run.1"],
    ["model.safetensors", "model"],
    ["archive.tar", "archive"],
  ])("%s is called %s", (file, stem) => expect(stemOf(file)).toBe(stem));
});

describe("how to export", () => {
  it.each(["pytorch", "jax", "transformers"] as const)(
    "%s names the checkpoint and the model",
    (framework) => {
      const snippet = exportSnippet(framework, "actor", "actor.ckpt");
      expect(snippet).toContain('"actor.onnx"');
      expect(snippet).toContain('"actor.ckpt"');
    },
  );

  it("lets no file name end a string or a comment", () => {
    const snippet = exportSnippet("pytorch", 'a"', 'a"\nimport os; os.system("x") #\\.pt');
    expect(snippet.split("\n").filter((line) => /^import os/.test(line))).toEqual([]);
    expect(snippet).toContain('torch.load("a\\"�import os; os.system(\\"x\\") #\\\\.pt"');
  });
});
