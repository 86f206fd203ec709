/** All heads of one or more sites side by side on one scale, with shared axes and each head's entropy. */
import type { TokenAxis } from "../capture";
import { counted, figure } from "../format";
import { type CellColours, cellPicture, pixelsOf } from "./cell-picture";
import { addFacts, colourBar, noFacts } from "./colour-bar";
import { sharedRange } from "./colour-range";
import {
  axesOf,
  type ChosenSite,
  chosenSites,
  type DrawnFigure,
  type FigureSource,
  headRequest,
  headsOf,
  isSquare,
  originWords,
  type Room,
  shapeWords,
  wholeMap,
} from "./figure-source";
import type { FigureHead, FigureSpec } from "./figure-spec";
import { BODY, figureTheme, TICK } from "./figure-theme";
import { header } from "./header";
import { axisRoom, boundaries, keyRuler, type MapPlace, queryRuler, segmentLegend } from "./rulers-figure";
import { Drawing } from "./scene";
import { textWidth } from "./text-width";

const GAP = 8;
const PANEL_TITLE = 12;
const SMALLEST_PANEL = 82;
const SMALLEST_MAP_HEIGHT = 24;

interface Grid {
  readonly columns: number;
  readonly rows: number;
  readonly left: number;
  readonly panelWidth: number;
  readonly panelHeight: number;
}

export function headsFigure(source: FigureSource, spec: FigureSpec, room: Room): DrawnFigure {
  const sites = chosenSites(source, spec);
  const theme = figureTheme(spec.theme);
  const drawing = new Drawing();
  const heads = sites.map((chosen) => headsOf(chosen.site, spec.heads));
  const maps = sites.flatMap(({ site }, at) => (heads[at] ?? []).map((head) => ({ site, head })));
  const range = sharedRange(source, spec, maps);
  const colours: CellColours = { map: spec.colourMap, scale: spec.scale, end: range.end, theme };
  const facts = noFacts();
  const only = sites.length === 1 ? sites[0] : undefined;
  const title = only
    ? `${only.title}: attention of ${counted(maps.length, "head")}`
    : `Attention of ${counted(maps.length, "head")} at ${counted(sites.length, "site")}`;
  const origin = originWords(source, sites, spec.sample);
  let y = header(
    drawing,
    spec,
    theme,
    { title, subtitle: only ? `${shapeWords(only.site)}; ${origin}` : `${source.title}; ${origin}` },
    room.width,
  );
  sites.forEach((chosen, at) => {
    if (!only) {
      y += 6;
      drawing.text(0, y + 4, chosen.title, { size: BODY, bold: true, fill: theme.text });
      drawing.text(textWidth(chosen.title, BODY, true) + 6, y + 4, shapeWords(chosen.site), {
        size: TICK,
        fill: theme.dim,
      });
      y += 8;
    }
    y = siteGrid(drawing, source, spec, { chosen, heads: heads[at] ?? [], room, y, colours, facts });
  });
  const axes = new Set<TokenAxis>(
    sites.flatMap(({ site }) => Object.values(axesOf(source, site, spec.sample))),
  );
  y += 6;
  y += segmentLegend(drawing, theme, [...axes], 0, y, room.width);
  y += 4;
  y += colourBar(
    drawing,
    { colours, range, label: "attention probability, one scale for all", facts, notes: [] },
    0,
    y,
    room.width,
  );
  return { drawing, height: y, title, description: `${title}. ${entropyWords(sites, spec)}` };
}

function entropyWords(sites: readonly ChosenSite[], spec: FigureSpec): string {
  const values = sites.flatMap(({ site }) =>
    (site.figures[spec.sample] ?? []).flatMap(({ normalisedEntropy }) => normalisedEntropy ?? []),
  );
  if (values.length === 0) return "No head has a normalised entropy.";
  return `Normalised entropy from ${figure(Math.min(...values))} to ${figure(Math.max(...values))}.`;
}

