/** P4: the first view costs what the screen shows, not the maps. Every message to the view, as it goes on the wire. */
import type { Page } from "playwright-core";
import { withBrowser } from "../browser";
import { spreadOf } from "../harness";
import { transformer } from "../models";
import { ViewServer } from "../view/view-server";
import type { Bar } from "./bar";

const SIZE = { layers: 12, heads: 12, width: 768, tokens: 1024 } as const;
const SCREEN = { width: 1600, height: 1000 } as const;
/** A view that has been sent nothing for so long has what it wants. */
const SETTLED_MS = 700;
const MAPS = SIZE.layers * SIZE.heads * SIZE.tokens ** 2 * Float32Array.BYTES_PER_ELEMENT;

export const firstView: Bar = {
  name: "P4",
  measure: async ({ pairs, variant, models, engine }) => {
    const { file } = transformer(models, SIZE);
    // Slowed on purpose: the first page is the whole map, whatever the pane can show.
    const whole = { maxRows: SIZE.tokens, maxColumns: SIZE.tokens };
    const server = await ViewServer.start(
      engine,
      variant === "slowed" ? { page: (request) => ({ ...request, ...whole }) } : {},
    );
    try {
      await server.capture(file);
      const measured = await withBrowser(async (browser) => {
        const page = await browser.newPage({ viewport: SCREEN });
        const views: ReadonlyMap<string, number>[] = [];
        while (views.length < pairs) views.push(await bytesOfView(page, server));
        return views;
      });
      const total = (bytes: ReadonlyMap<string, number>) =>
        [...bytes.values()].reduce((all, one) => all + one, 0);
      const ratios = spreadOf(measured.map((bytes) => total(bytes) / MAPS));
      const first = measured[0]!;
      const parts = [...first].map(([name, bytes]) => `${name} ${(bytes / 1000).toFixed(0)} KB`).join(", ");
      return [
        {
          id: "P4",
          title: "bytes to the view for its first picture / bytes of all maps",
          value: ratios.max,
          bar: 0.0025,
          unit: "ratio",
          hard: true,
          spread: ratios,
          note: `${(total(first) / 1e6).toFixed(3)} MB (${parts}) of ${(MAPS / 1e6).toFixed(0)} MB, ${SIZE.layers} × ${SIZE.heads} × ${SIZE.tokens}²; every message to a view of ${SCREEN.width} × ${SCREEN.height} until none came for ${SETTLED_MS} ms, as JSON with buffers beside it`,
        },
      ];
    } finally {
      await server.stop();
    }
  },
};

async function bytesOfView(page: Page, server: ViewServer): Promise<ReadonlyMap<string, number>> {
  const { id, url } = server.newView();
  await page.goto(url);
  await page.evaluate(() => window.view.drawn());
  if ((await page.evaluate(() => window.view.visibleHeads())) !== SIZE.layers * SIZE.heads)
    throw new Error("The Overview does not show every head.");
  const sum = () => [...server.bytesOf(id).values()].reduce((all, one) => all + one, 0);
  for (let before = -1; before !== sum();) {
    before = sum();
    await page.waitForTimeout(SETTLED_MS);
  }
  return server.bytesOf(id);
}
