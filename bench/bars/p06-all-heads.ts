/** P6: the first complete picture of all heads against BertViz's `model_view` of the same maps. */
import path from "node:path";
import type { Browser } from "playwright-core";
import { bertvizPage, renderBertviz } from "../bertviz/bertviz";
import { withBrowser } from "../browser";
import { inTurn, ratiosOf, spreadOf } from "../harness";
import { transformer } from "../models";
import { ViewServer } from "../view/view-server";
import type { Bar } from "./bar";

const SIZE = { layers: 12, heads: 12, width: 768, tokens: 128 } as const;
const HEADS = SIZE.layers * SIZE.heads;
const LINES = HEADS * SIZE.tokens ** 2;
/** BertViz takes a minute for each picture: a third of the other bars' pairs. */
const THIRD = 3;
const REST_MS = 3000;
/** The slowed variant's wait before the pictures of a layer. */
const WAIT_MS = 3000;

export const allHeads: Bar = {
  name: "P6",
  measure: async ({ pairs, variant, models, engine }) => {
    const { file } = transformer(models, SIZE);
    const slowed = variant === "slowed";
    const server = await ViewServer.start(engine, slowed ? { thumbnails: late } : {});
    try {
      const started = performance.now();
      await server.capture(file);
      const captureMs = performance.now() - started;
      const maps = path.join(models, "bertviz-maps.npz");
      await server.engine.writeData({ format: "npz", file: maps, command: "" });
      const page = await bertvizPage(maps);
      const measured = await withBrowser(async (browser) => {
        const product = () => picture(browser, server);
        await product();
        return inTurn(Math.max(1, Math.floor(pairs / THIRD)), product, () => bertviz(browser, page));
      });
      const ratios = ratiosOf(measured);
      const [a, b] = [spreadOf(measured.map((pair) => pair.a)), spreadOf(measured.map((pair) => pair.b))];
      return [
        {
          id: "P6",
          title: "first complete picture of all heads / BertViz model_view, T = 128",
          value: ratios.median,
          bar: 0.02,
          unit: "ratio",
          hard: false,
          spread: ratios,
          note: `${a.median.toFixed(0)} ms (${a.min.toFixed(0)} to ${a.max.toFixed(0)}) from loading the page to all ${HEADS} heads and the map, against ${(b.median / 1000).toFixed(1)} s (${(b.min / 1000).toFixed(1)} to ${(b.max / 1000).toFixed(1)}) from loading BertViz's page to ${LINES} lines; the maps are there in both (opening and capturing took ${(captureMs / 1000).toFixed(1)} s, BertViz's Python is not counted); ${measured.length} pairs, as BertViz takes so long`,
        },
      ];
    } finally {
      await server.stop();
    }
  },
};

async function picture(browser: Browser, server: ViewServer): Promise<number> {
  const context = await browser.newContext({ viewport: { width: 1600, height: 1000 } });
  try {
    const page = await context.newPage();
    const { id, url } = server.newView();
    await page.goto(url);
    const ms = await page.evaluate(() => window.view.drawn());
    const visible = await page.evaluate(() => window.view.visibleHeads());
    server.bytesOf(id);
    if (visible !== HEADS) throw new Error(`${visible} of ${HEADS} heads are visible.`);
    return ms;
  } finally {
    await context.close();
  }
}

async function bertviz(browser: Browser, file: string): Promise<number> {
  const { ms, lines } = await renderBertviz(browser, file);
  // Its millions of nodes are given back by the browser meanwhile, at nobody's cost.
  await new Promise((resolve) => setTimeout(resolve, REST_MS));
  if (lines !== LINES) throw new Error(`BertViz drew ${lines} lines of ${LINES}.`);
  return ms;
}

/** Slowed on purpose: the pictures of each layer come late. */
async function late<T>(read: () => Promise<T>): Promise<T> {
  await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  return read();
}
