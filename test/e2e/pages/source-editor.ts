/** A source file in a text editor: which line is in sight, which is marked, with what behind it. */
import type { Locator, Page } from "playwright-core";

export class SourceEditor {
  readonly #page: Page;
  readonly #name: string;
  constructor(page: Page, name: string) {
    this.#page = page;
    this.#name = name;
  }

  get editor(): Locator {
    return this.#page.locator(`.editor-instance[aria-label^="${this.#name}"], .editor-instance`, {
      has: this.#page.locator(".view-lines"),
    });
  }

  /** Text of the marked line; null when no line is marked. */
  async markedLine(): Promise<string | null> {
    const mark = this.#marks.first();
    if ((await mark.count()) === 0) return null;
    const box = await mark.boundingBox();
    if (!box) return null;
    const lines = this.editor.first().locator(".view-line");
    for (const line of await lines.all()) {
      const place = await line.boundingBox();
      if (place && Math.abs(place.y - box.y) < 2)
        return ((await line.textContent()) ?? "").replaceAll("\u00a0", " ").trim();
    }
    return null;
  }

  /** What stands behind the marked line. */
  async words(): Promise<string> {
    const contents = await this.editor
      .first()
      .locator(".view-line span")
      .evaluateAll((spans) =>
        spans.map((span) => getComputedStyle(span, "::after").content).filter((text) => /^"/.test(text)),
      );
    return contents.join(" ").replaceAll('"', "").replaceAll("\u00a0", " ").trim();
  }

  get #marks(): Locator {
    return this.editor.first().locator('.view-overlays .cdr[class*="ced-"]');
  }
}
