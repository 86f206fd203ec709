/** A model with an episode of a few steps beside it, in a folder of its own. */
import { copyFileSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { readNpz, writeNpz } from "../../../src/inputs/arrays";
import { root, temporaryFolder } from "./harness";

export const STEPS = 6;

/** The tiny BERT of the corpus with an episode of prompts, each step another. */
export function recorded(offset = 0) {
  const place = temporaryFolder();
  const model = path.join(place, "bert.onnx");
  copyFileSync(path.join(root, "test/corpus/bert-dynamo18-eager.onnx"), model);
  const arrays = readNpz(readFileSync(path.join(root, "test/corpus/bert.npz")), "bert.npz");
  const ids = arrays.get("input_ids")!;
  const file = path.join(place, "episode.npz");
  const write = (from: number): void => {
    const size = ids.data.length;
    const along = new BigInt64Array(STEPS * size);
    for (let step = 0; step < STEPS; step++)
      (ids.data as BigInt64Array).forEach(
        (id, at) => (along[step * size + at] = (id + BigInt(step + from)) % 32n),
      );
    const others = ["attention_mask", "token_type_ids"].flatMap((name) => {
      const array = arrays.get(name);
      return array ? [[name, { data: array.data as BigInt64Array, dims: [...array.dims] }] as const] : [];
    });
    writeFileSync(
      file,
      writeNpz(new Map([["input_ids", { data: along, dims: [STEPS, ...ids.dims] }], ...others])),
    );
    utimesSync(file, new Date(1e12 + from * 1e6), new Date(1e12 + from * 1e6));
  };
  write(offset);
  const manifest = {
    version: 1,
    inputs: { file: "episode.npz" },
    steps: { axis: "step", inputs: ["input_ids"] },
  };
  writeFileSync(path.join(place, "bert.attention.json"), JSON.stringify(manifest));
  return { model, write };
}
