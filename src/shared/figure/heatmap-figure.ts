/** One head as a paper draws it: map, rulers of two levels, entropy of every row, colour bar. */
import { denseValue, figure, probability } from "../format";
import { colourTable, cssColour, inkOn, tableColour } from "../colour-maps";
import { tableIndex } from "../colour-scale";
import { type CellColours, cellPicture, pixelsOf } from "./cell-picture";
import { addFacts, colourBar, noFacts } from "./colour-bar";
import { sharedRange } from "./colour-range";
import {
  axesOf,
  type DrawnFigure,
  type FigureSource,
  headRequest,
  headWords,
  isSquare,
  oneHead,
  oneSite,
  originWords,
  type Room,
  shapeWords,
  wholeMap,
} from "./figure-source";
import type { FigureSpec } from "./figure-spec";
import { BODY, figureTheme, type FigureTheme, TICK } from "./figure-theme";
import { header } from "./header";
import {
  type AxisRoom,
  axisRoom,
  boundaries,
  keyRuler,
  type MapPlace,
  queryRuler,
  segmentLegend,
} from "./rulers-figure";
import { Drawing } from "./scene";

/** The strip of row entropies, with its distance to the map. */
const STRIP = 40;
const STRIP_GAP = 8;
const LARGEST_CELL = 40;
/** From this size on a cell prints its value. */
const VALUE_CELL = 20;
const FOOT = 40;
/** Bars of row entropy that are told apart; more rows are averaged. */
const MOST_BARS = 400;

export function heatmapFigure(source: FigureSource, spec: FigureSpec, room: Room): DrawnFigure {
  const chosen = oneSite(source, spec);
  const { site } = chosen;
  const head = oneHead(site, spec);
  const theme = figureTheme(spec.theme);
  const profile = source.readHead(headRequest(source, site, head, spec.sample));
  const axes = axesOf(source, site, spec.sample);
  const drawing = new Drawing();
  const title = `${chosen.title}, ${headWords(head, chosen.site)}`;
  const entropy = `H / ln n ${figure(profile.figures.normalisedEntropy)}`;
  const begin = header(
    drawing,
    spec,
    theme,
    { title, subtitle: `${shapeWords(site)}; ${entropy}; ${originWords(source, [chosen], spec.sample)}` },
    room.width,
  );

  const { place, query, key } = layout(room, begin, site, axes);
  const range = sharedRange(source, spec, [{ site, head }]);
  const colours: CellColours = { map: spec.colourMap, scale: spec.scale, end: range.end, theme };
  const page = wholeMap(source, site, head, spec.sample, pixelsOf(place.width, place.height));
  const cells = new Float32Array(page.cells);
  const facts = noFacts();
  addFacts(facts, { ...page, cells });
  drawing.image(place.left, place.top, place.width, place.height, () =>
    cellPicture({ rows: page.rows, columns: page.columns, cells }, place.width, place.height, colours),
  );
  boundaries(drawing, theme, place, query, key);
  drawing.rect(place.left, place.top, place.width, place.height, { stroke: theme.line });
  if (page.pooling === "none") values(drawing, place, { ...page, cells }, colours);
  queryRuler(drawing, theme, place, query, "query");
  keyRuler(drawing, theme, place, key, "key", "top");
  entropyStrip(drawing, theme, place, new Float32Array(profile.normalisedEntropy));

  let y = place.top + place.height + 14;
  const spare = room.width - place.left;
  const unnamed = !(everyNameFits(query) && everyNameFits(key));
  if (unnamed) y += segmentLegend(drawing, theme, [axes.query, axes.key], place.left, y - 4, spare) + 4;
  y += colourBar(drawing, { colours, range, label: "attention probability", facts }, place.left, y, spare);
  return {
    drawing,
    height: y,
    title,
    description: `Attention of ${title}: ${shapeWords(site)}, largest probability ${probability(profile.maximum)}, normalised entropy ${figure(profile.figures.normalisedEntropy)}, ${profile.figures.rowsMasked} masked rows.`,
  };
}

