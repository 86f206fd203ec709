/** Models that are exported as several files: opened by one of them, the others hold attention of their own. */
import { readdirSync } from "node:fs";
import path from "node:path";

const part = /(encoder|decoder)/i;

/** What the files of one model have in common in their names: "encoder_model.onnx" belongs to "decoder_model_merged.onnx". */
export function stemOf(file: string): string {
  return path
    .basename(file, ".onnx")
    .replace(part, "")
    .replace(/_?(merged|with_past|quantized|int8|fp16)/gi, "");
}

/** A sentence that names the other parts beside an encoder or a decoder; null for a model of one file. */
export function companionNotice(modelPath: string): string | null {
  const name = path.basename(modelPath);
  const own = part.exec(name)?.[1]?.toLowerCase();
  if (own === undefined) return null;
  const other = own === "encoder" ? "decoder" : "encoder";
  let beside: string[];
  try {
    beside = readdirSync(path.dirname(modelPath));
  } catch {
    return null;
  }
  const others = beside.filter(
    (file) => file.endsWith(".onnx") && file.toLowerCase().includes(other) && stemOf(file) === stemOf(name),
  );
  if (others.length === 0) return null;
  return `This is the ${own} of a model of several files: the attention of its ${other} is in ${others.join(" and ")}, which opens by itself.`;
}
