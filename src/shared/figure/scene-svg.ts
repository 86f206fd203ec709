/** A scene as SVG text: vectors for lines and text, one PNG for each map. */
import { FONT_FAMILY } from "./figure-theme";
import { base64, encodePng } from "./png";
import type { Mark, Scene, TextMark } from "./scene";
import { element, escapeXml, textElement } from "./svg";

export interface SvgOptions {
  /** Width and height as written: "85mm", "960px". */
  readonly width: string;
  readonly height: string;
  /** Facts of the figure's origin as JSON, for `<metadata>`. */
  readonly metadata?: string;
  /** Another way to write a text, as outlines say. */
  readonly text?: (mark: TextMark) => string;
}

export function sceneSvg(scene: Scene, options: SvgOptions): string {
  const write = options.text ?? textOf;
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      width: options.width,
      height: options.height,
      viewBox: `0 0 ${round(scene.width)} ${round(scene.height)}`,
      "font-family": FONT_FAMILY,
      role: "img",
    },
    [
      element("title", {}, [escapeXml(scene.title)]),
      element("desc", {}, [escapeXml(scene.description)]),
      ...(options.metadata === undefined ? [] : [element("metadata", {}, [escapeXml(options.metadata)])]),
      element("rect", { width: scene.width, height: scene.height, fill: scene.background }),
      ...scene.marks.map((mark) => (mark.kind === "text" ? write(mark) : markSvg(mark))),
    ],
  );
}

function round(value: number): number {
  return Number(value.toFixed(2));
}

function markSvg(mark: Exclude<Mark, TextMark>): string {
  switch (mark.kind) {
    case "rect":
      return element("rect", {
        x: mark.x,
        y: mark.y,
        width: mark.width,
        height: mark.height,
        fill: mark.fill ?? "none",
        ...(mark.stroke === null ? {} : { stroke: mark.stroke, "stroke-width": mark.strokeWidth }),
      });
    case "line":
      return element("line", {
        x1: mark.x1,
        y1: mark.y1,
        x2: mark.x2,
        y2: mark.y2,
        stroke: mark.stroke,
        "stroke-width": mark.strokeWidth,
        ...(mark.dashed
          ? { "stroke-dasharray": `${round(mark.strokeWidth * 4)} ${round(mark.strokeWidth * 3)}` }
          : {}),
      });
    case "image":
      return element("image", {
        x: mark.x,
        y: mark.y,
        width: mark.width,
        height: mark.height,
        preserveAspectRatio: "none",
        "image-rendering": "optimizeSpeed",
        style: "image-rendering:pixelated",
        href: `data:image/png;base64,${base64(encodePng(mark.picture()))}`,
      });
  }
}

function textOf(mark: TextMark): string {
  return textElement(mark.text, {
    ...(mark.turned
      ? { transform: `translate(${round(mark.x)} ${round(mark.y)}) rotate(-90)` }
      : { x: mark.x, y: mark.y }),
    "font-size": mark.size,
    ...(mark.bold ? { "font-weight": 500 } : {}),
    ...(mark.anchor === "start" ? {} : { "text-anchor": mark.anchor }),
    fill: mark.fill,
    // Spaces inside labels are kept; direction marks of one text do not act on another.
    "xml:space": "preserve",
    "unicode-bidi": "isolate",
  });
}
