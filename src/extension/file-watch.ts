/**
 * Tells when the files of a model differ from what was loaded, and when they have stopped changing. Knows nothing
 * of VS Code: events and polls both end in `check`, so a file system without events is watched as well.
 *
 * A training script writes a large model in pieces, renames over it, or deletes it and writes it again. So a
 * change is told at once, and the files are called settled when two looks `settleMs` apart see the same sizes,
 * times and inode numbers, and the model itself is there and not empty.
 */
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { parse } from "jsonc-parser";
import * as z from "zod";
import { DisposableBase } from "./disposable";

export interface FileWatchOptions {
  /** The model first; then what belongs to it (weights, manifest last), which may be missing. */
  readonly files: readonly string[];
  readonly settleMs?: number;
  /** The files differ from what was loaded; told once per change of `missing`. */
  onChanged(missing: boolean): void;
  /** The files are again what was loaded. */
  onRestored(): void;
  /** The files differ from what was loaded, and are stable: load them. */
  onSettled(): void;
  onError(error: unknown): void;
}

/** The model, its external weights as exporters name them, and last its manifest. */
export function filesOf(model: string): string[] {
  const { dir, name } = path.parse(model);
  return [model, `${model}_data`, `${model}.data`, path.join(dir, `${name}.attention.json`)];
}

const inputSchema = z.object({ inputs: z.object({ file: z.string().min(1).max(4096) }) });

/** The recorded input that a manifest names; none where it names none or cannot be read. */
async function inputOf(manifest: string | undefined): Promise<string[]> {
  if (manifest === undefined) return [];
  try {
    const parsed = inputSchema.safeParse(
      parse(await readFile(manifest, "utf8"), [], { allowTrailingComma: true }),
    );
    return parsed.success ? [path.resolve(path.dirname(manifest), parsed.data.inputs.file)] : [];
  } catch {
    return [];
  }
}

interface Look {
  /** All files that were looked at. */
  readonly files: readonly string[];
  readonly signature: string;
  /** False while the model is missing or empty. */
  readonly there: boolean;
}

async function look(named: readonly string[]): Promise<Look> {
  const files = [...named, ...(await inputOf(named.at(-1)))];
  const stats = await Promise.all(files.map((file) => stat(file).catch(() => undefined)));
  return {
    files,
    signature: stats.map((s) => (s ? `${s.size}:${s.mtimeMs}:${s.ino}` : "-")).join("|"),
    there: (stats[0]?.size ?? 0) > 0,
  };
}

export class FileWatch extends DisposableBase {
  readonly #options: FileWatchOptions;
  readonly #settleMs: number;
  #loaded: string | undefined;
  #files: readonly string[];
  /** Whether the model was missing when a change was last told; undefined while none is told. */
  #told: boolean | undefined;
  #previous: string | undefined;
  #settling: NodeJS.Timeout | undefined;
  #polling: NodeJS.Timeout | undefined;

  constructor(options: FileWatchOptions) {
    super();
    this.#options = options;
    this.#files = options.files;
    this.#settleMs = options.settleMs ?? 500;
  }

  /** Whether this is the name of one of the files. */
  concerns(file: string): boolean {
    const name = path.basename(file);
    return this.#files.some((one) => path.basename(one) === name);
  }

  /** What is on disk now is what will be loaded. */
  async accept(): Promise<void> {
    const { files, signature } = await look(this.#options.files);
    this.#files = files;
    this.#accept(signature);
  }

  /** Look at the files at intervals, as long as someone looks at the view; 0 stops. */
  poll(everyMs: number): void {
    clearInterval(this.#polling);
    this.#polling = undefined;
    if (everyMs > 0 && !this.disposed) {
      this.#polling = setInterval(() => this.check(), everyMs);
      this.#polling.unref();
    }
  }

  /** Something may have changed. */
  check(): void {
    if (this.disposed || this.#loaded === undefined || this.#settling) return;
    void this.#look().catch((error: unknown) => this.#options.onError(error));
  }

  override dispose(): void {
    clearTimeout(this.#settling);
    this.poll(0);
    super.dispose();
  }

  #accept(signature: string): void {
    this.#loaded = signature;
    this.#told = undefined;
    this.#previous = undefined;
  }

  async #look(): Promise<void> {
    const { files, signature, there } = await look(this.#options.files);
    this.#files = files;
    if (this.disposed || this.#settling) return;
    if (signature === this.#loaded) {
      if (this.#told === undefined) return;
      this.#told = undefined;
      this.#previous = undefined;
      this.#options.onRestored();
      return;
    }
    if (this.#told !== !there) {
      this.#told = !there;
      this.#options.onChanged(!there);
    }
    if (there && signature === this.#previous) {
      this.#accept(signature);
      this.#options.onSettled();
      return;
    }
    this.#previous = signature;
    // A missing file is looked for at the same pace only as long as something tells of changes or polls.
    if (!there) return;
    this.#settling = setTimeout(() => {
      this.#settling = undefined;
      this.check();
    }, this.#settleMs);
  }
}
