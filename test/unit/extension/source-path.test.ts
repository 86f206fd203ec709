import { describe, expect, it } from "vitest";
import { bestMatch, isInside, sourceCandidates } from "../../../src/extension/source-path";

describe("candidates for a source file", () => {
  it("are below the workspace, then beside the model and in the folders above it", () => {
    expect(sourceCandidates("net/model.py", "/project/runs/a/model.onnx", ["/project"])).toEqual([
      "/project/net/model.py",
      "/project/runs/a/net/model.py",
      "/project/runs/net/model.py",
    ]);
  });

  it("begin with an absolute path of this machine", () => {
    expect(sourceCandidates("/project/net/model.py", "/project/model.onnx", ["/project"])[0]).toBe(
      "/project/net/model.py",
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
      for (const file of sourceCandidates(source, "/project/a/model.onnx", ["/project"]))
        expect(isInside(file, "/project"), file).toBe(true);
    }
    expect(sourceCandidates("/etc/passwd", "/elsewhere/model.onnx", [])).toEqual([]);
  });

  it("read a path that another system wrote", () => {
    expect(sourceCandidates("net\\model.py", "/project/model.onnx", ["/project"])[0]).toBe(
      "/project/net/model.py",
    );
  });
});

describe("of files with the same name", () => {
  const found = [
    "/project/old/model.py",
    "/project/b/net/model.py",
    "/project/a/net/model.py",
    "/project/net.py",
  ];

  it("the one that ends most like the source is taken", () => {
    expect(bestMatch("examples/a/net/model.py", found, "/project/model.onnx")).toBe(
      "/project/a/net/model.py",
    );
  });

  it("the nearest to the model decides between equals", () => {
    expect(bestMatch("net/model.py", found, "/project/b/model.onnx")).toBe("/project/b/net/model.py");
    expect(bestMatch("net/model.py", found, "/project/a/model.onnx")).toBe("/project/a/net/model.py");
  });

  it("none is taken where the name differs", () => {
    expect(bestMatch("net/other.py", found, "/project/model.onnx")).toBeUndefined();
  });
});
