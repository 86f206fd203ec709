import { describe, expect, test } from "vitest";
import { buildFigure } from "../../../src/shared/figure/build-figure";
import { defaultSpec, type FigureSpec, figureViews } from "../../../src/shared/figure/figure-spec";
import type { Scene, TextMark } from "../../../src/shared/figure/scene";
import { textWidth } from "../../../src/shared/figure/text-width";
import { shapes } from "./source";

interface Box {
  readonly text: string;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Where a text stands: from its capitals' height to its baseline, as wide as its font is. */
function boxOf(mark: TextMark): Box {
  const width = textWidth(mark.text, mark.size, mark.bold);
  const before = mark.anchor === "start" ? 0 : mark.anchor === "middle" ? width / 2 : width;
  const rise = mark.size * 0.71;
  return mark.turned
    ? {
        text: mark.text,
        left: mark.x - rise,
        right: mark.x,
        top: mark.y - width + before,
        bottom: mark.y + before,
      }
    : {
        text: mark.text,
        left: mark.x - before,
        right: mark.x - before + width,
        top: mark.y - rise,
        bottom: mark.y,
      };
}

const textsOf = (scene: Scene) => scene.marks.flatMap((mark) => (mark.kind === "text" ? [boxOf(mark)] : []));

function cut(scene: Scene): Box[] {
  return textsOf(scene).filter(
    (box) =>
      box.left < -0.5 || box.top < -0.5 || box.right > scene.width + 0.5 || box.bottom > scene.height + 0.5,
  );
}

function overlapping(scene: Scene): string[] {
  const boxes = textsOf(scene).sort((a, b) => a.left - b.left);
  const found: string[] = [];
  const slack = 0.6;
  boxes.forEach((one, index) => {
    for (let at = index + 1; at < boxes.length; at++) {
      const other = boxes[at]!;
      if (other.left >= one.right - slack) break;
      if (other.top < one.bottom - slack && other.bottom > one.top + slack)
        found.push(`“${one.text}” and “${other.text}”`);
    }
  });
  return found;
}

const sizes: FigureSpec["size"][] = [
  "column",
  "two-column",
  { width: 1920, height: 1080 },
  { width: 800, height: 1200 },
];

describe.each(Object.keys(shapes))("a figure of %s", (shape) => {
  const source = shapes[shape]!();
  test.each(figureViews)("%s: no text is cut or lies over another, at any size", (view) => {
    for (const size of sizes) {
      const one = view === "heatmap" || view === "tokens";
      const spec: FigureSpec = {
        ...defaultSpec,
        view,
        size,
        sites: one ? [0] : null,
        heads: one ? [0] : "all",
      };
      const { scene } = buildFigure(source, spec);
      expect(cut(scene), `cut at ${JSON.stringify(size)}`).toEqual([]);
      expect(overlapping(scene), `at ${JSON.stringify(size)}`).toEqual([]);
    }
  });
});
