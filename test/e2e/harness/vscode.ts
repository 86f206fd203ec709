/** Opens a real VS Code with the package installed, in a real browser. What a test opens is closed after it. */
import { mkdtempSync } from "node:fs";
import path from "node:path";
import { type Browser, chromium } from "playwright-core";
import { afterAll, inject, onTestFinished } from "vitest";
import { startServer } from "../../../scripts/vscode-server.mjs";
import { Workbench } from "../pages/workbench";
import type { Workspace } from "./workspace";

export interface VscodeOptions {
  /** False: VS Code asks, and the workspace is restricted until trust is granted. Default true. */
  readonly trusted?: boolean;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Variables of the extension host's process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly theme?: string;
  readonly size?: { readonly width: number; readonly height: number };
}

let launched: Promise<Browser> | undefined;

function browser(): Promise<Browser> {
  launched ??= chromium.launch(inject("browser"));
  return launched;
}

afterAll(async () => {
  await (await launched)?.close();
  launched = undefined;
});

export async function openVscode(workspace: Workspace, options: VscodeOptions = {}): Promise<Workbench> {
  const { trusted = true, settings = {}, env = {}, theme = "Default Dark Modern" } = options;
  const server = await startServer({
    home: mkdtempSync(path.join(inject("home"), "vscode-")),
    extensions: inject("extensions"),
    trusted,
    // VS Code leaves its sockets behind; here they go with the folder.
    env: { XDG_RUNTIME_DIR: inject("home"), ...env },
    settings: { "workbench.colorTheme": theme, ...settings },
  });
  const context = await (
    await browser()
  ).newContext({ viewport: options.size ?? { width: 1400, height: 900 } });
  context.setDefaultTimeout(60_000);
  const workbench = new Workbench(await context.newPage(), server);
  onTestFinished(async ({ task }) => {
    if (task.result?.state === "fail") {
      await workbench.screenshot(`failed-${task.name}`).catch(() => undefined);
      console.log(`VS Code's log after the failure:\n${workbench.logText()}`);
    }
    await context.close();
    await server.stop();
  });
  await workbench.open(workspace.folder);
  return workbench;
}
