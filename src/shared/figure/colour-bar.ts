/** The colour bar with its ticks, and what else the cells may show: clipped, masked, no numbers, pooled. */
import { colourTable } from "../colour-maps";
import { type ColourRange, type ScaleName, valueAt } from "../colour-scale";
import { probability, upTo } from "../format";
import { type Cells, type CellColours, cellPicture } from "./cell-picture";
import { BODY, TICK } from "./figure-theme";
import type { Drawing, Picture } from "./scene";
import { textWidth } from "./text-width";
import { wrapped } from "./header";

const HEIGHT = 7;

/** What the drawn cells hold beside probabilities. */
export interface CellFacts {
  masked: boolean;
  flagged: number;
  /** "max of 4 × 4 cells". */
  pooled: string;
}

export function noFacts(): CellFacts {
  return { masked: false, flagged: 0, pooled: "" };
}

export function addFacts(
  facts: CellFacts,
  page: { cells: Float32Array; rowFactor: number; columnFactor: number },
): void {
  for (const p of page.cells) {
    if (Number.isNaN(p)) facts.flagged += 1;
    else if (p < 0) facts.masked = true;
  }
  if (page.rowFactor * page.columnFactor > 1)
    facts.pooled = `each pixel is the maximum of ${page.rowFactor} × ${page.columnFactor} cells`;
}

function gradient({ map, theme }: CellColours): Picture {
  const table = colourTable(map, theme.light);
  const rgb = new Uint8Array(256 * 3);
  for (let index = 0; index < 256; index++) rgb.set(table.subarray(index * 4, index * 4 + 3), index * 3);
  return { width: 256, height: 1, rgb };
}

function swatch(cells: Cells, colours: CellColours): Picture {
  return cellPicture(cells, HEIGHT, HEIGHT, colours);
}

const one = (p: number): Cells => ({ rows: 1, columns: 1, cells: Float32Array.of(p) });

export interface ColourBar {
  readonly colours: CellColours;
  readonly range: ColourRange;
  /** "attention probability". */
  readonly label: string;
  readonly facts: CellFacts;
  /** Words for the ends where the bar stands for several scales. */
  readonly ends?: readonly [string, string];
  readonly notes?: readonly string[];
}

/** Draw at (x, y) over at most `width`; the height it took. */
export function colourBar(drawing: Drawing, bar: ColourBar, x: number, y: number, width: number): number {
  const { colours, range, facts } = bar;
  const { theme } = colours;
  const length = Math.min(140, width * 0.45);
  drawing.image(x, y, length, HEIGHT, () => gradient(colours));
  drawing.rect(x, y, length, HEIGHT, { stroke: theme.line, strokeWidth: 0.5 });
  const ticks = bar.ends ?? tickTexts(range.end, colours.scale);
  ticks.forEach((text, index) => {
    const share = index / (ticks.length - 1);
    drawing.line(x + share * length, y + HEIGHT, x + share * length, y + HEIGHT + 2, {
      stroke: theme.line,
      strokeWidth: 0.5,
    });
    drawing.text(x + share * length, y + HEIGHT + 10, text, {
      size: TICK,
      fill: theme.dim,
      anchor: index === 0 ? "start" : index === ticks.length - 1 ? "end" : "middle",
    });
  });
  const right = x + length + 10;
  drawing.text(right, y + HEIGHT - 0.5, bar.label, { size: BODY, fill: theme.text });
  let at = right;
  const keyed = (picture: () => Picture, text: string) => {
    drawing.image(at, y + HEIGHT + 3.5, HEIGHT, HEIGHT, picture);
    drawing.rect(at, y + HEIGHT + 3.5, HEIGHT, HEIGHT, { stroke: theme.line, strokeWidth: 0.5 });
    drawing.text(at + HEIGHT + 3, y + HEIGHT + 10, text, { size: TICK, fill: theme.dim });
    at += HEIGHT + 3 + textWidth(text, TICK) + 8;
  };
  if (facts.masked) keyed(() => swatch(one(-1), colours), "masked");
  if (facts.flagged > 0)
    keyed(() => ({ width: 1, height: 1, rgb: Uint8Array.from(theme.flag) }), `NaN in ${facts.flagged} cells`);
  const notes = [
    range.clipped
      ? `cells above ${probability(range.end)} have its colour; the largest is ${probability(range.maximum)}`
      : "",
    facts.pooled,
    ...(bar.notes ?? []),
  ].filter(Boolean);
  const lines = notes.length > 0 ? wrapped(notes.join("; "), width, TICK) : [];
  lines.forEach((line, index) =>
    drawing.text(x, y + HEIGHT + 21 + index * 10, line, { size: TICK, fill: theme.dim }),
  );
  return HEIGHT + 12 + lines.length * 10 + (lines.length > 0 ? 2 : 0);
}

function tickTexts(end: number, scale: ScaleName): string[] {
  return [scale === "log" ? upTo(valueAt(0, end, scale)) : "0"].concat(
    probability(valueAt(0.5, end, scale)),
    probability(end),
  );
}
