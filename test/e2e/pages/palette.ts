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
    await this.#closed();
  }

  /** Run a command with the keyboard alone. */
  async runByKeyboard(title: string): Promise<void> {
    await this.#search(title);
    const focused = this.#page.locator(".quick-input-list .monaco-list-row.focused");
    await focused.filter({ has: this.#page.locator(".label-name", { hasText: exactly(title) }) }).waitFor();
    await this.#page.keyboard.press("Enter");
    await this.#closed();
  }

  /** The palette is gone; a command may have put its own question in its place. */
  async #closed(): Promise<void> {
    await this.#page.waitForFunction(() => {
      const input = document.querySelector<HTMLInputElement>(".quick-input-widget .quick-input-box input");
      return !input?.checkVisibility() || !input.value.startsWith(">");
    });
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

  /** A palette closes when the view that a command opened or changed takes the focus after it: it is opened again. */
  async #search(words: string): Promise<void> {
    const input = this.#page.locator(".quick-input-widget:visible .quick-input-box input");
    for (let attempt = 1; ; attempt++) {
      await this.#page.keyboard.press("F1");
      try {
        await input.waitFor({ timeout: 10_000 });
        await input.fill(`>${words}`, { timeout: 5000 });
        return;
      } catch (error) {
        if (attempt === 4) throw error;
        await this.#page.keyboard.press("Escape");
      }
    }
  }
}
