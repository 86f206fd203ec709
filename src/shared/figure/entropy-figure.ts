/** Normalised entropy of all heads as bars, grouped by site and component, with the spread over queries. */
import { counted, figure } from "../format";
import {
  chosenSites,
  type ChosenSite,
  type DrawnFigure,
  type FigureSource,
  headsOf,
  originWords,
  type Room,
  visible,
} from "./figure-source";
import type { FigureSpec } from "./figure-spec";
import { BODY, figureTheme, type FigureTheme, TICK } from "./figure-theme";
import { header, wrapped } from "./header";
import { Drawing } from "./scene";
import { fitText, textWidth } from "./text-width";

/** The axis ends above 1 so that a full bar is not cut. */
const AXIS_END = 1.05;
const REFERENCE = 0.5;
const LEFT = 40;
const WIDEST_PITCH = 72;
/** A few heads do not get a few wide bars, px. */
const WIDEST_BAR = 26;
/** Narrower bars are not told apart: the sites go on in another row. */
const NARROWEST_PITCH = 3.2;
const HEIGHT = 120;
/** Below the bars: heads and layers; and components, where there are several. */
const FOOT = 30;
const COMPONENTS = 14;

interface Bar {
  readonly head: number;
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}
interface Group {
  readonly chosen: ChosenSite;
  readonly bars: readonly Bar[];
}

export function entropyFigure(source: FigureSource, spec: FigureSpec, room: Room): DrawnFigure {
  const sites = chosenSites(source, spec);
  const theme = figureTheme(spec.theme);
  const drawing = new Drawing();
  const count = sites.reduce((sum, chosen) => sum + barsOf(chosen, spec).length, 0);
  const title = `Normalised entropy of ${counted(count, "head")}`;
  let y = header(
    drawing,
    spec,
    theme,
    { title, subtitle: `${visible(source.title)}; ${originWords(source, sites, spec.sample)}` },
    room.width,
  );
  y += 8;
  const height = room.height === null ? HEIGHT : Math.max(HEIGHT, room.height - y - FOOT - COMPONENTS - 14);
  y = entropyBars(drawing, theme, sites, spec, { y, width: room.width, height }, source.capture.entropyLine);
  return { drawing, height: y, title, description: `${title}. ${extremesWords(sites, spec)}` };
}

function extremesWords(sites: readonly ChosenSite[], spec: FigureSpec): string {
  const all = sites.flatMap((chosen) =>
    barsOf(chosen, spec).flatMap(({ head, value }) =>
      value === null ? [] : [{ name: `${chosen.title} head ${head}`, value }],
    ),
  );
  all.sort((a, b) => a.value - b.value);
  const [lowest, highest] = [all[0], all.at(-1)];
  if (!lowest || !highest) return "No query has two visible keys, so that there is none.";
  return `Lowest ${lowest.name} (${figure(lowest.value)}), highest ${highest.name} (${figure(highest.value)}).`;
}

function barsOf({ site }: ChosenSite, spec: FigureSpec): Bar[] {
  return headsOf(site, spec.heads)
    .filter((head) => head !== "mean")
    .map((head) => {
      const figures = site.figures[spec.sample]?.[head];
      return {
        head,
        value: figures?.normalisedEntropy ?? null,
        low: figures?.normalisedEntropyP10 ?? null,
        high: figures?.normalisedEntropyP90 ?? null,
      };
    });
}

/** Draw the bars in as many rows as they need; where what follows begins. */
export function entropyBars(
  drawing: Drawing,
  theme: FigureTheme,
  sites: readonly ChosenSite[],
  spec: FigureSpec,
  place: { y: number; width: number; height: number },
  line = REFERENCE,
): number {
  const groups = sites
    .map((chosen) => ({ chosen, bars: barsOf(chosen, spec) }))
    .filter(({ bars }) => bars.length > 0);
  const slots = groups.reduce((sum, { bars }) => sum + bars.length + 1, 0);
  const rowCount = Math.min(
    groups.length,
    Math.max(1, Math.ceil((slots * NARROWEST_PITCH) / (place.width - LEFT))),
  );
  const rows = splitEvenly(groups, rowCount);
  const most = Math.max(1, ...rows.map((row) => row.reduce((sum, { bars }) => sum + bars.length + 1, 0) - 1));
  const pitch = Math.min(WIDEST_PITCH, (place.width - LEFT) / most);
  const several = new Set(groups.map(({ chosen }) => chosen.site.component)).size > 1;
  const foot = FOOT + (several ? COMPONENTS : 0);
  const height = rows.length > 1 ? Math.max(60, place.height / rows.length - foot) : place.height;
  let y = place.y;
  for (const row of rows) {
    barRow(drawing, theme, row, { y, width: place.width, height, pitch, several, line });
    y += height + foot;
  }
  const moved = line === REFERENCE ? "" : `; dashed at ${line}`;
  const note = `bars: mean over queries; lines: 10th to 90th percentile of queries${moved}`;
  const lines = wrapped(note, place.width - LEFT, TICK);
  lines.forEach((line, index) => drawing.text(LEFT, y + index * 10, line, { size: TICK, fill: theme.dim }));
  return y - 6 + lines.length * 10;
}

