/** Axes of a map: segment bands with names, token labels or indices, the axes' own names, boundaries. */
import type { SegmentRole, TokenAxis } from "../capture";
import { tokenLabel } from "../format";
import { ruler, type Ruler } from "../rulers";
import { BODY, type FigureTheme, TICK } from "./figure-theme";
import type { Drawing } from "./scene";
import { fitText, textWidth } from "./text-width";

export interface MapPlace {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const BAND = 3;
const GAP = 3;
const SEGMENT_NAME = 11;
const AXIS_NAME = 15;
/** More boundaries than these are no landmarks. */
const MOST_BOUNDARIES = 14;
/** Between indices that are not of every token, px. */
const TICK_DISTANCE = 30;
/** Pitch of tokens from which they carry names. */
const NAMED_FROM = 7;

export interface AxisRoom {
  readonly ruler: Ruler;
  readonly named: boolean;
  readonly hasSegments: boolean;
  /** Whether a segment has a name on its band. */
  readonly segmentNames: boolean;
  /** Depth of the labels alone, and of all. */
  readonly labels: number;
  readonly depth: number;
}

/**
 * The ruler of an axis over `length`. `across` tells that labels are written along the axis (indices over columns).
 * `names` asks for segment names and the axis' own name beside the tokens.
 */
export function axisRoom(
  axis: TokenAxis,
  length: number,
  options: { across: boolean; names: boolean },
): AxisRoom {
  const count = axis.labels.length;
  const made = withTicks(ruler(axis, 0, count, length), count, length);
  const named = length / count >= NAMED_FROM;
  const hasSegments = axis.from !== "index" && axis.segments.length > 0;
  const widest = made.labels.reduce((most, label) => Math.max(most, textWidth(label.text, TICK)), 0);
  // Names of columns are turned, their indices are not.
  const labels = made.labels.length === 0 ? 0 : options.across && !named ? TICK : Math.ceil(widest);
  const segmentNames =
    options.names &&
    hasSegments &&
    made.segments.some((part) => textWidth(visibleName(part.name), TICK) <= part.to - part.from - 2);
  const depth =
    (options.names ? AXIS_NAME : 0) +
    (segmentNames ? SEGMENT_NAME : 0) +
    (hasSegments ? BAND + GAP : 0) +
    (labels > 0 ? labels + GAP : 0);
  return { ruler: made, named, hasSegments, segmentNames, labels, depth };
}

/** Where tokens are too close for labels, a few indices at round numbers: a figure has no pointer to ask. */
function withTicks(made: Ruler, count: number, length: number): Ruler {
  if (made.labels.length > 0 || count === 0) return made;
  const least = (TICK_DISTANCE / length) * count;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((value) => value >= least) ?? count;
  const labels = Array.from({ length: Math.ceil(count / step) }, (_, at) => ({
    index: at * step,
    at: ((at * step + 0.5) / count) * length,
    text: String(at * step),
  }));
  // One index alone tells nothing.
  return labels.length > 1 ? { ...made, labels } : made;
}

function visibleName(name: string): string {
  return tokenLabel(name, 24);
}

/** The ruler of the queries, left of the map. */
export function queryRuler(
  drawing: Drawing,
  theme: FigureTheme,
  place: MapPlace,
  room: AxisRoom,
  name: string,
): void {
  const middle = place.top + place.height / 2;
  let x = place.left - GAP;
  for (const label of room.ruler.labels)
    drawing.text(x, place.top + label.at + TICK * 0.36, label.text, {
      size: TICK,
      fill: theme.dim,
      anchor: "end",
    });
  if (room.labels > 0) x -= room.labels + GAP;
  if (room.hasSegments) {
    x -= BAND;
    for (const part of room.ruler.segments) {
      drawing.rect(x, place.top + part.from, BAND, part.to - part.from, { fill: theme.segments[part.role] });
      const text = visibleName(part.name);
      if (room.segmentNames && textWidth(text, TICK) <= part.to - part.from - 2)
        drawing.text(x - GAP, place.top + (part.from + part.to) / 2, text, {
          size: TICK,
          fill: theme.text,
          anchor: "middle",
          turned: true,
        });
    }
    x -= GAP + (room.segmentNames ? SEGMENT_NAME - GAP : 0);
  }
  if (name)
    drawing.text(x - 4, middle, name, { size: BODY, fill: theme.text, anchor: "middle", turned: true });
}

/** The ruler of the keys, above or below the map. */
export function keyRuler(
  drawing: Drawing,
  theme: FigureTheme,
  place: MapPlace,
  room: AxisRoom,
  name: string,
  side: "top" | "bottom",
): void {
  const edge = side === "top" ? place.top : place.top + place.height;
  const away = side === "top" ? -1 : 1;
  let y = edge + away * GAP;
  const band = () => {
    for (const part of room.ruler.segments)
      drawing.rect(place.left + part.from, side === "top" ? y - BAND : y, part.to - part.from, BAND, {
        fill: theme.segments[part.role],
      });
  };
  for (const label of room.ruler.labels) {
    const x = place.left + label.at;
    if (room.named)
      drawing.text(x + TICK * 0.36, y, label.text, {
        size: TICK,
        fill: theme.dim,
        anchor: side === "top" ? "start" : "end",
        turned: true,
      });
    else
      drawing.text(x, side === "top" ? y : y + TICK * 0.75, label.text, {
        size: TICK,
        fill: theme.dim,
        anchor: "middle",
      });
  }
  if (room.labels > 0) y += away * (room.labels + GAP);
  if (room.hasSegments) {
    band();
    y += away * (BAND + GAP);
    for (const part of room.ruler.segments) {
      const text = visibleName(part.name);
      if (room.segmentNames && textWidth(text, TICK) <= part.to - part.from - 2)
        drawing.text(place.left + (part.from + part.to) / 2, side === "top" ? y : y + TICK * 0.75, text, {
          size: TICK,
          fill: theme.text,
          anchor: "middle",
        });
    }
    if (room.segmentNames) y += away * (SEGMENT_NAME - GAP);
  }
  if (name)
    drawing.text(place.left + place.width / 2, side === "top" ? y - 2 : y + BODY * 0.8, name, {
      size: BODY,
      fill: theme.text,
      anchor: "middle",
    });
}

/** Lines where a segment begins, when there are few. */
export function boundaries(
  drawing: Drawing,
  theme: FigureTheme,
  place: MapPlace,
  query: AxisRoom,
  key: AxisRoom,
): void {
  const starts = ({ ruler: { segments }, hasSegments }: AxisRoom) =>
    hasSegments && segments.length <= MOST_BOUNDARIES ? segments.filter((part) => part.begins) : [];
  for (const { from } of starts(query))
    drawing.line(place.left, place.top + from, place.left + place.width, place.top + from, {
      stroke: theme.line,
      strokeWidth: 0.4,
    });
  for (const { from } of starts(key))
    drawing.line(place.left + from, place.top, place.left + from, place.top + place.height, {
      stroke: theme.line,
      strokeWidth: 0.4,
    });
}

/** Names of the segments beside their colours, each once; the height it took. */
export function segmentLegend(
  drawing: Drawing,
  theme: FigureTheme,
  axes: readonly TokenAxis[],
  x: number,
  y: number,
  width: number,
): number {
  const seen = new Map<string, SegmentRole>();
  for (const axis of axes)
    if (axis.from !== "index") for (const { name, role } of axis.segments) seen.set(visibleName(name), role);
  if (seen.size === 0) return 0;
  let at = x;
  let line = 0;
  for (const [name, role] of seen) {
    const text = fitText(name, width - 12, TICK);
    const needed = 10 + textWidth(text, TICK) + 10;
    if (at > x && at + needed > x + width) {
      at = x;
      line += 1;
    }
    drawing.rect(at, y + line * 11 + 1, 7, 7, { fill: theme.segments[role] });
    drawing.text(at + 10, y + line * 11 + 7.5, text, { size: TICK, fill: theme.dim });
    at += needed;
  }
  return (line + 1) * 11;
}
