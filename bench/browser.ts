/** A Chromium for what is drawn: the one that `scripts/bench.mjs` has found, with WebGL2 where there is no GPU. */
import { type Browser, chromium } from "playwright-core";

/** Start a browser for this work and end it afterwards. */
export async function withBrowser<T>(work: (browser: Browser) => Promise<T>): Promise<T> {
  const found = process.env["ATTENTION_LENS_BENCH_BROWSER"];
  if (found === undefined) throw new Error("No browser was named: start the bench with `npm run bench`.");
  const { executablePath, args } = JSON.parse(found) as { executablePath: string; args: string[] };
  const browser = await chromium.launch({ executablePath, args: [...args, "--enable-unsafe-swiftshader"] });
  try {
    return await work(browser);
  } finally {
    await browser.close();
  }
}
