/** The package in a real VS Code for the browser, with the example's folder open: views are opened and closed there. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, CDPSession, FrameLocator, Page } from "playwright-core";
import type * as Packages from "../scripts/package.mjs";
import type * as Servers from "../scripts/vscode-server.mjs";
import type { HeatmapElement } from "../src/webview/heatmap/heatmap-element";

const LONGEST = 120_000;
const MODEL = "model.onnx";
const root = process.cwd();
const example = path.join(root, "examples/decision-transformer");

/** A module of `scripts/`, which asks for its own place and so stays outside the bundle. */
function script<T>(name: string): Promise<T> {
  return import(pathToFileURL(path.join(root, "scripts", name)).href) as Promise<T>;
}

export class Vscode {
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
  }

  /** Start it for this work and end it afterwards. */
  static async with<T>(browser: Browser, work: (vscode: Vscode) => Promise<T>): Promise<T> {
    const { ensurePackage } = await script<typeof Packages>("package.mjs");
    const { installExtension, startServer } = await script<typeof Servers>("vscode-server.mjs");
    const home = mkdtempSync(path.join(realpathSync(os.tmpdir()), "attention-lens-bench-"));
    const { file } = await ensurePackage();
    const extensions = await installExtension(file, { home: path.join(home, "installation") });
    const folder = path.join(home, "workspace");
    mkdirSync(folder);
    for (const name of [MODEL, "model.attention.json", "recorded.npz"])
      cpSync(path.join(example, name), path.join(folder, name));
    const server = await startServer({
      ...{ home: path.join(home, "vscode"), extensions, trusted: true },
      env: { XDG_RUNTIME_DIR: home },
    });
    try {
      const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
      page.setDefaultTimeout(LONGEST);
      await page.goto(server.address(folder));
      const vscode = new Vscode(page);
      await vscode.#row.waitFor();
      await activated(server.logs);
      return await work(vscode);
    } finally {
      await server.stop();
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  /** Open the model and wait until its map is drawn. */
  async open(): Promise<void> {
    // On a busy machine a click may be lost.
    for (let tries = 0; ; tries++) {
      await this.#row.dblclick();
      try {
        await this.#view.locator("attention-app").waitFor({ timeout: 60_000 });
        break;
      } catch (error) {
        if (tries === 3) throw error;
        await this.#closeTab();
      }
    }
    const map = this.#view.locator("attention-heatmap");
    await map.waitFor();
    await map.evaluate(async (element) => {
      const heatmap = element as HeatmapElement;
      while ((heatmap.surface?.drawn ?? 0) === 0)
        await new Promise((resolve) => requestAnimationFrame(resolve));
    });
  }

  async close(): Promise<void> {
    await this.#closeTab();
    await this.#page.locator("iframe.webview").waitFor({ state: "detached" });
  }

  /** Bytes of the JavaScript heap that the view lives in, after a forced collection. */
  async heap(): Promise<{ bytes: number; own: boolean }> {
    const { session, own } = await this.#viewSession();
    try {
      await session.send("HeapProfiler.enable");
      for (let times = 0; times < 3; times++) {
        await session.send("HeapProfiler.collectGarbage");
        await this.#page.waitForTimeout(100);
      }
      const { usedSize } = await session.send("Runtime.getHeapUsage");
      return { bytes: usedSize, own };
    } finally {
      await session.detach();
    }
  }

  /** On purpose: hold on to so many numbers for as long as the window lives. */
  async leak(numbers: number): Promise<void> {
    await this.#page.evaluate((count) => {
      const window_ = window as { kept?: number[][] };
      (window_.kept ??= []).push(Array.from({ length: count }, () => Math.random()));
    }, numbers);
  }

  get #row() {
    return this.#page
      .locator(".explorer-folders-view .monaco-list-row")
      .filter({ has: this.#page.locator(".label-name", { hasText: /^model\.onnx$/ }) });
  }

  get #tab() {
    return this.#page.locator(`.tabs-container .tab[data-resource-name="${MODEL}"]`);
  }

  get #view(): FrameLocator {
    return this.#page.frameLocator("iframe.webview.ready").frameLocator("#active-frame");
  }

  async #closeTab(): Promise<void> {
    for (let count = await this.#tab.count(); count > 0; count = await this.#tab.count()) {
      const tab = this.#tab.first();
      await tab.hover();
      await tab.locator(".codicon-close").click();
      await this.#tab.nth(count - 1).waitFor({ state: "detached" });
    }
  }

  /** The view's own process where its frame has one, else the window's, in whose heap it lives. */
  async #viewSession(): Promise<{ session: CDPSession; own: boolean }> {
    const frame = this.#page.frames().find((each) => each !== this.#page.mainFrame());
    try {
      if (frame) return { session: await this.#page.context().newCDPSession(frame), own: true };
    } catch {
      // A frame of the window's own process has no session of its own.
    }
    return { session: await this.#page.context().newCDPSession(this.#page), own: false };
  }
}

/** Before the extension is there, a model would be opened as text. */
async function activated(logs: string): Promise<void> {
  const isActive = () =>
    existsSync(logs) &&
    readdirSync(logs, { recursive: true, encoding: "utf8" })
      .filter((name) => /exthost\.log$/i.test(name))
      .some((name) =>
        readFileSync(path.join(logs, name), "utf8").includes("_doActivateExtension attention-lens"),
      );
  for (
    const until = Date.now() + LONGEST;
    !isActive();
    await new Promise((resolve) => setTimeout(resolve, 200))
  )
    if (Date.now() > until) throw new Error("VS Code has not activated the extension.");
}
