/** The real engine in its own process, as the extension and the command line start it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach } from "vitest";
import { EngineClient } from "../../../src/client/engine-client";
import type { CaptureRequest } from "../../../src/shared/protocol";

export const root = fileURLToPath(new URL("../../../", import.meta.url));
export const exampleModel = path.join(root, "examples/decision-transformer/model.onnx");

const clients: EngineClient[] = [];
const folders: string[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.dispose();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

export function newClient(
  options: Partial<ConstructorParameters<typeof EngineClient>[0]> = {},
): EngineClient {
  const client = new EngineClient({
    entry: path.join(root, "dist/engine/main.cjs"),
    trusted: true,
    log: () => undefined,
    ...options,
  });
  clients.push(client);
  return client;
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), "attention-lens-"));
  folders.push(folder);
  return folder;
}

/** A file of these bytes in a folder of its own. */
export function temporaryFile(name: string, content: Uint8Array | string): string {
  const file = path.join(temporaryFolder(), name);
  writeFileSync(file, content);
  return file;
}

export const onCpu: CaptureRequest = { provider: "cpu", providerOrder: [], input: null, sites: null };
