/** The figure of all heads: one row of maps for each site, on a light ground, each with its name and entropy. */
import { element, textElement } from "./svg";

export interface HeadPicture {
  readonly name: string;
  /** "H / ln n 0.62". */
  readonly caption: string;
  /** The map as a PNG data URI, query 0 on top. */
  readonly image: string;
  /** Width over height of the drawn map. */
  readonly aspect: number;
}

export interface SiteRow {
  readonly title: string;
  readonly subtitle: string;
  readonly heads: readonly HeadPicture[];
}

export interface HeadsFigure {
  readonly title: string;
  readonly subtitle: string;
  readonly rows: readonly SiteRow[];
  /** Colours of the bar from low to high, and what its ends mean. */
  readonly bar: {
    readonly colours: readonly string[];
    readonly low: string;
    readonly high: string;
    readonly label: string;
  };
}

const MARGIN = 24;
const GAP = 12;
const MAP_HEIGHT = 150;
const PER_LINE = 6;
const font = "Inter, Helvetica, Arial, 'DejaVu Sans', sans-serif";

/** SVG text; sizes in px at 1×. */
export function headsFigure(figure: HeadsFigure): { svg: string; width: number; height: number } {
  const cellWidth = Math.max(
    110,
    ...figure.rows.flatMap((row) => row.heads.map((head) => Math.min(300, MAP_HEIGHT * head.aspect))),
  );
  const perLine = Math.max(
    1,
    Math.min(PER_LINE, ...[Math.max(1, ...figure.rows.map((row) => row.heads.length))]),
  );
  const width = Math.max(520, MARGIN * 2 + perLine * (cellWidth + GAP));
  const parts: string[] = [];
  let y = MARGIN + 14;
  parts.push(
    textElement(figure.title, { x: MARGIN, y, "font-size": 15, "font-weight": 600, fill: "#1f1f1f" }),
  );
  y += 18;
  parts.push(textElement(figure.subtitle, { x: MARGIN, y, "font-size": 11, fill: "#5f6368" }));
  y += 24;
  for (const row of figure.rows) {
    parts.push(
      textElement(row.title, { x: MARGIN, y, "font-size": 12, "font-weight": 600, fill: "#1f1f1f" }),
    );
    parts.push(
      textElement(row.subtitle, { x: MARGIN + cellWidth * 1.6, y, "font-size": 11, fill: "#5f6368" }),
    );
    y += 10;
    row.heads.forEach((head, index) => {
      const x = MARGIN + (index % perLine) * (cellWidth + GAP);
      const top = y + Math.floor(index / perLine) * (MAP_HEIGHT + 34);
      const mapWidth = Math.min(cellWidth, MAP_HEIGHT * head.aspect);
      const mapHeight = mapWidth / head.aspect;
      parts.push(
        element("image", {
          x,
          y: top,
          width: mapWidth,
          height: mapHeight,
          href: head.image,
          preserveAspectRatio: "none",
        }),
      );
      parts.push(
        element("rect", {
          x,
          y: top,
          width: mapWidth,
          height: mapHeight,
          fill: "none",
          stroke: "#c8c8c8",
          "stroke-width": 0.5,
        }),
      );
      parts.push(
        textElement(head.name, {
          x,
          y: top + mapHeight + 13,
          "font-size": 10,
          "font-weight": 600,
          fill: "#1f1f1f",
        }),
      );
      parts.push(
        textElement(head.caption, {
          x: x + mapWidth,
          y: top + mapHeight + 13,
          "font-size": 10,
          "text-anchor": "end",
          fill: "#1f1f1f",
        }),
      );
    });
    y += Math.ceil(row.heads.length / perLine) * (MAP_HEIGHT + 34) + 14;
  }
  const steps = figure.bar.colours.length;
  figure.bar.colours.forEach((fill, index) =>
    parts.push(
      element("rect", { x: MARGIN + (index * 160) / steps, y, width: 160 / steps + 0.5, height: 8, fill }),
    ),
  );
  y += 20;
  parts.push(textElement(figure.bar.low, { x: MARGIN, y, "font-size": 10, fill: "#1f1f1f" }));
  parts.push(
    textElement(figure.bar.high, {
      x: MARGIN + 160,
      y,
      "font-size": 10,
      "text-anchor": "end",
      fill: "#1f1f1f",
    }),
  );
  parts.push(textElement(figure.bar.label, { x: MARGIN + 176, y: y - 12, "font-size": 10, fill: "#5f6368" }));
  const height = y + MARGIN;
  const svg = element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      width,
      height,
      viewBox: `0 0 ${Math.round(width)} ${Math.round(height)}`,
      "font-family": font,
      role: "img",
      "aria-label": figure.title,
    },
    [element("rect", { width: "100%", height: "100%", fill: "#ffffff" }), ...parts],
  );
  return { svg, width, height };
}
