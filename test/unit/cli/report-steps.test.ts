/** `attention-lens report --steps`: a page for each step. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { root, temporaryFolder } from "../engine/harness";

const report = (folder: string, name: string) =>
  spawnSync(
    process.execPath,
    [
      ...[path.join(root, "bin/attention-lens.mjs"), "report"],
      ...[path.join(root, "examples/ego-attention-dqn/model.onnx"), "--steps", "2:4"],
      ...["--out", path.join(folder, name)],
    ],
    { encoding: "utf8" },
  );

test("several steps are several pages, each of its own step", () => {
  const folder = temporaryFolder();
  const { status, stdout } = report(folder, "page_{step}.html");
  expect(status).toBe(0);
  expect(readdirSync(folder).sort()).toEqual(["page_2.html", "page_3.html"]);
  const [second, third] = ["page_2.html", "page_3.html"].map((name) =>
    readFileSync(path.join(folder, name), "utf8"),
  );
  expect(second).not.toBe(third);
  expect(stdout.split("\n").filter((line) => line.startsWith("head"))).toHaveLength(2);
});

test("several steps are not written over each other", () => {
  const folder = temporaryFolder();
  const { status, stderr } = report(folder, "page.html");
  expect(status).not.toBe(0);
  expect(stderr).toContain("Write {step} into the file's name");
  expect(existsSync(path.join(folder, "page.html"))).toBe(false);
});
