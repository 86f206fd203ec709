/** The list or field at the top that a command asks with, and the file dialog that VS Code in a browser has. */
import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";

export class QuickInput {
  readonly #page: Page;
  constructor(page: Page) {
    this.#page = page;
  }

  get widget(): Locator {
    return this.#page.locator(".quick-input-widget:visible");
  }

  get field(): Locator {
    return this.widget.locator(".quick-input-box input");
  }

  get rows(): Locator {
    return this.widget.locator(".quick-input-list .monaco-list-row");
  }

  /** Wait for the question with this title. */
  async asked(title: string | RegExp): Promise<void> {
    await this.widget.locator(".quick-input-title", { hasText: title }).waitFor();
  }

  /** The rows as a person reads them: label and description. */
  async entries(): Promise<string[]> {
    await this.rows.first().waitFor();
    return this.rows.evaluateAll((rows) => rows.map((row) => row.getAttribute("aria-label") ?? ""));
  }

  /** Choose by typing and Enter, as the keyboard does. */
  async choose(title: string | RegExp, words: string): Promise<void> {
    await this.asked(title);
    await this.field.fill(words);
    const focused = this.widget.locator(".quick-input-list .monaco-list-row.focused");
    await focused.filter({ hasText: words }).waitFor();
    await this.#page.keyboard.press("Enter");
  }

  /** Answer a save dialog with a path. */
  async saveAs(title: string | RegExp, file: string): Promise<void> {
    await this.asked(title);
    // The dialog fills in what it offers, and takes no other answer before.
    await expect.poll(() => this.field.inputValue()).toContain("/");
    await this.#page.waitForTimeout(500);
    await this.field.fill(file);
    await this.#page.waitForTimeout(500);
    await expect.poll(() => this.field.inputValue()).toBe(file);
    await this.#page.keyboard.press("Enter");
    await this.#page.locator(".quick-input-title", { hasText: title }).waitFor({ state: "hidden" });
  }
}
