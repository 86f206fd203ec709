import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { unpackTar } from "../../../scripts/tar.mjs";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "tar-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** One entry of a ustar archive. */
function entry(name: string, content: string, { kind = "0", mode = 0o644, prefix = "" } = {}): Buffer {
  const header = Buffer.alloc(512);
  const body = Buffer.from(content);
  header.write(name, 0);
  header.write(mode.toString(8).padStart(7, "0"), 100);
  header.write(body.length.toString(8).padStart(11, "0"), 124);
  header.write(kind, 156);
  header.write("ustar\0", 257);
  header.write(prefix, 345);
  return Buffer.concat([header, body, Buffer.alloc((512 - (body.length % 512)) % 512)]);
}

const end = Buffer.alloc(1024);

/** An archive in pieces of an awkward size. */
async function* archive(...entries: Buffer[]): AsyncIterable<Buffer> {
  const bytes = Buffer.concat([...entries, end]);
  for (let at = 0; at < bytes.length; at += 333) yield bytes.subarray(at, at + 333);
}

describe("unpackTar", () => {
  test("writes files with their content and executables with their bit", async () => {
    const content = "x".repeat(3000);
    const count = await unpackTar(
      archive(entry("package/a.txt", content), entry("package/bin/tool", "#!", { mode: 0o755 })),
      folder,
    );
    expect(count).toBe(2);
    expect(readFileSync(path.join(folder, "package/a.txt"), "utf8")).toBe(content);
    if (process.platform !== "win32") {
      expect(statSync(path.join(folder, "package/bin/tool")).mode & 0o111).toBe(0o111);
      expect(statSync(path.join(folder, "package/a.txt")).mode & 0o111).toBe(0);
    }
  });

  test("places and leaves out as it is told", async () => {
    await unpackTar(archive(entry("package/keep.js", "1"), entry("package/drop.map", "2")), folder, (name) =>
      name.endsWith(".map") ? null : name.replace("package/", "out/"),
    );
    expect(readdirSync(folder, { recursive: true }).sort()).toEqual(["out", path.join("out", "keep.js")]);
  });

  test.each([
    ["ustar prefix", [entry("name.txt", "1", { prefix: "long/folder" })], "long/folder/name.txt"],
    ["pax path", [entry("x", "21 path=pax/name.txt\n", { kind: "x" }), entry("cut", "1")], "pax/name.txt"],
    ["GNU long name", [entry("x", "gnu/name.txt\0", { kind: "L" }), entry("cut", "1")], "gnu/name.txt"],
  ])("reads a long name from a %s", async (_kind, entries, expected) => {
    await unpackTar(archive(...entries), folder);
    expect(readFileSync(path.join(folder, expected), "utf8")).toBe("1");
  });

  test("refuses an entry that leads out of the folder, and writes no link", async () => {
    await expect(unpackTar(archive(entry("../outside.txt", "1")), folder)).rejects.toThrow(
      "outside its folder",
    );
    expect(await unpackTar(archive(entry("link", "", { kind: "2" })), folder)).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("says that an archive was cut", async () => {
    async function* cut(): AsyncIterable<Buffer> {
      yield entry("a.txt", "x".repeat(2000)).subarray(0, 900);
    }
    await expect(unpackTar(cut(), folder)).rejects.toThrow("ends inside");
  });
});
