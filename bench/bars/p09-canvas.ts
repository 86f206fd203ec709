/** P9: the Canvas 2D fallback stays usable: its redraw against WebGL2's first picture. */
import { withDrawing } from "../drawing-page";
import { inTurn, ratiosOf, spreadOf } from "../harness";
import type { Bar } from "./bar";

const MAP = 4096;

export const canvasRedraw: Bar = {
  name: "P9",
  measure: ({ pairs, variant }) =>
    withDrawing(async (page) => {
      const canvas = () =>
        page.evaluate(([side, every]) => window.drawing.canvasRedraw(side, every), [
          MAP,
          variant === "slowed",
        ] as const);
      const gl = async () => (await page.evaluate(async (side) => window.drawing.firstGl(side), MAP)).draw;
      await canvas();
      await gl();
      const measured = await inTurn(pairs, canvas, gl);
      const ratios = ratiosOf(measured);
      const [a, b] = [spreadOf(measured.map((pair) => pair.a)), spreadOf(measured.map((pair) => pair.b))];
      return [
        {
          id: "P9",
          title: "redraw of 4096², Canvas 2D / first draw, WebGL2",
          value: ratios.median,
          bar: 8,
          unit: "ratio",
          hard: false,
          spread: ratios,
          note: `${a.median.toFixed(0)} ms (${a.min.toFixed(0)} to ${a.max.toFixed(0)}) against ${b.median.toFixed(0)} ms (${b.min.toFixed(0)} to ${b.max.toFixed(0)}), context and shader not counted; 1000² pixels`,
        },
      ];
    }),
};
