/** What a file is, told by its first bytes, where it is not an ONNX model. */
import { isLfsPointer } from "../../inputs/files/lfs-pointer";
import { AttentionError } from "../../shared/errors";

const text = new TextDecoder("latin1");

/** Throws with the file's real kind when its first bytes cannot begin an ONNX model. */
export function refuseOtherKinds(head: Uint8Array, size: number, where: string): void {
  const start = text.decode(head.subarray(0, 512));
  const refuse = (what: string) => {
    throw new AttentionError("notOnnx", `The file is ${what}.`, { where });
  };
  if (size === 0) refuse("empty");
  if (isLfsPointer(head)) throw new AttentionError("gitLfsPointer", "", { where });
  if (size < 8) refuse(`only ${size} byte${size === 1 ? "" : "s"} long`);
  if (start.startsWith("PK\u0003\u0004")) refuse("a zip archive (a PyTorch checkpoint has this form)");
  if (head[0] === 0x80 && (head[1] ?? 0) >= 2 && (head[1] ?? 0) <= 5) refuse("a Python pickle");
  // Protocol 0 is text: a mark and a dictionary or list, or the name of a class.
  if (/^(\([dli]p?\d*\n|c[\w.]+\n[\w.]+\n)/.test(start)) refuse("a Python pickle");
  if (/^\s*<(!doctype|html|\?xml)/i.test(start)) refuse("a web page: the download may have failed");
  if (start.startsWith("\u0089HDF")) refuse("an HDF5 file");
  if (start.startsWith("ORTM", 4)) refuse("a model in ONNX Runtime's own format (.ort)");
  if (/^.{8}\{"/s.test(start)) refuse("a safetensors file: weights without a graph");
  if (/^\s*[{[]/.test(start)) refuse("a JSON text");
}
