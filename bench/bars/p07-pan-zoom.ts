/** P7: a frame of panning and zooming costs the picture, not the map. */
import { withDrawing } from "../drawing-page";
import { inTurn, ratiosOf, spreadOf } from "../harness";
import type { Bar } from "./bar";

const LARGE = 4096;
const SMALL = 256;

export const panAndZoom: Bar = {
  name: "P7",
  measure: ({ pairs, variant }) =>
    withDrawing(async (page) => {
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
          note: `${a.median.toFixed(2)} ms (${a.min.toFixed(2)} to ${a.max.toFixed(2)}) against ${b.median.toFixed(2)} ms (${b.min.toFixed(2)} to ${b.max.toFixed(2)}); mean of 24 frames of 1000² pixels, each waited for`,
        },
      ];
    }),
};
