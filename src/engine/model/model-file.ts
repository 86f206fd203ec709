/** A model on disk: opened without its weights, checked before anything is run. */
import {
  closeSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import path from "node:path";
import { AttentionError } from "../../shared/errors";
import {
  elementBytes,
  type ExternalTensor,
  type Graph,
  type OnnxModel,
  type TensorRef,
} from "../../onnx/model";
import { readWhole } from "../../onnx/functions/read-whole";
import type { ByteSource } from "../../onnx/source";
import { isLfsPointer } from "../../inputs/files/lfs-pointer";
import { refuseOtherKinds } from "./file-kind";

/** Protobuf cannot hold more, and ONNX Runtime refuses it. */
const MAX_FILE_BYTES = 2 ** 31 - 1;

export class ModelFile implements ByteSource {
  readonly path: string;
  readonly size: number;
  /** The model as one graph: its functions are copied to where they are called. */
  readonly model: OnnxModel;
  /** The bytes that the model's ranges are of: the file's own, with the copies between them. */
  readonly source: ByteSource;
  readonly #fd: number;
  readonly #stamp: string;

  /** Opens and scans. Throws the error that fits what the file is. */
  constructor(file: string) {
    this.path = file;
    try {
      this.#fd = openSync(file, "r");
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code === "ENOENT" ? "fileNotFound" : "fileUnreadable";
      throw new AttentionError(code, error instanceof Error ? error.message : "", {
        where: file,
        cause: error,
      });
    }
    try {
      const stats = fstatSync(this.#fd);
      if (!stats.isFile()) throw new AttentionError("notOnnx", "The path is a folder.", { where: file });
      this.size = stats.size;
      this.#stamp = stampOf(stats);
      refuseOtherKinds(this.read(0, 512), this.size, path.basename(file));
      if (this.size > MAX_FILE_BYTES) {
        throw new AttentionError("tooLarge", `The file has ${(this.size / 1e9).toFixed(2)} GB.`, {
          where: path.basename(file),
        });
      }
      const { model, source } = readWhole(this);
      this.model = model;
      this.source = source;
      checkTensors(this.model);
    } catch (error) {
      closeSync(this.#fd);
      throw placed(error, path.basename(file));
    }
  }

  read(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const count = readSync(this.#fd, bytes, filled, length - filled, offset + filled);
      if (count === 0) break;
      filled += count;
    }
    return bytes.subarray(0, filled);
  }

  /** Whether the path holds another file than the one that was scanned. */
  changed(): boolean {
    try {
      return stampOf(statSync(this.path)) !== this.#stamp;
    } catch {
      return true;
    }
  }

  /** Bytes of weights that lie in other files, after checking that every one may be read. */
  checkExternalData(): number {
    const folder = path.dirname(this.path);
    let bytes = 0;
    const sizes = new Map<string, number>();
    for (const tensor of this.model.external) {
      const { location } = tensor.external;
      if (tensor.place !== "initializer") {
        throw new AttentionError(
          "externalDataRefused",
          `The ${tensor.place === "sparse" ? "sparse tensor" : "constant"} ${tensor.name} lies in another file, which is for weights alone.`,
          { where: location },
        );
      }
      const size = sizes.get(location) ?? externalSize(folder, location);
      sizes.set(location, size);
      bytes += externalLength(tensor, size, path.join(folder, location));
    }
    return bytes;
  }

  /** Files beside the model that hold its weights, as the model names them. */
  externalFiles(): string[] {
    return [...new Set(this.model.external.map((tensor) => tensor.external.location).filter(Boolean))];
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function stampOf(stats: Stats): string {
  return `${stats.ino}:${stats.size}:${stats.mtimeMs}`;
}

function placed(error: unknown, where: string): AttentionError {
  const wrapped = AttentionError.wrap(error);
  return wrapped.where === undefined
    ? new AttentionError(wrapped.code, wrapped.detail, {
        where,
        ...(wrapped.fix ? { fix: wrapped.fix } : {}),
        cause: error,
      })
    : wrapped;
}

function* tensors(graph: Graph): Generator<TensorRef> {
  yield* graph.initializers.values();
  for (const node of graph.nodes) {
    for (const attribute of node.attributes.values()) {
      if (attribute.tensor) yield attribute.tensor;
      if (attribute.graph) yield* tensors(attribute.graph);
    }
  }
}

/** Sizes that cannot be: negative or overflowing dimensions, and raw data of another length than its shape says. */
function checkTensors(model: OnnxModel): void {
  for (const tensor of tensors(model.graph)) {
    const count = tensor.dims.reduce((product, dim) => product * dim, 1);
    if (tensor.dims.some((dim) => dim < 0) || !Number.isSafeInteger(count)) {
      throw new AttentionError(
        "limits",
        `The tensor ${tensor.name} has the impossible shape [${tensor.dims.join(", ")}].`,
      );
    }
    const bytes = elementBytes[tensor.elementType];
    if (tensor.data?.field === "raw" && bytes !== undefined && tensor.data.length !== count * bytes) {
      throw new AttentionError(
        "truncated",
        `The tensor ${tensor.name} holds ${tensor.data.length} bytes, its shape wants ${count * bytes}.`,
      );
    }
  }
}

/**
 * Bytes that a tensor takes of its file of weights; refuses a range that the file does not hold.
 * @param size bytes of the file
 */
function externalLength(
  { name, dims, elementType, external }: ExternalTensor,
  size: number,
  file: string,
): number {
  const range = (value: string | null, fallback: number) =>
    value === null ? fallback : /^\d{1,15}$/.test(value) ? Number(value) : NaN;
  const bytes = elementBytes[elementType];
  const wanted = bytes === undefined ? undefined : dims.reduce((all, dim) => all * dim, bytes);
  const offset = range(external.offset, 0);
  const length = range(external.length, wanted ?? Math.max(0, size - offset));
  const refuse = (why: string) =>
    isLfsPointer(head(file, size))
      ? new AttentionError("gitLfsPointer", "The file of weights beside the model is a pointer.", {
          where: external.location,
        })
      : new AttentionError("truncated", why, { where: external.location });
  if (Number.isNaN(offset) || Number.isNaN(length)) {
    throw refuse(
      `The tensor ${name} wants ${external.length ?? "all"} bytes from ${external.offset ?? 0}, which is no place.`,
    );
  }
  if (offset + length > size)
    throw refuse(`The tensor ${name} wants bytes ${offset} to ${offset + length} of ${size}.`);
  if (wanted !== undefined && length !== wanted)
    throw refuse(`The tensor ${name} is given ${length} bytes, its shape wants ${wanted}.`);
  return length;
}

/** The beginning of a small file, to tell a pointer; a large one is none. */
function head(file: string, size: number): Uint8Array {
  if (size > 1024) return new Uint8Array(0);
  const fd = openSync(file, "r");
  try {
    const bytes = new Uint8Array(size);
    return bytes.subarray(0, readSync(fd, bytes, 0, size, 0));
  } finally {
    closeSync(fd);
  }
}

/** Size of a file of weights; refuses any that is not a plain file in the model's own folder. */
function externalSize(folder: string, location: string): number {
  const refuse = (why: string) => new AttentionError("externalDataRefused", why, { where: location });
  if (
    location === "" ||
    path.isAbsolute(location) ||
    // A drive, a share, a marker of ONNX Runtime for an address in memory.
    /^[a-z]:|^\\|^\*[\\/]/i.test(location) ||
    location.includes("\0") ||
    location.split(/[\\/]/).includes("..")
  ) {
    throw refuse("The location is not a plain relative path.");
  }
  const file = path.join(folder, location);
  let stats: Stats;
  try {
    stats = lstatSync(file);
  } catch {
    const others = nearNames(folder, location);
    throw new AttentionError(
      "externalDataMissing",
      `${location} is not beside the model${others.length ? `; ${others.join(" and ")} is there under another name` : ""}.`,
      { where: location },
    );
  }
  if (
    stats.isSymbolicLink() ||
    path.dirname(realpathSync(file)) !== path.join(realpathSync(folder), path.dirname(location))
  ) {
    throw refuse("It is a symbolic link.");
  }
  if (!stats.isFile()) throw refuse("It is not a file.");
  if (stats.nlink > 1) throw refuse("It is a hard link to another file.");
  return stats.size;
}

/** Files beside the model that may be the missing one under another name. */
function nearNames(folder: string, location: string): string[] {
  const stem = path.basename(location).split(/[._]/)[0] ?? "";
  try {
    return readdirSync(folder)
      .filter((name) => name !== location && /[._]data$|[._]weights?$|\.bin$/i.test(name))
      .filter((name) => name.startsWith(stem) || /data|weights/i.test(name))
      .slice(0, 3);
  } catch {
    return [];
  }
}
