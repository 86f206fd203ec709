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

  /** A head of the Overview, by how it is spoken: "layer 1 head 2". */
  head(name: string): Locator {
    return this.pane("Overview").getByRole("gridcell", { name: `${name},` });
  }

  /** Whether the keyboard is in the pane. */
  async hasFocus(name: string): Promise<boolean> {
    return this.pane(name).evaluate((pane) => pane.matches(":focus-within"));
  }

  /** What went wrong, in the middle of the view. */
  get error(): Locator {
    return this.frame.getByRole("alert");
  }

  button(name: string): Locator {
    return this.frame.locator("vscode-button", { hasText: name });
  }

  /** Wait until the map is a picture; a narrow view shows the other panes in tabs. */
  async mapDrawn(timeout = 90_000): Promise<void> {
    await this.map.waitFor({ timeout });
    await expect.poll(() => colours(this.map), { timeout }).toBeGreaterThan(FEWEST_COLOURS);
  }

  /**
   * Wait until the three views are there, and that map and bars are pictures and not blank areas; a narrow view
   * shows the map alone, the others behind tabs. The engine runs at low priority: on a busy machine it may take long.
   */
  async drawn(timeout = 90_000): Promise<void> {
    await this.#isPicture(this.map, timeout);
    if ((await this.frame.locator("attention-narrow").count()) > 0) return;
    await this.#isPicture(this.pane("Entropy").getByRole("img"), timeout);
    expect(await this.tokens.count(), "tokens").toBeGreaterThan(0);
  }

  /** The other views of a narrow one, behind their tabs; the map comes back at the end. */
  async drawnBehindTabs(): Promise<void> {
    await this.tab("Tokens").click();
    await this.tokens.first().waitFor();
    await this.tab("Entropy").click();
    await this.#isPicture(this.pane("Entropy").getByRole("img"), 30_000);
    await this.tab("Map").click();
    await this.#isPicture(this.map, 30_000);
  }

  tab(name: string): Locator {
    return this.frame.getByRole("tab", { name, exact: true });
  }

  async #isPicture(element: Locator, timeout: number): Promise<void> {
    await element.waitFor({ timeout });
    await expect.poll(() => colours(element), { timeout }).toBeGreaterThan(FEWEST_COLOURS);
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
