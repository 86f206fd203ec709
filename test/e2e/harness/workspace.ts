/** A folder of its own for each test, with copies of what it needs. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { inject } from "vitest";

export const repository = path.resolve(import.meta.dirname, "../../..");
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

  /** The model of an example with what lies beside it; the first example, if none is named. */
  static withExample(example = "decision-transformer"): Workspace {
    const workspace = new Workspace();
    const folder = path.join(repository, "examples", example);
    for (const name of readdirSync(folder).filter((one) => /^(model\.|tokenizer|recorded)/.test(one)))
      cpSync(path.join(folder, name), workspace.path(name));
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
