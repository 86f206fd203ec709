/** Variants of a model, made from its bytes. */
import { expect } from "vitest";
import { readModel } from "../../../src/onnx/read";
import { bytesSource } from "../../../src/onnx/source";

/** The same model with other weights: the biases of the query projections have the other sign. */
export function withOtherWeights(model: Buffer): Buffer {
  const other = Buffer.from(model);
  const { initializers } = readModel(bytesSource(model)).graph;
  const biases = [...initializers.values()].filter(({ name }) => /attention\.query\.bias$/.test(name));
  expect(biases.length, "biases of query projections").toBeGreaterThan(0);
  for (const { data } of biases) {
    for (let at = data!.offset + 3; at < data!.offset + data!.length; at += 4) {
      other.writeUInt8(other.readUInt8(at) ^ 0x80, at);
    }
  }
  return other;
}
