/** The command palette. */
import type { Page } from "playwright-core";
import { exactly } from "./text";

export class Palette {
  readonly #page: Page;
  constructor(page: Page) {
    this.#page = page;
  }

  /** Run a command by its full title, "Attention: Restart Engine". */
  async run(title: string): Promise<void> {
    await this.#search(title);
    // A list that has just opened ignores clicks for a moment.
    const row = this.#page.locator(".quick-input-list .monaco-list-row:visible");
    await row.filter({ has: this.#page.locator(".label-name", { hasText: exactly(title) }) }).click();
    await this.#page.locator(".quick-input-widget").filter({ visible: true }).waitFor({ state: "hidden" });
  }

  /** Titles that the palette finds for some words. */
  async find(words: string): Promise<string[]> {
    await this.#search(words);
    const rows = this.#page.locator(".quick-input-list .monaco-list-row:visible .label-name");
    await rows.first().waitFor();
    const titles = await rows.allTextContents();
    await this.#page.keyboard.press("Escape");
    return titles;
  }

  /** Choose an entry of the list that a command shows. */
  async pick(label: string): Promise<void> {
    const row = this.#page.locator(".quick-input-list .monaco-list-row:visible").filter({ hasText: label });
    await row.first().waitFor();
    await row.first().click();
  }

  async #search(words: string): Promise<void> {
    const input = this.#page.locator(".quick-input-widget:visible .quick-input-box input");
    await this.#page.keyboard.press("F1");
    await input.waitFor();
    await input.fill(`>${words}`);
  }
}
