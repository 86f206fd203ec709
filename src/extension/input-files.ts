/**
 * Files that an input may name: those that a person has chosen here, or has dropped into or pasted into a view, and
 * those of the workspace. What the page of a view names besides is refused: it is asked for nowhere.
 */
import { createHash } from "node:crypto";
import { mkdir, open, readdir, stat, unlink, writeFile } from "node:fs/promises";
import path from "node:path";
import * as vscode from "vscode";
import { AttentionError } from "../shared/errors";
import type { InputChoice } from "../shared/input-choice";
import { bytes as byteWords } from "../shared/format";

export type InputFileKind = "arrays" | "image" | "video";

const kinds: Record<InputFileKind, { title: string; filters: Record<string, string[]> }> = {
  arrays: {
    title: "Arrays for the model's inputs",
    filters: { Arrays: ["npz", "npy", "safetensors", "json", "csv"] },
  },
  image: {
    title: "An image for the model",
    filters: { Images: ["png", "jpg", "jpeg", "webp", "gif", "bmp"] },
  },
  video: { title: "A video for the model", filters: { Videos: ["mp4", "webm", "mov", "mkv", "avi"] } },
};

/** Most bytes of a file that is dropped or pasted; one that lies on disk is chosen there. */
const MOST_KEPT_BYTES = 64e6;
/** Files that are kept; the oldest go. */
const MOST_KEPT = 40;

export class InputFiles {
  readonly #folder: string;
  readonly #given = new Set<string>();

  /** @param folder where dropped files are kept */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Ask for a file; null when none was chosen. */
  async browse(kind: InputFileKind, model: vscode.Uri): Promise<string | null> {
    const { title, filters } = kinds[kind];
    const [chosen] =
      (await vscode.window.showOpenDialog({
        title,
        filters: { ...filters, "All files": ["*"] },
        defaultUri: vscode.Uri.file(path.dirname(model.fsPath)),
        openLabel: "Use",
      })) ?? [];
    if (!chosen) return null;
    this.#given.add(chosen.fsPath);
    return chosen.fsPath;
  }

  /** Keep what was dropped or pasted, under a name that its content gives: the same twice is one file. */
  async keep(name: string, content: ArrayBuffer): Promise<string> {
    if (content.byteLength > MOST_KEPT_BYTES) {
      throw new AttentionError(
        "inputTooLarge",
        `${path.basename(name)} has ${byteWords(content.byteLength)}; at most ${byteWords(MOST_KEPT_BYTES)} are taken this way. Choose it with the button instead.`,
      );
    }
    const data = new Uint8Array(content);
    const hash = createHash("sha256").update(data).digest("hex").slice(0, 16);
    const plain = path
      .basename(name)
      .replace(/[^\w.-]+/g, "_")
      .slice(-60);
    const file = path.join(this.#folder, `${hash}-${plain || "input"}`);
    await mkdir(this.#folder, { recursive: true });
    await writeFile(file, data);
    await this.#removeOldest();
    this.#given.add(file);
    return file;
  }

  /** Throws `inputRefused` for a file that nobody chose here. */
  check(choice: InputChoice | null, remembered: readonly InputChoice[]): void {
    if (choice === null) return;
    const known = new Set([...this.#given, ...remembered.flatMap(filesOf)]);
    for (const file of filesOf(choice)) {
      const inWorkspace = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(file)) !== undefined;
      if (known.has(file) || (inWorkspace && path.normalize(file) === file)) continue;
      throw new AttentionError("inputRefused", `Nobody chose ${file} here.`);
    }
  }

  /** A part of a video that was chosen here. Throws `inputRefused` for any other file. */
  async readPart(file: string, start: number, bytes: number): Promise<{ size: number; bytes: ArrayBuffer }> {
    this.check({ video: { file, frame: 0 } }, []);
    let handle;
    try {
      handle = await open(file, "r");
      const stats = await handle.stat();
      if (!stats.isFile()) throw new Error("It is not a file");
      const part = new Uint8Array(Math.max(0, Math.min(bytes, stats.size - start)));
      const { bytesRead } = await handle.read(part, 0, part.length, start);
      return { size: stats.size, bytes: part.buffer.slice(0, bytesRead) };
    } catch (error) {
      throw new AttentionError(
        "fileUnreadable",
        `${error instanceof Error ? error.message : String(error)}.`,
        {
          where: file,
          cause: error,
        },
      );
    } finally {
      await handle?.close();
    }
  }

  async #removeOldest(): Promise<void> {
    const names = await readdir(this.#folder);
    if (names.length <= MOST_KEPT) return;
    const files = await Promise.all(
      names.map(async (name) => {
        const file = path.join(this.#folder, name);
        return { file, time: (await stat(file)).mtimeMs };
      }),
    );
    files.sort((one, other) => one.time - other.time);
    await Promise.all(files.slice(0, files.length - MOST_KEPT).map(({ file }) => unlink(file)));
  }
}

/** Paths that a choice names. */
function filesOf(choice: InputChoice): string[] {
  const { file, images, video } = choice;
  return [file, video?.file, ...Object.values(images ?? {})].filter((one) => one !== undefined);
}
