/**
 * P7: a frame of panning and zooming costs the picture, not the map. Beside it, without a bar: the product's own way,
 * whose pages come from the engine.
 */
import { withBrowser } from "../browser";
import { withDrawing } from "../drawing-page";
import { inTurn, ratiosOf, spreadOf } from "../harness";
import { transformer } from "../models";
import { ViewServer } from "../view/view-server";
import type { Bar, Setting } from "./bar";

const LARGE = 4096;
const SMALL = 256;

export const panAndZoom: Bar = {
  name: "P7",
  measure: async (setting) => {
    const { pairs, variant } = setting;
    const latency = variant === "slowed" ? null : await latencies(setting);
    return withDrawing(async (page) => {
      const frame = (side: number, upload: boolean) =>
        page.evaluate(([size, anew]) => window.drawing.panAndZoom(size, anew), [side, upload] as const);
      const large = () => frame(LARGE, variant === "slowed");
      const small = () => frame(SMALL, false);
      // Once each before it counts: the maps are made, the shader is compiled.
      await large();
      await small();
      const measured = await inTurn(pairs, large, small);
      const ratios = ratiosOf(measured);
      const [a, b] = [spreadOf(measured.map((pair) => pair.a)), spreadOf(measured.map((pair) => pair.b))];
      return [
        {
          id: "P7",
          title: "pan and zoom frame of 4096² / of 256², WebGL2",
          value: ratios.median,
          bar: 1.15,
          unit: "ratio",
          hard: false,
          spread: ratios,
          note: `${a.median.toFixed(2)} ms (${a.min.toFixed(2)} to ${a.max.toFixed(2)}) against ${b.median.toFixed(2)} ms (${b.min.toFixed(2)} to ${b.max.toFixed(2)}); mean of 24 frames of 1000² pixels, waited for at the end${latency ? `; in the product's view, ${latency}` : ""}`,
        },
      ];
    });
  },
};

/** Windows on a way in, across and out of the map, as shares of its sides. */
const WAY = Array.from({ length: 8 }, (_, index) => {
  const extent = 1 - 0.85 * Math.sin((Math.PI * (index + 1)) / 9);
  const queryStart = ((1 - extent) * (index + 1)) / 9;
  return {
    queryStart,
    queryEnd: queryStart + extent,
    keyStart: queryStart / 2,
    keyEnd: queryStart / 2 + extent,
  };
});

/** In words: from choosing a window to its cells being drawn, request to the engine and pooling included. */
async function latencies({ models, engine }: Setting): Promise<string> {
  const ms = new Map<number, string>();
  for (const tokens of [LARGE, SMALL]) {
    const server = await ViewServer.start(engine);
    try {
      await server.capture(transformer(models, { layers: 1, heads: 1, width: 64, tokens }).file);
      const all = await withBrowser(async (browser) => {
        const page = await browser.newPage({ viewport: { width: 1600, height: 1000 } });
        await page.goto(server.newView().url);
        await page.evaluate(() => window.view.drawn());
        const each: number[] = [];
        for (const window_ of WAY) each.push(await page.evaluate((to) => window.view.moved(to), window_));
        return each;
      });
      const { median, min, max } = spreadOf(all);
      ms.set(tokens, `${median.toFixed(0)} ms (${min.toFixed(0)} to ${max.toFixed(0)})`);
    } finally {
      await server.stop();
    }
  }
  return `from choosing a window to its cells being drawn, pages from the engine and three frames included: ${ms.get(LARGE)} at ${LARGE}², ${ms.get(SMALL)} at ${SMALL}²`;
}
