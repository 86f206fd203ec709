/**
 * What a file is, told by its content, and where its `.onnx` is. Reads bytes only: nothing is unpickled, unpacked
 * or executed, whatever the file says of itself.
 */
import { type FileHandle, open, readdir } from "node:fs/promises";
import path from "node:path";
import { AttentionError } from "../shared/errors";
import { safetensorsProblem } from "./safetensors-header";

/** Endings on which *Visualize Attention* is offered, besides `.onnx`. Also in package.json's menus. */
export const checkpointEndings = [
  ".pth.tar",
  ".pt",
  ".pth",
  ".ckpt",
  ".tar",
  ".bin",
  ".safetensors",
  ".pkl",
  ".msgpack",
] as const;

export type CheckpointKind =
  | "onnx"
  | "torch"
  | "torchscript"
  | "pickle"
  | "safetensors"
  | "damagedSafetensors"
  | "msgpack"
  | "hdf5"
  | "numpy"
  | "zip"
  | "tar"
  | "gzip"
  | "html"
  | "gitLfsPointer"
  | "empty"
  | "unknown";

/** Whose export is explained. */
export type Framework = "pytorch" | "jax" | "transformers";

interface KindWords {
  readonly is: string;
  readonly framework: Framework | null;
}

/** What to call each kind, and whose export to explain; null where there is nothing to export. */
export const kinds: Record<CheckpointKind, KindWords> = {
  onnx: { is: "an ONNX model", framework: null },
  torch: { is: "a PyTorch checkpoint", framework: "pytorch" },
  torchscript: { is: "a TorchScript archive", framework: "pytorch" },
  pickle: { is: "a Python pickle", framework: "pytorch" },
  safetensors: { is: "a safetensors file", framework: "transformers" },
  damagedSafetensors: { is: "a damaged safetensors file", framework: null },
  msgpack: { is: "a MessagePack checkpoint, as Flax writes them", framework: "jax" },
  hdf5: { is: "an HDF5 file", framework: "pytorch" },
  numpy: { is: "an archive of NumPy arrays", framework: "jax" },
  zip: { is: "a zip archive", framework: "pytorch" },
  tar: { is: "a tar archive", framework: "pytorch" },
  gzip: { is: "a gzip archive", framework: "pytorch" },
  html: { is: "a web page, probably of a download that needed a login", framework: null },
  gitLfsPointer: { is: "a Git LFS pointer, not the checkpoint", framework: null },
  empty: { is: "empty", framework: null },
  unknown: { is: "of a kind that is not known here", framework: "pytorch" },
};

export interface Checkpoint {
  readonly kind: CheckpointKind;
  /** What is wrong with it, where that is known. */
  readonly problem: string | null;
}

/** Bytes from the beginning that are looked at; a tar archive's mark is at 257. */
const HEAD_BYTES = 64 * 1024;

/** Names of the entries whose headers lie within the bytes. */
function zipEntries(head: Buffer): string[] {
  const names: string[] = [];
  for (let at = head.indexOf("PK\x03\x04", 0, "latin1"); at >= 0 && at + 30 <= head.length;) {
    const length = head.readUInt16LE(at + 26);
    names.push(head.toString("latin1", at + 30, at + 30 + length));
    at = head.indexOf("PK\x03\x04", at + 30 + length, "latin1");
  }
  return names;
}

function zipKind(head: Buffer): CheckpointKind {
  const names = zipEntries(head);
  if (names.some((name) => /(^|\/)(constants\.pkl|code\/)/.test(name))) return "torchscript";
  if (names.some((name) => /(^|\/)(data\.pkl|\.data\/serialization_id|\.format_version)$/.test(name)))
    return "torch";
  if (names[0]?.endsWith(".npy")) return "numpy";
  return "zip";
}

/** `ir_version` and then another field of ONNX's `ModelProto`. */
function looksLikeOnnx(head: Buffer): boolean {
  const [first, version, next] = head;
  if (first !== 0x08 || version === undefined || version < 1 || version > 0x20) return false;
  return next !== undefined && [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42].includes(next);
}

