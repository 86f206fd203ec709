/** Opens the page of renderers (`page/drawing.ts`) in a browser. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Page } from "playwright-core";
import { withBrowser } from "./browser";

/** Most milliseconds of one drawing. */
const LONGEST = 300_000;

/** A page of 1200 × 1100 with `window.drawing` in it; `fresh` gives another, whose context nobody has used. */
export function withDrawing<T>(work: (page: Page) => Promise<T>): Promise<T> {
  return withBrowser(async (browser) => {
    const page = await browser.newPage({ viewport: { width: 1200, height: 1100 } });
    page.setDefaultTimeout(LONGEST);
    await page.setContent('<!DOCTYPE html><html><body class="vscode-dark"></body></html>');
    await page.addScriptTag({ content: readFileSync(path.join(__dirname, "page/drawing.js"), "utf8") });
    return work(page);
  });
}
