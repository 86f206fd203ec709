/** ONNX Runtime, loaded when something is run for the first time and never in an untrusted workspace. */
import type * as Ort from "onnxruntime-node";
import { AttentionError } from "../../shared/errors";

let loaded: Promise<typeof Ort> | undefined;

export function loadRuntime(): Promise<typeof Ort> {
  if (process.env["ATTENTION_LENS_TRUSTED"] === "0") throw new AttentionError("untrusted");
  loaded ??= import("onnxruntime-node");
  return loaded;
}

/** Threads of one operator. The process runs at low priority and leaves a core to the editor. */
export function threads(): number {
  const asked = Number(process.env["ATTENTION_LENS_THREADS"]);
  return Number.isInteger(asked) && asked > 0 ? asked : 1;
}
