/** The visualizer of one model, inside its webview. */
import type { FrameLocator, Locator, Page } from "playwright-core";

export class Visualizer {
  readonly frame: FrameLocator;

  constructor(page: Page, index: number) {
    this.frame = page
      .frameLocator(`div[style*="visibility: visible"] > iframe.webview.ready >> nth=${index}`)
      .frameLocator("#active-frame");
  }

  /** A pane by its name: "Heatmap", "Entropy", "Tokens". */
  pane(name: string): Locator {
    return this.frame.getByRole("region", { name, exact: true });
  }

  get text(): Locator {
    return this.frame.locator("body");
  }

  /** Wait until the picture of the selected head is drawn. */
  async drawn(timeout = 30_000): Promise<void> {
    for (const name of ["Heatmap", "Entropy", "Tokens"]) await this.pane(name).waitFor({ timeout });
  }
}
