/** Workspace trust: the question at the start, restricted mode, and granting trust later. */
import type { Page } from "playwright-core";

export class Trust {
  readonly #page: Page;
  constructor(page: Page) {
    this.#page = page;
  }

  /** Answer the question that a first open asks. */
  async answer(trusted: boolean): Promise<void> {
    const button = trusted ? "Yes, I trust the authors" : "No, I don't trust the authors";
    const dialog = this.#page.locator(".monaco-dialog-box");
    await dialog.locator(".monaco-button", { hasText: button }).click();
    await dialog.waitFor({ state: "detached" });
  }

  get restricted(): Promise<boolean> {
    return this.#page.locator(".part.statusbar", { hasText: "Restricted Mode" }).isVisible();
  }

  /** Grant trust in the editor that "Restricted Mode" opens. */
  async grant(): Promise<void> {
    await this.#page.locator(".part.statusbar .statusbar-item", { hasText: "Restricted Mode" }).click();
    const editor = this.#page.locator(".workspace-trust-editor");
    await editor
      .locator(".workspace-trust-buttons-row .monaco-button", { hasText: /^Trust/ })
      .first()
      .click();
    await editor.locator("text=You trust this").first().waitFor();
  }
}
