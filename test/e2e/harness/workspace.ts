/** A folder of its own for each test, with copies of what it needs. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { inject } from "vitest";

export const repository = path.resolve(import.meta.dirname, "../../..");
export const exampleFolder = path.join(repository, "examples", "decision-transformer");
export const screenshots = path.join(repository, "out", "screenshots");

export class Workspace {
  readonly folder: string;

  private constructor() {
    this.folder = mkdtempSync(path.join(inject("home"), "workspace-"));
  }

  /** An empty folder. */
  static empty(): Workspace {
    return new Workspace();
  }

  /** The model of the first example with what lies beside it. */
  static withExample(): Workspace {
    const workspace = new Workspace();
    for (const name of ["model.onnx", "model.py", "model.attention.json", "recorded.npz"]) {
      cpSync(path.join(exampleFolder, name), workspace.path(name));
    }
    return workspace;
  }

  path(name: string): string {
    return path.join(this.folder, name);
  }

  read(name: string): Buffer {
    return readFileSync(this.path(name));
  }

  write(name: string, content: string | Uint8Array): this {
    mkdirSync(path.dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), content);
    return this;
  }

  /** The example's model and manifest once more, under another name. */
  copyModel(name: string): this {
    const manifest = (model: string) => model.replace(/\.onnx$/, ".attention.json");
    return this.write(name, this.read("model.onnx")).write(manifest(name), this.read(manifest("model.onnx")));
  }

  delete(name: string): this {
    rmSync(this.path(name), { recursive: true });
    return this;
  }
}
