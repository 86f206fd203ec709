/** The visualizer of one model, inside its webview. */
import type { FrameLocator, Locator, Page } from "playwright-core";
import sharp from "sharp";
import { expect } from "vitest";

/** A drawn map or chart has more than these; an empty canvas has one or two. */
const FEWEST_COLOURS = 12;

export class Visualizer {
  readonly frame: FrameLocator;

  constructor(page: Page, index: number) {
    this.frame = page
      .frameLocator(`div[style*="visibility: visible"] > iframe.webview.ready >> nth=${index}`)
      .frameLocator("#active-frame");
  }

  /** A pane by its name: "Toolbar", "Heatmap", "Entropy", "Tokens". */
  pane(name: string): Locator {
    return this.frame.getByRole("region", { name, exact: true });
  }

  /** The picture of the selected head; its label says in words what it shows. */
  get map(): Locator {
    return this.pane("Heatmap").getByRole("img");
  }

  get title(): Locator {
    return this.pane("Heatmap").getByRole("heading");
  }

  get tokens(): Locator {
    return this.pane("Tokens").getByRole("option");
  }

  /** The entropy of every head, as the table behind the bars says it. */
  async figures(): Promise<string> {
    return (await this.pane("Entropy").getByRole("table").textContent()) ?? "";
  }

  /** What ran the model. */
  get provider(): Locator {
    return this.pane("Toolbar").getByRole("button", { name: /^Provider / });
  }

  /** The slider "Layer" or "Head" of the toolbar. */
  slider(name: string): Locator {
    return this.pane("Toolbar").getByRole("slider", { name, exact: true });
  }

  /** What went wrong, in the middle of the view. */
  get error(): Locator {
    return this.frame.getByRole("alert");
  }

  button(name: string): Locator {
    return this.frame.locator("vscode-button", { hasText: name });
  }

  /**
   * Wait until the three views are there, and that map and bars are pictures and not blank areas.
   * The engine runs at low priority: on a busy machine it may take long.
   */
  async drawn(timeout = 90_000): Promise<void> {
    for (const name of ["Heatmap", "Entropy", "Tokens"]) await this.pane(name).waitFor({ timeout });
    const pictures = [this.map, this.pane("Entropy").getByRole("img")];
    for (const picture of pictures) {
      await expect.poll(() => colours(picture), { timeout }).toBeGreaterThan(FEWEST_COLOURS);
    }
    expect(await this.tokens.count(), "tokens").toBeGreaterThan(0);
  }
}

/** How many colours an element has on the screen, and with them its pixels. */
export async function colours(element: Locator): Promise<number> {
  const { data, info } = await sharp(await element.screenshot({ timeout: 10_000 }))
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const seen = new Set<number>();
  for (let at = 0; at < data.length; at += info.channels) seen.add(data.readUIntBE(at, 3));
  return seen.size;
}