/** A map of MessagePack whose first key is a string: the form of a saved Flax state. */
function looksLikeMessagePack(head: Buffer): boolean {
  const first = head[0] ?? 0;
  const key =
    first >= 0x81 && first <= 0x8f
      ? head[1]
      : first === 0xde
        ? head[3]
        : first === 0xdf
          ? head[5]
          : undefined;
  return key !== undefined && ((key >= 0xa0 && key <= 0xbf) || key === 0xd9 || key === 0xda);
}

/** The kind of a file by its first bytes; `size` is the whole file's. Safetensors are checked further by `inspect`. */
export function kindOf(head: Buffer, size: number): CheckpointKind {
  if (size === 0) return "empty";
  if (head.subarray(0, 4).equals(Buffer.from("PK\x03\x04", "latin1"))) return zipKind(head);
  const text = head.toString("latin1", 0, 512).trimStart().toLowerCase();
  if (text.startsWith("version https://git-lfs.github.com/spec/")) return "gitLfsPointer";
  if (/^(<!doctype html|<html|<head|<\?xml)/.test(text)) return "html";
  if (head.subarray(0, 4).equals(Buffer.from([0x89, 0x48, 0x44, 0x46]))) return "hdf5";
  if (head[0] === 0x1f && head[1] === 0x8b) return "gzip";
  if (head.toString("latin1", 257, 262) === "ustar") return "tar";
  // A pickle of protocol 2 to 5; torch's old format starts with a pickled magic number.
  if (head[0] === 0x80 && (head[1] ?? 0) >= 2 && (head[1] ?? 0) <= 5) {
    return head.subarray(2, 14).equals(Buffer.from("8a0a6cfc9c46f9206aa85019", "hex")) ? "torch" : "pickle";
  }
  if (head.length > 8 && head[8] === 0x7b /* { */) return "safetensors";
  if (looksLikeOnnx(head)) return "onnx";
  if (looksLikeMessagePack(head)) return "msgpack";
  return "unknown";
}

async function readAt(file: FileHandle, bytes: number, position: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes);
  const { bytesRead } = await file.read(buffer, 0, bytes, position);
  return buffer.subarray(0, bytesRead);
}

/** Look at a file. Throws `fileUnreadable` or `fileNotFound`. */
export async function inspect(file: string): Promise<Checkpoint> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, "r");
    const { size } = await handle.stat();
    const head = await readAt(handle, Math.min(size, HEAD_BYTES), 0);
    const kind = kindOf(head, size);
    if (kind !== "safetensors") return { kind, problem: null };
    const problem = await safetensorsProblem(size, (bytes, position) =>
      handle ? readAt(handle, bytes, position) : Promise.resolve(Buffer.alloc(0)),
    );
    return problem === null ? { kind, problem } : { kind: "damagedSafetensors", problem };
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    throw AttentionError.wrap(error, missing ? "fileNotFound" : "fileUnreadable");
  } finally {
    await handle?.close();
  }
}

/** `actor.pth.tar` → `actor`. */
export function stemOf(file: string): string {
  const name = path.basename(file);
  const ending = checkpointEndings.find((end) => name.toLowerCase().endsWith(end));
  return ending ? name.slice(0, -ending.length) : path.parse(name).name;
}

/**
 * The `.onnx` files beside a checkpoint: the one of the same name alone, else all of the folder. Absolute paths,
 * sorted.
 */
export async function modelsBeside(file: string): Promise<string[]> {
  const folder = path.dirname(file);
  const names = (await readdir(folder)).filter((name) => name.toLowerCase().endsWith(".onnx")).sort();
  const stem = stemOf(file).toLowerCase();
  const same = names.filter((name) => name.toLowerCase() === `${stem}.onnx`);
  return (same.length > 0 ? same : names).map((name) => path.join(folder, name));
}
