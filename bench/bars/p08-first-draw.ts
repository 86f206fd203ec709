/** P8: the first picture of a large map against ECharts' heatmap of a small one. */
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
        page.evaluate(async ([side, every]) => window.drawing.firstGl(side, every), [
          MAP,
          variant === "slowed",
        ] as const);
      const chart = () => page.evaluate((side) => window.drawing.firstEcharts(side), CHART);
      await product();
      await chart();
      const measured = await inTurn(pairs, product, chart);
      const ratios = ratiosOf(measured.map(({ a, b }) => ({ a: a.whole, b })));
      const own = spreadOf(measured.map(({ a }) => a.whole));
      const draw = spreadOf(measured.map(({ a }) => a.draw));
      const other = spreadOf(measured.map(({ b }) => b));
      return [
        {
          id: "P8",
          title: "first draw of 4096², WebGL2 / ECharts heatmap of 512²",
          value: ratios.median,
          bar: 0.1,
          unit: "ratio",
          hard: false,
          spread: ratios,
          note: `${own.median.toFixed(0)} ms (${own.min.toFixed(0)} to ${own.max.toFixed(0)}) with context and shader, ${draw.median.toFixed(0)} ms without, against ${other.median.toFixed(0)} ms (${other.min.toFixed(0)} to ${other.max.toFixed(0)}); float32 cells; ECharts without animation and portions`,
        },
      ];
    }),
};
