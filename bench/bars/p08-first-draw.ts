/**
 * P8: the first picture of a large map against ECharts' heatmap of a small one, both in a page where the renderer is
 * there. The map is drawn as a report draws it: all its cells are read for the page that the pane can show, the page is
 * drawn. Beside it, without a bar: with context and shader, and with every cell handed to the renderer.
 */
import { withDrawing } from "../drawing-page";
import { inTurn, ratiosOf, spreadOf } from "../harness";
import type { Bar } from "./bar";

const MAP = 4096;
const CHART = 512;

export const firstDraw: Bar = {
  name: "P8",
  measure: ({ pairs, variant }) =>
    withDrawing(async (page) => {
      const product = () =>
        page.evaluate(([side, every]) => window.drawing.firstMap(side, every), [
          MAP,
          variant === "slowed",
        ] as const);
      const handed = () => page.evaluate((side) => window.drawing.firstGl(side), MAP);
      const chart = () => page.evaluate((side) => window.drawing.firstEcharts(side), CHART);
      await product();
      await handed();
      await chart();
      const measured = await inTurn(pairs, product, chart);
      const all: { whole: number; draw: number }[] = [];
      while (all.length < pairs) all.push(await handed());
      const ratios = ratiosOf(measured.map(({ a, b }) => ({ a: a.draw, b })));
      const ms = (values: readonly number[]): string => {
        const { median, min, max } = spreadOf(values);
        return `${median.toFixed(0)} ms (${min.toFixed(0)} to ${max.toFixed(0)})`;
      };
      return [
        {
          id: "P8",
          title: "first draw of 4096², WebGL2 / ECharts heatmap of 512²",
          value: ratios.median,
          bar: 0.1,
          unit: "ratio",
          hard: false,
          spread: ratios,
          note: `${ms(measured.map(({ a }) => a.draw))} from all cells to the picture, ${ms(measured.map(({ a }) => a.whole))} with context and shader, against ${ms(measured.map(({ b }) => b))}, without its start, animation and portions; all float32 cells handed to the renderer: ${ms(all.map(({ draw }) => draw))}, ${ms(all.map(({ whole }) => whole))} with context and shader`,
        },
      ];
    }),
};