function splitEvenly(groups: readonly Group[], rows: number): Group[][] {
  const each = Math.ceil(groups.length / rows);
  return Array.from({ length: Math.ceil(groups.length / each) }, (_, row) =>
    groups.slice(row * each, (row + 1) * each),
  );
}

function barRow(
  drawing: Drawing,
  theme: FigureTheme,
  groups: readonly Group[],
  {
    y,
    width,
    height,
    pitch,
    several,
    line,
  }: { y: number; width: number; height: number; pitch: number; several: boolean; line: number },
): void {
  const level = (value: number) => y + height * (1 - Math.min(AXIS_END, value) / AXIS_END);
  const slots = groups.reduce((sum, { bars }) => sum + bars.length + 1, 0) - 1;
  const right = LEFT + slots * pitch;
  for (const value of [0, 0.25, 0.5, 0.75, 1]) {
    drawing.line(LEFT, level(value), right, level(value), { stroke: theme.grid, strokeWidth: 0.5 });
    drawing.text(LEFT - 4, level(value) + TICK * 0.36, String(value), {
      size: TICK,
      fill: theme.dim,
      anchor: "end",
    });
  }
  drawing.text(9, y + height / 2, "H / ln n", {
    size: BODY,
    fill: theme.text,
    anchor: "middle",
    turned: true,
  });
  const numbered = pitch >= 9;
  const spans: { component: string; from: number; to: number }[] = [];
  let slot = 0;
  for (const { chosen, bars } of groups) {
    const from = LEFT + slot * pitch;
    bars.forEach((bar, index) => {
      const x = from + index * pitch;
      const inset = Math.max(pitch * (pitch < 6 ? 0.06 : 0.14), (pitch - WIDEST_BAR) / 2);
      if (bar.value !== null)
        drawing.rect(x + inset, level(bar.value), pitch - 2 * inset, level(0) - level(bar.value), {
          fill: theme.bar,
        });
      else drawing.text(x + pitch / 2, level(0) - 2, "—", { size: TICK, fill: theme.dim, anchor: "middle" });
      if (bar.low !== null && bar.high !== null)
        whisker(drawing, theme, x + pitch / 2, level(bar.low), level(bar.high), Math.min(3, pitch * 0.2));
      if (numbered)
        drawing.text(x + pitch / 2, y + height + 9, String(bar.head), {
          size: TICK,
          fill: theme.dim,
          anchor: "middle",
        });
    });
    const to = from + bars.length * pitch;
    siteName(drawing, theme, chosen, several, { from, to, y: y + height + (numbered ? 19 : 10) });
    const component = chosen.site.component ?? "";
    const last = spans.at(-1);
    if (last && last.component === component) last.to = to;
    else spans.push({ component, from, to });
    slot += bars.length + 1;
  }
  drawing.line(LEFT, level(0), right, level(0), { stroke: theme.line });
  drawing.line(LEFT, level(line), right, level(line), {
    stroke: theme.whisker,
    strokeWidth: 0.6,
    dashed: true,
  });
  if (!several) return;
  const below = y + height + (numbered ? 23 : 14);
  for (const { component, from, to } of spans) {
    const middle = (from + to) / 2;
    const room = Math.min(to - from + pitch * 0.8, 2 * (width - middle));
    const text = fitText(visible(component, 40), room, TICK);
    if (text.length < 3) continue;
    drawing.line(from, below, to, below, { stroke: theme.line, strokeWidth: 0.5 });
    drawing.text(middle, below + 9, text, { size: TICK, fill: theme.text, anchor: "middle" });
  }
}

function whisker(
  drawing: Drawing,
  theme: FigureTheme,
  x: number,
  low: number,
  high: number,
  cap: number,
): void {
  const style = { stroke: theme.whisker, strokeWidth: 0.6 };
  drawing.line(x, low, x, high, style);
  drawing.line(x - cap, low, x + cap, low, style);
  drawing.line(x - cap, high, x + cap, high, style);
}

/** The layer under its bars; the whole name where there is no component line below. */
function siteName(
  drawing: Drawing,
  theme: FigureTheme,
  { site, title }: ChosenSite,
  several: boolean,
  { from, to, y }: { from: number; to: number; y: number },
): void {
  const layer = site.layer === null ? "" : String(site.layer);
  const names = several
    ? [layer === "" ? "" : `layer ${layer}`, layer]
    : [title, layer === "" ? "" : `layer ${layer}`, layer];
  const text = names.find((name) => name !== "" && textWidth(name, TICK) <= to - from + 6);
  if (text) drawing.text((from + to) / 2, y, text, { size: TICK, fill: theme.dim, anchor: "middle" });
}
