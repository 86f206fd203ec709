/** P12: views that were closed leave nothing behind in the heap that the next one lives in. */
import { withBrowser } from "../browser";
import { spreadOf } from "../harness";
import { Vscode } from "../vscode";
import type { Bar } from "./bar";

const EARLY = 5;
const LATE = 50;
/** What must fail does so before. */
const SLOWED_LATE = 15;
const LEAK_NUMBERS = 2_000_000;
const MB = 1e6;

export const heap: Bar = {
  name: "P12",
  measure: async ({ pairs, variant }) => {
    const slowed = variant === "slowed";
    const late = slowed ? SLOWED_LATE : LATE;
    const { heaps, own } = await withBrowser((browser) =>
      Vscode.with(browser, async (vscode) => {
        const measured: number[] = [];
        let apart = false;
        for (let opened = 1; opened < late + pairs; opened++) {
          await vscode.open();
          const wanted = (from: number) => opened >= from && opened < from + pairs;
          if (wanted(EARLY) || wanted(late)) {
            const now = await vscode.heap();
            measured[opened] = now.bytes;
            apart ||= now.own;
          }
          await vscode.close();
          if (slowed) await vscode.leak(LEAK_NUMBERS);
        }
        return { heaps: measured, own: apart };
      }),
    );
    const after = (from: number) => Array.from({ length: pairs }, (_, index) => heaps[from + index]!);
    const [before, grown] = [after(EARLY), after(late)];
    const ratios = spreadOf(grown.map((bytes, index) => bytes / before[index]!));
    const size = (bytes: readonly number[]) => {
      const { median, min, max } = spreadOf(bytes.map((each) => each / MB));
      return `${median.toFixed(1)} MB (${min.toFixed(1)} to ${max.toFixed(1)})`;
    };
    return [
      {
        id: "P12",
        title: `heap with a view open for the ${late}th time / for the ${EARLY}th`,
        value: ratios.max,
        bar: 1.1,
        unit: "ratio",
        hard: true,
        spread: ratios,
        note: `${size(grown)} at the ${late}th and the next ${pairs - 1} openings, ${size(before)} at the ${EARLY}th and the next, in one VS Code for the browser with the package installed; JavaScript heap after forced collections, of ${own ? "the view's own process" : "the window's process, in which its views live"}; the worst of all`,
      },
    ];
  },
};
