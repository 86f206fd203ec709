/** The prompt with its tokens lit by the attention of one query. */
import type { TokenAxis } from "../capture";
import { colourTable, cssColour, inkOn, tableColour } from "../colour-maps";
import { tableIndex } from "../colour-scale";
import { count, probability, share } from "../format";
import { AttentionError } from "../errors";
import { findQuery, lastChoosing, meanName, rowCountWords, rowsOfQuery } from "../query-choice";
import { strongestKeys } from "../strongest-keys";
import { addFacts, colourBar, noFacts } from "./colour-bar";
import type { CellColours } from "./cell-picture";
import {
  axesOf,
  type ChosenSite,
  type DrawnFigure,
  type FigureSource,
  headRequest,
  headWords,
  oneHead,
  oneSite,
  originWords,
  type Room,
  visible,
} from "./figure-source";
import type { FigureSpec } from "./figure-spec";
import { BODY, figureTheme, type FigureTheme, TICK } from "./figure-theme";
import { header } from "./header";
import { segmentLegend } from "./rulers-figure";
import { Drawing } from "./scene";
import { textWidth } from "./text-width";

const LINE = 21;
const PADDING = 3;
/** Keys that print their probability. */
const PRINTED = 5;
const LONGEST = 24;
/** Place on the colour map below which a token is not lit, so that zero recedes. */
const LIT_FROM = 0.04;
/** Tokens up to which all are written; above, the neighbourhoods of the strongest keys. */
const ALL_UP_TO = 240;
const REACH = 4;
const STRONGEST = 16;

export function tokensFigure(source: FigureSource, spec: FigureSpec, room: Room): DrawnFigure {
  const chosen = oneSite(source, spec);
  const { site } = chosen;
  const head = oneHead(site, spec);
  const theme = figureTheme(spec.theme);
  const request = headRequest(source, site, head, spec.sample);
  const { query: queries, key: keys } = axesOf(source, site, spec.sample);
  const query = askedQuery(source, spec, chosen, queries);
  const read = source.readRow({ ...request, query });
  const row = new Float32Array(read.cells);
  const maximum = row.reduce((most, p) => (p > most ? p : most), 0);
  const end = typeof spec.range === "number" ? spec.range : maximum || 1;
  const colours: CellColours = { map: spec.colourMap, scale: spec.scale, end, theme };
  const drawing = new Drawing();
  const asker =
    typeof query === "number"
      ? `“${visible(queries.labels[query] ?? String(query), LONGEST)}” (query ${query}) attends`
      : `the ${visible(meanName(queries, query))}${read.of ? ` (${rowCountWords(read.of)})` : ""} attends`;
  const title = `What ${asker} to: ${chosen.title}, ${headWords(head, chosen.site)}`;
  const seen = row.filter((p) => p >= 0).length;
  const strongest = strongestKeys(row, PRINTED);
  const held = strongest.reduce((sum, key) => sum + (row[key] ?? 0), 0);
  const facts =
    seen === 0
      ? "sees no key: its row is masked"
      : `sees ${count(seen)} of ${count(row.length)} keys; the ${strongest.length} strongest hold ${share(held)}`;
  let y = header(
    drawing,
    spec,
    theme,
    { title, subtitle: `${facts}; ${originWords(source, [chosen], spec.sample)}` },
    room.width,
  );
  y += 6;
  const own =
    site.queryAxis === site.keyAxis && typeof query === "number" ? query + (site.keys - site.queries) : null;
  y = prompt(drawing, colours, { row, axis: keys, own, strongest, y, width: room.width });
  y += segmentLegend(drawing, theme, [keys], 0, y, room.width) + 6;
  const cellFacts = noFacts();
  addFacts(cellFacts, { cells: row, rowFactor: 1, columnFactor: 1 });
  y += colourBar(
    drawing,
    {
      colours,
      range: { end, maximum, clipped: maximum > end },
      label: "attention probability",
      facts: { ...cellFacts, masked: false },
      notes: cellFacts.masked ? ["struck tokens are masked"] : [],
    },
    0,
    y,
    room.width,
  );
  const words = strongest.map(
    (key) => `${visible(keys.labels[key] ?? String(key), LONGEST)} ${probability(row[key] ?? 0)}`,
  );
  return { drawing, height: y, title, description: `${title}. Strongest keys: ${words.join(", ")}.` };
}

