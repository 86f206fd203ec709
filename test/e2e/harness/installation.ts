/**
 * Before the first test: the package is made (unless `npm test` has made it), and VS Code's own installer installs
 * it outside the clone, where the repository's node_modules can't be reached.
 */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { findBrowser } from "../../../scripts/browser.mjs";
import { ensurePackage } from "../../../scripts/package.mjs";
import { installExtension } from "../../../scripts/vscode-server.mjs";

declare module "vitest" {
  interface ProvidedContext {
    /** Temporary folder of the whole run. */
    readonly home: string;
    /** Folder of extensions with the package installed. */
    readonly extensions: string;
    readonly browser: { readonly executablePath: string; readonly args: string[] };
  }
}

export async function setup(project: TestProject): Promise<() => void> {
  const home = mkdtempSync(path.join(realpathSync(os.tmpdir()), "attention-lens-e2e-"));
  const vsix = process.env["ATTENTION_LENS_VSIX"] ?? (await ensurePackage()).file;
  project.provide("home", home);
  project.provide("extensions", await installExtension(vsix, { home: path.join(home, "installation") }));
  const { executablePath, args } = await findBrowser();
  project.provide("browser", { executablePath, args });
  return () => rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}
