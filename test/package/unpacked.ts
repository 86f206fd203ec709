/** The package unpacked outside the clone, where Node finds none of the repository's node_modules. */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { unzipSync } from "fflate";
import { afterAll, beforeAll } from "vitest";
import { ensurePackage } from "../../scripts/package.mjs";

export interface Unpacked {
  readonly vsix: string;
  /** Everything in the zip by its name, "extension/package.json". */
  readonly entries: Readonly<Record<string, Uint8Array>>;
  /** Folder of the extension. */
  readonly folder: string;
  readonly text: (name: string) => string;
}

/** Unpacks once for a test file; the folder goes away after it. */
export function unpackedPackage(): () => Unpacked {
  let unpacked: Unpacked | undefined;
  let home: string | undefined;
  beforeAll(async () => {
    const vsix = process.env["ATTENTION_LENS_VSIX"] ?? (await ensurePackage()).file;
    const entries = unzipSync(new Uint8Array(readFileSync(vsix)));
    const made = mkdtempSync(path.join(realpathSync(os.tmpdir()), "attention-lens-package-"));
    home = made;
    for (const [name, bytes] of Object.entries(entries)) {
      if (name.endsWith("/")) continue;
      const file = path.join(made, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, bytes);
    }
    const folder = path.join(made, "extension");
    const text = (name: string) => readFileSync(path.join(folder, name), "utf8");
    unpacked = { vsix, entries, folder, text };
  });
  afterAll(() => {
    if (home !== undefined) rmSync(home, { recursive: true, force: true });
  });
  return () => {
    if (unpacked === undefined) throw new Error("The package is unpacked before the first test.");
    return unpacked;
  };
}
