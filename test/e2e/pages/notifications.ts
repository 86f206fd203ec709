/** Messages in the lower right corner, and the dialogs that stop everything else. */
import type { Locator, Page } from "playwright-core";

export class Notifications {
  readonly #page: Page;
  constructor(page: Page) {
    this.#page = page;
  }

  get messages(): Locator {
    return this.#page.locator(".notifications-toasts .notification-list-item-message");
  }

  async texts(): Promise<string[]> {
    return this.messages.allTextContents();
  }

  /** Wait for a message with these words. */
  async waitFor(words: string | RegExp, timeout = 15_000): Promise<void> {
    await this.messages.filter({ hasText: words }).first().waitFor({ timeout });
  }

  /** Press a button of the message with these words. */
  async press(words: string | RegExp, button: string): Promise<void> {
    const item = this.#page
      .locator(".notifications-toasts .notification-list-item")
      .filter({ hasText: words });
    await item.locator(".monaco-button", { hasText: button }).click();
  }

  get dialog(): Locator {
    return this.#page.locator(".monaco-dialog-box");
  }
}
