/** The facts of an export's origin: hashes of the very files that were read, versions, the command. */
import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import path from "node:path";
import type { Capture } from "../../shared/capture";
import type { Provenance } from "../../shared/provenance";
import { settledStamp } from "../../inputs/files/file-stamp";
import type { OpenModel } from "../model/open-model";
import { packageFile } from "../program";

const CHUNK = 1 << 22;

/** Hashes that were made before: a model is hashed once, not for every figure. */
const known = new WeakMap<OpenModel, Provenance["model"]>();

/**
 * @param inputSha256 see `inputHash`
 * @param parts other files of the model that were run: their hashes stand beside those of its weights
 */
export function provenanceOf(
  opened: OpenModel,
  capture: Capture,
  inputSha256: string | null,
  command: string,
  parts: readonly OpenModel[] = [],
): Provenance {
  const model = hashedModel(opened);
  const others = [...new Set(parts)].filter((part) => part !== opened).map(hashedModel);
  return {
    program: "Attention Lens",
    version: ownVersion(),
    command,
    created: new Date().toISOString(),
    model: {
      ...model,
      weights: [...model.weights, ...others.flatMap(({ weights, ...file }) => [file, ...weights])],
    },
    input: { ...capture.input, sha256: inputSha256 },
    provider: capture.provider.used,
    runtime: {
      onnxruntime: runtimeVersion(),
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
    },
  };
}

/** Name, size and hash of the model and its weights. */
export function hashedModel(opened: OpenModel): Provenance["model"] {
  const before = known.get(opened);
  if (before) return before;
  const { file, summary } = opened;
  const hash = createHash("sha256");
  for (let at = 0; at < file.size; at += CHUNK) hash.update(file.read(at, Math.min(CHUNK, file.size - at)));
  const weights = file
    .externalFiles()
    .map((name) => ({ name, ...hashedFile(path.join(path.dirname(file.path), name)) }));
  const made = { name: summary.name, bytes: file.size, sha256: hash.digest("hex"), weights };
  known.set(opened, made);
  return made;
}

/**
 * Hash of the files that a capture read, taken while they are there: of several, the hash of their hashes in order; null
 * where none was read.
 */
export function inputHash(files: readonly string[]): string | null {
  const each = files.map((file) => hashedFile(file).sha256);
  const [only = null] = each;
  return each.length > 1 ? createHash("sha256").update(each.join("\n")).digest("hex") : only;
}

/** Hashes of files that were read before: an episode is hashed once, not for every step. */
const hashes = new Map<string, { readonly stamp: string; readonly bytes: number; readonly sha256: string }>();
const MOST_HASHES = 10_000;

function hashedFile(file: string): { bytes: number; sha256: string } {
  const stamp = settledStamp(file);
  const before = hashes.get(file);
  if (before && before.stamp === stamp) return { bytes: before.bytes, sha256: before.sha256 };
  const made = hashedBytes(file);
  if (hashes.size >= MOST_HASHES) hashes.clear();
  if (stamp !== null) hashes.set(file, { stamp, ...made });
  return made;
}

function hashedBytes(file: string): { bytes: number; sha256: string } {
  const hash = createHash("sha256");
  const buffer = new Uint8Array(CHUNK);
  let bytes = 0;
  const fd = openSync(file, "r");
  try {
    for (let count = readSync(fd, buffer); count > 0; count = readSync(fd, buffer)) {
      hash.update(buffer.subarray(0, count));
      bytes += count;
    }
  } finally {
    closeSync(fd);
  }
  return { bytes, sha256: hash.digest("hex") };
}

export function ownVersion(): string {
  return versionIn(packageFile);
}

function runtimeVersion(): string {
  try {
    return versionIn(path.join(path.dirname(require.resolve("onnxruntime-node")), "../package.json"));
  } catch {
    return "unknown";
  }
}

function versionIn(file: string): string {
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version?: string };
  return version ?? "unknown";
}
