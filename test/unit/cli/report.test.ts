import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findBrowser } from "../../../scripts/browser.mjs";
import { readNpz } from "../../../src/inputs/arrays";
import { probability } from "../../../src/shared/format";
import { exampleModel, newClient, onCpu, temporaryFolder } from "../engine/harness";

let browser: Browser;
beforeAll(async () => {
  const { executablePath, args } = await findBrowser();
  browser = await chromium.launch({ executablePath, args });
}, 120_000);
afterAll(() => browser?.close());

interface Opened {
  readonly page: Page;
  /** What was asked for, what the policy refused, what failed. */
  readonly requests: string[];
  readonly troubles: () => Promise<string[]>;
}

async function openOffline(file: string): Promise<Opened> {
  const context = await browser.newContext({ offline: true, viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  const requests: string[] = [];
  const failures: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("pageerror", (error) => failures.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") failures.push(message.text());
  });
  await page.addInitScript(() => {
    const refused: string[] = [];
    Object.assign(window, { refused });
    document.addEventListener("securitypolicyviolation", (event) =>
      refused.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`),
    );
  });
  await page.goto(pathToFileURL(file).href);
  await page.locator("attention-heatmap canvas").first().waitFor();
  const troubles = async () => [
    ...failures,
    ...(await page.evaluate(() => (window as unknown as { refused: string[] }).refused)),
  ];
  return { page, requests, troubles };
}

/** A model beside a manifest whose every word attacks the page. */
function hostileModel(): string {
  const folder = temporaryFolder();
  const example = path.dirname(exampleModel);
  const attack = "</script><img src=x onerror=\"document.title='owned'\"><!--<script>";
  copyFileSync(exampleModel, path.join(folder, "model.onnx"));
  copyFileSync(path.join(example, "recorded.npz"), path.join(folder, "recorded.npz"));
  const labels = Array.from({ length: 17 }, (_, index) => `${index}${attack}\u0000\u202e\ud800`);
  writeFileSync(
    path.join(folder, "model.attention.json"),
    JSON.stringify({
      version: 1,
      title: `T ${attack}`,
      inputs: { file: "recorded.npz" },
      segments: [{ name: `S ${attack}`, role: "text", count: 17, labels }],
      components: [{ name: `C ${attack}`, match: "blocks.*" }],
    }),
  );
  return path.join(folder, "model.onnx");
}

async function written(
  model: string,
  {
    scores = false,
    limitBytes = 50e6,
    query,
  }: { scores?: boolean; limitBytes?: number; query?: string } = {},
): Promise<{ file: string; npz: string; leftOut: readonly string[] }> {
  const client = newClient();
  const folder = temporaryFolder();
  await client.open(model, "full");
  await client.capture({ ...onCpu, scores });
  const [file, npz] = [path.join(folder, "a report #1.html"), path.join(folder, "maps.npz")];
  const command = "attention-lens report model.onnx --title '<b>'";
  await client.writeData({ format: "npz", file: npz, command });
  const asked = query === undefined ? {} : { query };
  const { leftOut } = await client.writeReport({ file, command, limitBytes, viewState: null, ...asked });
  return { file, npz, leftOut };
}

/** The line of figures that the view shows for the cell under the pointer, at every cell of a diagonal. */
async function hovered(page: Page, queries: number, keys: number): Promise<Map<string, string>> {
  const box = await page.locator("attention-heatmap canvas").first().boundingBox();
  if (!box) throw new Error("the map has no box");
  const found = new Map<string, string>();
  for (const [query, key] of [
    [3, 1],
    [8, 5],
    [16, 15],
    [16, 0],
  ] as const) {
    await page.mouse.move(
      box.x + ((key + 0.5) / keys) * box.width,
      box.y + ((query + 0.5) / queries) * box.height,
    );
    const tip = page.locator("attention-heatmap .tip");
    await expect.poll(() => tip.innerText()).toMatch(/rank/);
    found.set(`${query},${key}`, (await tip.innerText()).replace(/\s+/g, " "));
  }
  return found;
}

test("a report opens from disk without a network, and hovering tells what the npz holds", async () => {
  const { file, npz } = await written(exampleModel);
  const { page, requests, troubles } = await openOffline(file);
  const maps = readNpz(readFileSync(npz), "maps.npz").get("site_000")!;
  const cells = maps.data as Float32Array;
  for (const [place, tip] of await hovered(page, 17, 17)) {
    const [query = 0, key = 0] = place.split(",").map(Number);
    expect(tip, place).toContain(`p ${probability(cells[query * 17 + key]!)} `);
  }
  // Every pane of the dock, and a magnified map.
  for (const tab of await page.getByRole("tab").all()) await tab.click();
  await page.getByRole("button", { name: /zoom in/i }).click();
  expect(requests.filter((url) => !url.startsWith("data:") && !url.startsWith("blob:"))).toEqual([
    pathToFileURL(file).href,
  ]);
  expect(await troubles()).toEqual([]);
  await page.context().close();
});

test("it begins with the query that is asked for, the mean of a segment", async () => {
  const { file, npz } = await written(exampleModel, { query: "mean(state)" });
  const { page, troubles } = await openOffline(file);
  const tokens = page.locator("attention-tokens");
  await expect.poll(() => tokens.locator(".header").innerText()).toMatch(/mean of state \(\d+ rows\)/);
  const maps = readNpz(readFileSync(npz), "maps.npz").get("site_000")!;
  const cells = (maps.data as Float32Array).subarray(0, 17 * 17);
  // Return, state, action take turns: every third query is a state.
  const states = [1, 4, 7, 10, 13, 16];
  expect(await tokens.locator(".token.pinned").count()).toBe(states.length);
  const mean = Array.from(
    { length: 17 },
    (_, key) => states.reduce((sum, query) => sum + cells[query * 17 + key]!, 0) / states.length,
  );
  const strongest = Math.max(...mean);
  const first = page.locator("attention-inspector .keys li .number").first();
  expect(await first.innerText()).toBe(probability(strongest));
  expect(await troubles()).toEqual([]);
  await page.context().close();
  await expect(written(exampleModel, { query: "mean(word)" })).rejects.toThrow(
    /mean\(word\), and the queries of .* have the segments return, state, action/,
  );
});

test("it shows the recorded frame, within its policy", async () => {
  const { file } = await written(exampleModel);
  const { page, troubles } = await openOffline(file);
  const frame = page.locator("attention-frames img");
  await frame.waitFor();
  await expect.poll(() => frame.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(112);
  const pixels = await frame.evaluate((image: HTMLImageElement) => {
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
    const context = canvas.getContext("2d")!;
    context.drawImage(image, 0, 0);
    return [...context.getImageData(0, 0, canvas.width, canvas.height).data].filter((_, at) => at % 4 < 3);
  });
  const recorded = readNpz(
    readFileSync(path.join(path.dirname(exampleModel), "recorded.npz")),
    "recorded.npz",
  );
  const { data } = recorded.get("episode_000/frames")!;
  expect(pixels).toEqual([...(data as Uint8Array).subarray(0, pixels.length)]);
  expect(await page.locator("attention-frames figcaption").innerText()).toBe("view · 112 × 112");
  expect(await troubles()).toEqual([]);
  await page.context().close();
});

test("it shows scores where they were captured, equal to the npz, and says when they do not fit", async () => {
  const { file, npz, leftOut } = await written(exampleModel, { scores: true });
  expect(leftOut).toEqual([]);
  const { page, troubles } = await openOffline(file);
  await page.locator("attention-heatmap vscode-dropdown.cells").click();
  await page.getByRole("option", { name: "score before mask" }).click();
  const scores = readNpz(readFileSync(npz), "maps.npz").get("scores/site_000")!.data as Float32Array;
  for (const [place, tip] of await hovered(page, 17, 17)) {
    const [query = 0, key = 0] = place.split(",").map(Number);
    const shown = Number(/score before mask ([+−]?[\d.]+)/.exec(tip)?.[1]?.replace("−", "-"));
    expect(shown, tip).toBeCloseTo(scores[query * 17 + key]!, 2);
  }
  expect(await troubles()).toEqual([]);
  await page.context().close();
  const small = await written(exampleModel, { scores: true, limitBytes: 10_000 });
  expect(small.leftOut.join(" ")).toContain("This report holds no scores, to stay within 10");
  const without = await openOffline(small.file);
  expect(await without.page.locator("attention-heatmap vscode-dropdown.cells").count()).toBe(0);
  await without.page.context().close();
});

test("it says its size, its origin, and the figures of all heads", async () => {
  const { file } = await written(exampleModel);
  const { page } = await openOffline(file);
  const size = readFileSync(file).length;
  expect(await page.locator("header .line").innerText()).toContain(`${(size / 1e6).toFixed(2)} MB`);
  await page.locator("summary").first().click();
  expect(await page.locator("header dl").innerText()).toMatch(/sha256 [0-9a-f]{64}/);
  expect(await page.locator("header tbody tr").count()).toBe(8);
  await page.context().close();
});

test("it offers nothing that needs an editor", async () => {
  const { file } = await written(exampleModel);
  const { page } = await openOffline(file);
  await page.getByLabel("Export", { exact: true }).first().click();
  const items = await page.getByRole("menuitem").allInnerTexts();
  expect(items.map((item) => item.trim())).toEqual(["Copy the command line", "Copy the view state (JSON)"]);
  await page.context().close();
});

test("light and dark are our own, and the choice is kept by the page's button", async () => {
  const { file } = await written(exampleModel);
  const { page, troubles } = await openOffline(file);
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  expect(await ground()).toBe("rgb(255, 255, 255)");
  await page.locator("#attention-theme").click();
  expect(await ground()).not.toBe("rgb(255, 255, 255)");
  expect(await page.evaluate(() => document.body.className)).toBe("vscode-dark");
  expect(await troubles()).toEqual([]);
  await page.context().close();
});

test("words that attack the page are shown as text", async () => {
  const { file } = await written(hostileModel());
  const { page, troubles, requests } = await openOffline(file);
  expect(await page.title()).toContain("</script><img src=x");
  expect(await page.locator("header h1").innerText()).toContain("<img src=x onerror");
  expect(await page.locator("img").count()).toBe(0);
  expect(requests.filter((url) => url.startsWith("file:"))).toHaveLength(1);
  expect(await troubles()).toEqual([]);
  await page.context().close();
});
