// What is not a model: told by its content, in one place, with what to do; the next valid open succeeds.
import { existsSync } from "node:fs";
import { zipSync } from "fflate";
import { expect, test } from "vitest";
import { openVscode } from "./harness/vscode";
import { Workspace } from "./harness/workspace";

/** A pickle (protocol 2, as torch.save writes it) that runs a shell command when it is loaded. */
function pickle(command: string): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(Buffer.byteLength(command));
  return Buffer.concat([
    Buffer.from("\x80\x02cposix\nsystem\nX", "latin1"),
    length,
    Buffer.from(command),
    Buffer.from("\x85R.", "latin1"),
  ]);
}

const lfsPointer =
  "version https://git-lfs.github.com/spec/v1\n" +
  "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 1841047\n";

test("wrong content under .onnx is named, and the next model opens", async () => {
  const workspace = Workspace.withExample();
  const model = workspace.read("model.onnx");
  const cases = [
    { name: "empty.onnx", content: Buffer.alloc(0), says: "Not an ONNX model" },
    { name: "one-byte.onnx", content: Buffer.from([8]), says: /Not an ONNX model|cut short or damaged/ },
    {
      name: "page.onnx",
      content: Buffer.from("<!DOCTYPE html><html><p>404</p></html>"),
      says: "Not an ONNX model",
    },
    { name: "archive.onnx", content: zipSync({ "a.txt": Buffer.from("a") }), says: "Not an ONNX model" },
    { name: "pickle.onnx", content: pickle("true"), says: "Not an ONNX model" },
    { name: "pointer.onnx", content: Buffer.from(lfsPointer), says: "Git LFS pointer" },
    { name: "cut.onnx", content: model.subarray(0, 5000), says: /cut short or damaged|weights/ },
  ];
  for (const { name, content } of cases) workspace.write(name, content);
  const workbench = await openVscode(workspace);

  for (const { name, says } of cases) {
    await workbench.explorer.doubleClick(name);
    const { error } = workbench.visualizer();
    await error.getByRole("heading", { name: says }).waitFor({ timeout: 15_000 });
    expect(await workbench.visualizer().frame.getByRole("alert").count(), `${name}: one message`).toBe(1);
    expect(await workbench.notifications.texts(), `${name}: no second message`).toEqual([]);
    if (name === "pointer.onnx") {
      expect(await error.textContent()).toContain("git lfs pull");
      await workbench.screenshot("git-lfs-pointer");
    }
    await workbench.closeTab(name);
  }

  await workbench.explorer.doubleClick("model.onnx");
  await workbench.visualizer().drawn();
  workbench.expectHealthy();
});

test("a checkpoint with a payload is explained and never run", async () => {
  const workspace = Workspace.empty();
  const proof = workspace.path("payload-was-run");
  const payload = pickle(`touch ${proof}`);
  workspace.write("weights.pt", payload);
  workspace.write(
    "archive.pth",
    zipSync({ "archive/data.pkl": payload, "archive/version": Buffer.from("3\n") }),
  );
  const workbench = await openVscode(workspace);

  for (const name of ["weights.pt", "archive.pth"]) {
    await workbench.explorer.choose(name, "Visualize Attention");
    await workbench.notifications.waitFor(new RegExp(`${name}.*It holds weights and no graph`));
    if (name === "weights.pt") await workbench.screenshot("checkpoint");
    await workbench.notifications.press(name, "Show How");
    await workbench.page.locator(".view-lines", { hasText: "onnx" }).first().waitFor();
  }
  expect(existsSync(proof), "the payload was run").toBe(false);
  workbench.expectHealthy();
});

test("a checkpoint with its export beside it opens the export", async () => {
  const workspace = Workspace.withExample().write("model.pt", pickle("true"));
  const workbench = await openVscode(workspace);

  await workbench.explorer.choose("model.pt", "Visualize Attention");
  await workbench.tab("model.onnx").waitFor();
  await workbench.visualizer().drawn();
  workbench.expectHealthy();
});
