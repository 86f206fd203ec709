import path from "node:path";
import { expect, it } from "vitest";
import { byNearness } from "../../../src/extension/nearness";

const files = ["/w/b/model.onnx", "/w/a/model.onnx", "/w/a/sub/model.onnx"].map((file) => ({
  path: path.normalize(file),
}));
const order = (folder?: string) => byNearness(files, folder).map((file) => file.path.replaceAll("\\", "/"));

it("puts the models of the source's folder first", () => {
  expect(order("/w/b")).toEqual(["/w/b/model.onnx", "/w/a/model.onnx", "/w/a/sub/model.onnx"]);
  expect(order("/w/a/sub")).toEqual(["/w/a/sub/model.onnx", "/w/a/model.onnx", "/w/b/model.onnx"]);
});

it("orders by path where no source is open", () => {
  expect(order()).toEqual(["/w/a/model.onnx", "/w/a/sub/model.onnx", "/w/b/model.onnx"]);
});