function grid(source: FigureSource, chosen: ChosenSite, sample: number, count: number, width: number): Grid {
  const { query } = axesOf(source, chosen.site, sample);
  const left = axisRoom(query, 120, { across: false, names: true }).depth;
  const most = Math.max(1, Math.floor((width - left + GAP) / (SMALLEST_PANEL + GAP)));
  const rows = Math.ceil(count / most);
  // One or two heads are not drawn as wide as the page.
  const columns = count < 3 ? Math.min(most, 3) : Math.ceil(count / rows);
  const panelWidth = (width - left - (columns - 1) * GAP) / columns;
  const { queries, keys } = chosen.site;
  const panelHeight = isSquare(chosen.site)
    ? panelWidth
    : Math.min(panelWidth, Math.max(SMALLEST_MAP_HEIGHT, (panelWidth * queries) / keys));
  return { columns, rows, left, panelWidth, panelHeight };
}

/** Panels of one site; where what follows begins. */
function siteGrid(
  drawing: Drawing,
  source: FigureSource,
  spec: FigureSpec,
  part: {
    chosen: ChosenSite;
    heads: readonly FigureHead[];
    room: Room;
    y: number;
    colours: CellColours;
    facts: ReturnType<typeof noFacts>;
  },
): number {
  const { chosen, heads, room, colours, facts } = part;
  const { site } = chosen;
  const { theme } = colours;
  const axes = axesOf(source, site, spec.sample);
  const { columns, rows, left, panelWidth, panelHeight } = grid(
    source,
    chosen,
    spec.sample,
    heads.length,
    room.width,
  );
  const query = axisRoom(axes.query, panelHeight, { across: false, names: true });
  const key = axisRoom(axes.key, panelWidth, { across: true, names: true });
  const unlabelled = axisRoom(axes.key, panelWidth, { across: true, names: false });
  const lastRow = (rows - 1) * columns;
  heads.forEach((head, index) => {
    const column = index % columns;
    const row = Math.floor(index / columns);
    const place: MapPlace = {
      left: left + column * (panelWidth + GAP),
      top: part.y + PANEL_TITLE + row * (panelHeight + PANEL_TITLE + GAP),
      width: panelWidth,
      height: panelHeight,
    };
    panelTitle(drawing, colours, place, head, entropyOf(source, spec, site, head));
    const page = wholeMap(source, site, head, spec.sample, pixelsOf(panelWidth, panelHeight));
    const cells = new Float32Array(page.cells);
    addFacts(facts, { ...page, cells });
    drawing.image(place.left, place.top, place.width, place.height, () =>
      cellPicture({ rows: page.rows, columns: page.columns, cells }, panelWidth, panelHeight, colours),
    );
    boundaries(drawing, theme, place, query, unlabelled);
    drawing.rect(place.left, place.top, place.width, place.height, { stroke: theme.line, strokeWidth: 0.5 });
    if (column === 0)
      queryRuler(drawing, theme, place, query, row === Math.floor((rows - 1) / 2) ? "query" : "");
    const lowest = index + columns >= heads.length;
    const named = index === lastRow + Math.floor((heads.length - lastRow - 1) / 2);
    if (lowest) keyRuler(drawing, theme, place, key, named ? "key" : "", "bottom");
  });
  const bottom = part.y + rows * (panelHeight + PANEL_TITLE) + (rows - 1) * GAP;
  return bottom + key.depth;
}

function entropyOf(
  source: FigureSource,
  spec: FigureSpec,
  site: ChosenSite["site"],
  head: FigureHead,
): number | null {
  if (head === "mean")
    return source.readHead(headRequest(source, site, head, spec.sample)).figures.normalisedEntropy;
  return site.figures[spec.sample]?.[head]?.normalisedEntropy ?? null;
}

function panelTitle(
  drawing: Drawing,
  { theme }: CellColours,
  place: MapPlace,
  head: FigureHead,
  entropy: number | null,
): void {
  const name = head === "mean" ? "mean of heads" : `head ${head}`;
  drawing.text(place.left, place.top - 3.5, name, { size: BODY, bold: true, fill: theme.text });
  const spare = place.width - textWidth(name, BODY, true) - 6;
  const words = [`H / ln n ${figure(entropy)}`, figure(entropy)].find(
    (text) => textWidth(text, TICK) <= spare,
  );
  if (words)
    drawing.text(place.left + place.width, place.top - 3.5, words, {
      size: TICK,
      fill: theme.dim,
      anchor: "end",
    });
}