function everyNameFits({ hasSegments, ruler }: AxisRoom): boolean {
  return !hasSegments || ruler.segments.every((part) => part.to - part.from >= 24);
}

/** The largest map that leaves room for its rulers: their depth depends on it, so it is looked for twice. */
function layout(
  room: Room,
  begin: number,
  site: Parameters<typeof isSquare>[0],
  axes: ReturnType<typeof axesOf>,
): { place: MapPlace; query: AxisRoom; key: AxisRoom } {
  let width = room.width * 0.7;
  let height = width;
  let query = axisRoom(axes.query, height, { across: false, names: true });
  let key = axisRoom(axes.key, width, { across: true, names: true });
  for (let pass = 0; pass < 4; pass++) {
    const roomX = room.width - query.depth - STRIP - STRIP_GAP;
    const roomY = room.height === null ? Infinity : room.height - begin - key.depth - FOOT;
    let cellX = Math.min(LARGEST_CELL, roomX / site.keys);
    let cellY = Math.min(LARGEST_CELL, Math.min(roomY, roomX * 1.2) / site.queries);
    if (isSquare(site)) cellX = cellY = Math.min(cellX, cellY);
    else if (site.queries < site.keys) cellY = Math.min(cellY, Math.max(cellX, 14));
    width = cellX * site.keys;
    height = cellY * site.queries;
    query = axisRoom(axes.query, height, { across: false, names: true });
    key = axisRoom(axes.key, width, { across: true, names: true });
  }
  const spare = room.width - query.depth - width - STRIP_GAP - STRIP;
  return {
    place: { left: query.depth + Math.max(0, spare) / 2, top: begin + key.depth, width, height },
    query,
    key,
  };
}

function values(
  drawing: Drawing,
  place: MapPlace,
  page: { rows: number; columns: number; cells: Float32Array },
  colours: CellColours,
): void {
  const sizeX = place.width / page.columns;
  const sizeY = place.height / page.rows;
  if (sizeX < VALUE_CELL || sizeY < TICK + 2) return;
  const table = colourTable(colours.map, colours.theme.light);
  page.cells.forEach((p, cell) => {
    if (!(p >= 0)) return;
    const ink = inkOn(tableColour(table, tableIndex(p, colours.end, colours.scale)));
    drawing.text(
      place.left + ((cell % page.columns) + 0.5) * sizeX,
      place.top + (Math.floor(cell / page.columns) + 0.5) * sizeY + TICK * 0.36,
      denseValue(p),
      { size: TICK, fill: cssColour(ink), anchor: "middle" },
    );
  });
}

/** Normalised entropy of each row as a bar beside it, from 0 to 1. */
function entropyStrip(drawing: Drawing, theme: FigureTheme, place: MapPlace, rows: Float32Array): void {
  const left = place.left + place.width + STRIP_GAP;
  const width = STRIP - 6;
  const group = Math.ceil(rows.length / MOST_BARS);
  const pitch = (place.height / rows.length) * group;
  for (let from = 0; from < rows.length; from += group) {
    const known = rows.slice(from, from + group).filter((value) => !Number.isNaN(value));
    if (known.length === 0) continue;
    const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
    // Bars without a gap overlap a little, so that no line shows between them.
    const inset = pitch >= 3 ? 0.5 : -0.2;
    drawing.rect(
      left,
      place.top + (from / group) * pitch + inset,
      Math.min(1, mean) * width,
      pitch - 2 * inset,
      {
        fill: theme.bar,
      },
    );
  }
  drawing.line(left, place.top, left, place.top + place.height, { stroke: theme.line });
  drawing.line(left + width, place.top, left + width, place.top + place.height, {
    stroke: theme.line,
    strokeWidth: 0.5,
    dashed: true,
  });
  const foot = place.top + place.height + 9;
  drawing.text(left, foot, "0", { size: TICK, fill: theme.dim, anchor: "middle" });
  drawing.text(left + width, foot, "1", { size: TICK, fill: theme.dim, anchor: "middle" });
  drawing.text(left + width / 2, place.top - 4, "H / ln n", {
    size: BODY,
    fill: theme.text,
    anchor: "middle",
  });
}
