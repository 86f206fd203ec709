/** The Explorer view: files and folders of the workspace. */
import type { Locator, Page } from "playwright-core";
import { exactly } from "./text";

/** VS Code ignores a click on a menu entry that comes too soon after the menu. */
const MENU_SETTLES_MS = 250;

export class Explorer {
  readonly #page: Page;
  constructor(page: Page) {
    this.#page = page;
  }

  get rows(): Locator {
    return this.#page.locator(".explorer-folders-view .monaco-list-row");
  }

  row(name: string): Locator {
    return this.rows.filter({ has: this.#page.locator(".label-name", { hasText: exactly(name) }) });
  }

  async names(): Promise<string[]> {
    return this.rows.locator(".label-name").allTextContents();
  }

  /** Open a folder so that its files are listed. */
  async expand(name: string): Promise<void> {
    const row = this.row(name);
    if ((await row.getAttribute("aria-expanded")) !== "true") await row.click();
    await this.#page.waitForTimeout(MENU_SETTLES_MS);
  }

  async doubleClick(name: string): Promise<void> {
    await this.row(name).dblclick();
  }

  /** Right-click a file and choose an entry of the menu. */
  async choose(name: string, entry: string): Promise<void> {
    await this.menuOf(name);
    await this.#entry(entry).click();
  }

  /** Right-click a file; the entries that the menu has. */
  async menuOf(name: string): Promise<string[]> {
    await this.row(name).click({ button: "right" });
    const entries = this.#page.locator(".context-view .action-label");
    await entries.first().waitFor();
    await this.#page.waitForTimeout(MENU_SETTLES_MS);
    return (await entries.allTextContents()).filter(Boolean);
  }

  #entry(label: string): Locator {
    return this.#page.locator(".context-view .action-label").filter({ hasText: exactly(label) });
  }
}
