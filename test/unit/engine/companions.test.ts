import { copyFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { companionNotice } from "../../../src/engine/model/companions";
import { attentionGraph, buildModel } from "../onnx/model-builder";
import { newClient, onCpu, temporaryFolder } from "./harness";

test("an encoder names the decoders beside it, and the other way round", () => {
  const folder = temporaryFolder();
  const files = [
    "encoder_model.onnx",
    "decoder_model.onnx",
    "decoder_model_merged.onnx",
    "other_decoder.onnx",
  ];
  for (const file of files) writeFileSync(path.join(folder, file), "");
  expect(companionNotice(path.join(folder, "encoder_model.onnx"))).toBe(
    "This is the encoder of a model of several files: the attention of its decoder is in decoder_model.onnx and decoder_model_merged.onnx, which opens by itself.",
  );
  expect(companionNotice(path.join(folder, "decoder_model_merged.onnx"))).toContain("encoder_model.onnx");
});

test("a model of one file has nothing to say", () => {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, "model.onnx"), "");
  writeFileSync(path.join(folder, "text_encoder.onnx"), "");
  expect(companionNotice(path.join(folder, "model.onnx"))).toBeNull();
  expect(companionNotice(path.join(folder, "text_encoder.onnx"))).toBeNull();
});

test("the capture of one part says so", async () => {
  const folder = temporaryFolder();
  const file = path.join(folder, "decoder_model.onnx");
  writeFileSync(file, buildModel(attentionGraph({})));
  copyFileSync(file, path.join(folder, "encoder_model.onnx"));
  const client = newClient();
  await client.open(file, "full");
  expect((await client.capture(onCpu)).notices.join(" ")).toContain("in encoder_model.onnx");
});
