import { describe, expect, it } from "vitest";
import { bestMatch, isInside, sourceCandidates } from "../../../src/extension/source-path";

describe("candidates for a source file", () => {
  it("are below the workspace, then beside the model and in the folders above it", () => {
    expect(sourceCandidates("net/model.py", "/work/runs/a/model.onnx", ["/work"])).toEqual([
      "/work/net/model.py",
      "/work/runs/a/net/model.py",
      "/work/runs/net/model.py",
    ]);
  });

  it("begin with an absolute path of this machine", () => {
    expect(sourceCandidates("/work/net/model.py", "/work/model.onnx", ["/work"])[0]).toBe(
      "/work/net/model.py",
    );
  });

  it("are never outside the workspace, whatever the model file says", () => {
    for (const source of [
      "/etc/passwd",
      "../../etc/passwd",
      "net/../../../etc/passwd",
      "C:\\secret.py",
      "..",
    ]) {
      for (const file of sourceCandidates(source, "/work/a/model.onnx", ["/work"]))
        expect(isInside(file, "/work"), file).toBe(true);
    }
    expect(sourceCandidates("/etc/passwd", "/elsewhere/model.onnx", [])).toEqual([]);
  });

  it("read a path that another system wrote", () => {
    expect(sourceCandidates("net\\model.py", "/work/model.onnx", ["/work"])[0]).toBe("/work/net/model.py");
  });
});

describe("of files with the same name", () => {
  const found = ["/work/old/model.py", "/work/b/net/model.py", "/work/a/net/model.py", "/work/net.py"];

  it("the one that ends most like the source is taken", () => {
    expect(bestMatch("examples/a/net/model.py", found, "/work/model.onnx")).toBe("/work/a/net/model.py");
  });

  it("the nearest to the model decides between equals", () => {
    expect(bestMatch("net/model.py", found, "/work/b/model.onnx")).toBe("/work/b/net/model.py");
    expect(bestMatch("net/model.py", found, "/work/a/model.onnx")).toBe("/work/a/net/model.py");
  });

  it("none is taken where the name differs", () => {
    expect(bestMatch("net/other.py", found, "/work/model.onnx")).toBeUndefined();
  });
});
