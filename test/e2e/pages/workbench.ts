/** VS Code's window as a person sees it. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";
import type { Server } from "../../../scripts/vscode-server.mjs";
import { enginesOf, isRunning } from "../harness/processes";
import { screenshots } from "../harness/workspace";
import { Explorer } from "./explorer";
import { Notifications } from "./notifications";
import { Palette } from "./palette";
import { QuickInput } from "./quick-input";
import { SourceEditor } from "./source-editor";
import { Trust } from "./trust";
import { Visualizer } from "./visualizer";

export class Workbench {
  readonly page: Page;
  readonly explorer: Explorer;
  readonly notifications: Notifications;
  readonly palette: Palette;
  readonly quickInput: QuickInput;
  readonly trust: Trust;
  readonly #server: Server;
  /** What pages and webviews have complained about: refused by a content policy, or thrown. */
  readonly #complaints: string[] = [];

  constructor(page: Page, server: Server) {
    this.page = page;
    this.#server = server;
    this.explorer = new Explorer(page);
    this.notifications = new Notifications(page);
    this.palette = new Palette(page);
    this.quickInput = new QuickInput(page);
    this.trust = new Trust(page);
    page.on("console", (message) => {
      if (/Content Security Policy|Refused to/i.test(message.text()))
        this.#complaints.push(
          `${message.text()} (${message.location().url}:${message.location().lineNumber})`,
        );
    });
  }

  /** Open a folder and wait for its files; the trust question, where there is one, is left open. */
  async open(folder: string): Promise<void> {
    await this.page.goto(this.#server.address(folder));
    await this.explorer.rows.first().waitFor({ timeout: 60_000 });
    await this.#extensionIsActive(1);
  }

  /** Reload the window: everything of the page and the extension host starts again. */
  async reload(): Promise<void> {
    const before = this.#hosts().length;
    await this.page.reload();
    await this.explorer.rows.first().waitFor({ timeout: 60_000 });
    await this.#extensionIsActive(before + 1);
  }

  /** The visualizer of a model that is open and visible. */
  visualizer(index = 0): Visualizer {
    return new Visualizer(this.page, index);
  }

  /** A source file that is open as text. */
  source(name: string): SourceEditor {
    return new SourceEditor(this.page, name);
  }

  /** Whether the keyboard is in a view and not in the workbench. */
  async viewHasKeyboard(): Promise<boolean> {
    return this.page.evaluate(() => document.activeElement?.matches("iframe.webview") ?? false);
  }

  /** Text on the clipboard. */
  async clipboard(): Promise<string> {
    return this.page.evaluate(() => navigator.clipboard.readText());
  }

  tab(name: string): Locator {
    return this.page.locator(`.tabs-container .tab[data-resource-name="${name}"]`);
  }

  async closeTab(name: string): Promise<void> {
    await this.tab(name).hover();
    await this.tab(name).locator(".codicon-close").click();
    await this.tab(name).waitFor({ state: "detached" });
  }

  /** Text of the status bar's items. */
  get statusBar(): Locator {
    return this.page.locator(".part.statusbar");
  }

  /** Rows of the Problems panel. */
  async problems(): Promise<Locator> {
    await this.page.keyboard.press("Control+Shift+M");
    return this.page.locator(".markers-panel .monaco-list-row");
  }

  /** A picture of the whole window in out/screenshots. */
  async screenshot(name: string): Promise<string> {
    mkdirSync(screenshots, { recursive: true });
    const file = path.join(screenshots, `${name.replace(/[^\w.-]+/g, "-")}.png`);
    await this.page.screenshot({ path: file });
    return file;
  }

  /** The extension host's process. */
  get host(): number {
    const [host] = this.#hosts();
    if (host === undefined) throw new Error("VS Code has started no extension host.");
    return host;
  }

  engines(): number[] {
    return enginesOf(this.host);
  }

  /** The host that was started first still runs, it is the only one, and no content was refused. */
  expectHealthy(): void {
    expect(this.#hosts(), "extension hosts").toHaveLength(1);
    expect(isRunning(this.host), "the extension host runs").toBe(true);
    expect(this.#complaints, "refused content").toEqual([]);
  }

  /** What the server, the extension host and the extension have written. */
  logText(): string {
    return [this.#server.output(), ...this.#logs()].join("\n").slice(-8000);
  }

  /** Before this, VS Code does not know the extension's editor and opens a model as text. */
  async #extensionIsActive(host: number): Promise<void> {
    const activations = () =>
      this.#logs()
        .join("")
        .split(/_doActivateExtension attention-lens\b/).length - 1;
    await expect.poll(activations, { timeout: 60_000, message: "activations" }).toBeGreaterThanOrEqual(host);
  }

  /** Logs of the extension hosts and of the extension. */
  #logs(): string[] {
    const { logs } = this.#server;
    if (!existsSync(logs)) return [];
    return readdirSync(logs, { recursive: true, encoding: "utf8" })
      .filter((name) => /(attention-lens.*|exthost)\.log$/i.test(name))
      .map((name) => readFileSync(path.join(logs, name), "utf8"));
  }

  #hosts(): number[] {
    return [...this.#server.output().matchAll(/<(\d+)> Launched Extension Host Process/g)].map((match) =>
      Number(match[1]),
    );
  }
}
