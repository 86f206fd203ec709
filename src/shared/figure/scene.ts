/**
 * A figure as a list of marks, before it is a file: SVG, PDF and PNG are written from the same list. Lengths are CSS
 * px (1/96 inch) of the figure on paper; x to the right, y down.
 */

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue per pixel, row-major, top row first. */
  readonly rgb: Uint8Array;
}

export type Mark =
  | {
      readonly kind: "rect";
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly height: number;
      readonly fill: string | null;
      readonly stroke: string | null;
      readonly strokeWidth: number;
    }
  | {
      readonly kind: "line";
      readonly x1: number;
      readonly y1: number;
      readonly x2: number;
      readonly y2: number;
      readonly stroke: string;
      readonly strokeWidth: number;
      readonly dashed: boolean;
    }
  | TextMark
  | {
      /** Pixels are drawn as they are, without smoothing. */
      readonly kind: "image";
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly height: number;
      /** Made when a file is: looking for the best layout draws no pixels. */
      readonly picture: () => Picture;
    };

export interface TextMark {
  readonly kind: "text";
  /** Of the baseline, at the anchor. */
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly size: number;
  readonly bold: boolean;
  readonly fill: string;
  readonly anchor: "start" | "middle" | "end";
  /** Turned by 90° against the clock about its anchor: read from below. */
  readonly turned: boolean;
}

export interface Scene {
  readonly width: number;
  readonly height: number;
  readonly background: string;
  readonly marks: readonly Mark[];
  /** What the figure shows, in words: its title, and one sentence or more. */
  readonly title: string;
  readonly description: string;
}

type Style<T extends Mark, Given extends keyof T> = Partial<Omit<T, "kind" | Given>>;
type Rect = Extract<Mark, { kind: "rect" }>;
type Line = Extract<Mark, { kind: "line" }>;

/** Collects marks. */
export class Drawing {
  readonly marks: Mark[] = [];

  rect(
    x: number,
    y: number,
    width: number,
    height: number,
    style: Style<Rect, "x" | "y" | "width" | "height">,
  ): void {
    this.marks.push({
      kind: "rect",
      x,
      y,
      width,
      height,
      fill: null,
      stroke: null,
      strokeWidth: 0.75,
      ...style,
    });
  }

  line(
    x1: number,
    y1: number,
    x2: number,
    y2: number,
    style: Style<Line, "x1" | "y1" | "x2" | "y2"> & { stroke: string },
  ): void {
    this.marks.push({ kind: "line", x1, y1, x2, y2, strokeWidth: 0.75, dashed: false, ...style });
  }

  text(
    x: number,
    y: number,
    text: string,
    style: Style<TextMark, "x" | "y" | "text"> & { size: number; fill: string },
  ): void {
    if (text === "") return;
    this.marks.push({ kind: "text", x, y, text, bold: false, anchor: "start", turned: false, ...style });
  }

  image(x: number, y: number, width: number, height: number, picture: () => Picture): void {
    this.marks.push({ kind: "image", x, y, width, height, picture });
  }
}

/** The same marks, larger or smaller and moved. */
export function transformed(marks: readonly Mark[], factor: number, dx: number, dy: number): Mark[] {
  return marks.map((mark) => {
    switch (mark.kind) {
      case "line":
        return {
          ...mark,
          x1: mark.x1 * factor + dx,
          y1: mark.y1 * factor + dy,
          x2: mark.x2 * factor + dx,
          y2: mark.y2 * factor + dy,
          strokeWidth: mark.strokeWidth * factor,
        };
      case "text":
        return { ...mark, x: mark.x * factor + dx, y: mark.y * factor + dy, size: mark.size * factor };
      case "rect":
        return { ...placed(mark, factor, dx, dy), strokeWidth: mark.strokeWidth * factor };
      case "image":
        return placed(mark, factor, dx, dy);
    }
  });
}

function placed<T extends { x: number; y: number; width: number; height: number }>(
  mark: T,
  factor: number,
  dx: number,
  dy: number,
): T {
  return {
    ...mark,
    x: mark.x * factor + dx,
    y: mark.y * factor + dy,
    width: mark.width * factor,
    height: mark.height * factor,
  };
}