/** The row that is asked for: of one query, or of those of a segment. What the manifest asks for in vain is the last. */
function askedQuery(
  source: FigureSource,
  spec: FigureSpec,
  { site }: ChosenSite,
  axis: TokenAxis,
): number | number[] {
  const last = () => {
    const request = headRequest(source, site, oneHead(site, spec), spec.sample);
    return lastChoosing(new Uint32Array(source.readHead(request).validKeys)) ?? site.queries - 1;
  };
  const asked = spec.query ?? source.capture.start?.queryText ?? "last";
  const found = findQuery(asked, site, axis, last);
  const rows = "query" in found ? rowsOfQuery(found.query, axis, site.queries) : null;
  if (rows !== null) return typeof rows === "number" ? rows : [...rows];
  if (spec.query === null) return last();
  throw new AttentionError(
    "siteUnknown",
    `The query asked for is ${"problem" in found ? found.problem : String(asked)}.`,
  );
}

/** Tokens in running lines; where what follows begins. */
function prompt(
  drawing: Drawing,
  colours: CellColours,
  part: {
    row: Float32Array;
    axis: TokenAxis;
    own: number | null;
    strongest: readonly number[];
    y: number;
    width: number;
  },
): number {
  const { row, axis, own, strongest, width } = part;
  const { theme } = colours;
  const kept = shownKeys(row, own);
  let x = 0;
  let line = part.y;
  let hidden = 0;
  const advance = (needed: number): void => {
    if (x > 0 && x + needed > width) {
      x = 0;
      line += LINE;
    }
  };
  const gap = (): void => {
    if (hidden === 0) return;
    const text = `… ${count(hidden)} …`;
    const needed = textWidth(text, TICK) + 6;
    advance(needed);
    drawing.text(x + 3, line + 10, text, { size: TICK, fill: theme.dim });
    x += needed;
    hidden = 0;
  };
  for (let key = 0; key < row.length; key++) {
    if (!kept(key)) {
      hidden += 1;
      continue;
    }
    gap();
    const p = row[key] as number;
    const text = visible(axis.labels[key] ?? String(key), LONGEST);
    const needed = textWidth(text, BODY) + 2 * PADDING;
    const below = strongest.includes(key) ? probability(p) : "";
    const taken = Math.max(needed, textWidth(below, TICK)) + 2;
    advance(taken);
    token(drawing, colours, { x, y: line, width: needed, text, p, query: key === own });
    const role = axis.from !== "index" ? axis.segments[axis.segmentOf[key] ?? -1]?.role : undefined;
    if (role) drawing.rect(x, line + 13.5, needed, 1.5, { fill: theme.segments[role] });
    if (below) printed(drawing, theme, x + needed / 2, line, below);
    x += taken;
  }
  gap();
  return line + LINE + 4;
}

function printed(drawing: Drawing, theme: FigureTheme, x: number, line: number, text: string): void {
  drawing.text(x, line - 1, text, { size: 7, fill: theme.dim, anchor: "middle" });
}

function token(
  drawing: Drawing,
  colours: CellColours,
  {
    x,
    y,
    width,
    text,
    p,
    query,
  }: { x: number; y: number; width: number; text: string; p: number; query: boolean },
): void {
  const { theme } = colours;
  const table = colourTable(colours.map, theme.light);
  const lit =
    p > 0 && p / colours.end >= LIT_FROM
      ? tableColour(table, tableIndex(p, colours.end, colours.scale))
      : null;
  if (lit) drawing.rect(x, y + 1, width, 12, { fill: cssColour(lit) });
  if (query) drawing.rect(x + 0.5, y + 1, width - 1, 12, { stroke: theme.outline, strokeWidth: 1.2 });
  drawing.text(x + PADDING, y + 10, text, {
    size: BODY,
    fill: lit ? cssColour(inkOn(lit)) : p < 0 ? theme.dim : theme.text,
  });
  if (p < 0) drawing.line(x + 1, y + 7, x + width - 1, y + 7, { stroke: theme.dim, strokeWidth: 0.6 });
}

/** All keys when they are few; else the neighbourhoods of the strongest and of the query itself. */
function shownKeys(row: Float32Array, own: number | null): (key: number) => boolean {
  if (row.length <= ALL_UP_TO) return () => true;
  const middles = [...strongestKeys(row, STRONGEST), ...(own === null ? [] : [own])];
  const kept = new Set(
    middles.flatMap((middle) => Array.from({ length: 2 * REACH + 1 }, (_, at) => middle - REACH + at)),
  );
  return (key) => kept.has(key);
}
