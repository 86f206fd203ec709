/** One page of all: every head's map, each on its own scale, and the entropy of all heads. */
import { count, counted, figure } from "../format";
import { type CellColours, cellPicture, pixelsOf } from "./cell-picture";
import { addFacts, colourBar, noFacts } from "./colour-bar";
import {
  type ChosenSite,
  chosenSites,
  type DrawnFigure,
  type FigureSource,
  headsOf,
  isSquare,
  originWords,
  type Room,
  visible,
  wholeMap,
} from "./figure-source";
import { entropyBars } from "./entropy-figure";
import type { FigureHead, FigureSpec } from "./figure-spec";
import { BODY, figureTheme, TICK } from "./figure-theme";
import { header } from "./header";
import { Drawing } from "./scene";
import { fitText } from "./text-width";

const GAP = 5;
const CAPTION = 10;
const SMALLEST = 26;
const LARGEST = 96;
/** As high as a page is, with its entropy bars. */
const PAGE = 900;
const BARS = 110;

export function summaryFigure(source: FigureSource, spec: FigureSpec, room: Room): DrawnFigure {
  const sites = chosenSites(source, spec);
  const theme = figureTheme(spec.theme);
  const drawing = new Drawing();
  const heads = sites.map(({ site }) => headsOf(site, spec.heads));
  const total = heads.reduce((sum, some) => sum + some.length, 0);
  const title = `${visible(source.title)}: ${counted(total, "head")} at ${counted(sites.length, "site")}`;
  const colours: Omit<CellColours, "end"> = { map: spec.colourMap, scale: spec.scale, theme };
  const facts = noFacts();
  let y =
    header(drawing, spec, theme, { title, subtitle: originWords(source, sites, spec.sample) }, room.width) +
    2;
  const label = Math.min(150, room.width * 0.24);
  const most = Math.max(1, ...heads.map((some) => some.length));
  const side = thumbnailSide(sites, heads, room, label, most);
  const perLine = Math.max(1, Math.floor((room.width - label + GAP) / (side + GAP)));
  sites.forEach((chosen, at) => {
    const { title: name } = chosen;
    drawing.text(0, y + 8, fitText(name, label - 6, BODY, true), {
      size: BODY,
      bold: true,
      fill: theme.text,
    });
    drawing.text(0, y + 19, fitText(shortShape(chosen), label - 6, TICK), { size: TICK, fill: theme.dim });
    const height = mapHeight(chosen, side);
    const some = heads[at] ?? [];
    some.forEach((head, index) => {
      const x = label + (index % perLine) * (side + GAP);
      const top = y + Math.floor(index / perLine) * (height + CAPTION + GAP);
      thumbnail(drawing, source, spec, colours, { chosen, head, x, y: top, width: side, height, facts });
    });
    y += Math.max(22, Math.ceil(some.length / perLine) * (height + CAPTION + GAP)) + 1;
  });
  y += 4;
  y += colourBar(
    drawing,
    {
      colours: { ...colours, end: 1 },
      range: { end: 1, maximum: 1, clipped: false },
      label: "attention probability",
      facts,
      ends: ["0", "head’s maximum"],
      notes: ["under each map its head and H / ln n; rows are queries, columns keys"],
    },
    0,
    y,
    room.width,
  );
  y = entropyBars(
    drawing,
    theme,
    sites,
    spec,
    { y: y + 14, width: room.width, height: BARS },
    source.capture.entropyLine,
  );
  return {
    drawing,
    height: y,
    title,
    description: `${title}: each head's map and the normalised entropy of all heads.`,
  };
}

/** "38 × 38, self", where there is no room for more. */
function shortShape({ site }: ChosenSite): string {
  return `${count(site.queries)} × ${count(site.keys)}${site.kind === "unknown" ? "" : `, ${site.kind}`}`;
}

function mapHeight({ site }: ChosenSite, side: number): number {
  return isSquare(site) ? side : Math.min(side, Math.max(10, (side * site.queries) / site.keys));
}

/** The largest side with which all heads of a site stand on one line and all sites on a page. */
function thumbnailSide(
  sites: readonly ChosenSite[],
  heads: readonly (readonly FigureHead[])[],
  room: Room,
  label: number,
  most: number,
): number {
  const page = (room.height ?? PAGE) - BARS - 120;
  let side = Math.max(SMALLEST, Math.min(LARGEST, (room.width - label + GAP) / most - GAP));
  const taken = () => {
    const perLine = Math.max(1, Math.floor((room.width - label + GAP) / (side + GAP)));
    return sites.reduce(
      (sum, chosen, at) =>
        sum + Math.ceil((heads[at]?.length ?? 0) / perLine) * (mapHeight(chosen, side) + CAPTION + GAP) + 1,
      0,
    );
  };
  while (side > SMALLEST && taken() > page) side -= 2;
  return side;
}

function thumbnail(
  drawing: Drawing,
  source: FigureSource,
  spec: FigureSpec,
  colours: Omit<CellColours, "end">,
  part: {
    chosen: ChosenSite;
    head: FigureHead;
    x: number;
    y: number;
    width: number;
    height: number;
    facts: ReturnType<typeof noFacts>;
  },
): void {
  const { chosen, head, x, y, width, height, facts } = part;
  const { theme } = colours;
  const page = wholeMap(source, chosen.site, head, spec.sample, pixelsOf(width, height));
  const cells = new Float32Array(page.cells);
  addFacts(facts, { ...page, cells });
  const end = cells.reduce((largest, p) => (p > largest ? p : largest), 0) || 1;
  drawing.image(x, y, width, height, () =>
    cellPicture({ rows: page.rows, columns: page.columns, cells }, width, height, { ...colours, end }),
  );
  drawing.rect(x, y, width, height, { stroke: theme.line, strokeWidth: 0.4 });
  const value =
    head === "mean" ? null : (chosen.site.figures[spec.sample]?.[head]?.normalisedEntropy ?? null);
  drawing.text(x, y + height + 8, head === "mean" ? "mean" : String(head), {
    size: TICK,
    bold: true,
    fill: theme.text,
  });
  if (width >= 30)
    drawing.text(x + width, y + height + 8, head === "mean" ? "" : figure(value), {
      size: TICK,
      fill: theme.dim,
      anchor: "end",
    });
}
