/** Measures text, so that rulers get the room that their labels need. */
import type { TokenAxis } from "../../shared/capture";
import { tokenLabel } from "../../shared/format";

let measuring: OffscreenCanvasRenderingContext2D | null = null;

/** Width of a text in px. */
export function textWidth(text: string, font: string): number {
  measuring ??= new OffscreenCanvas(1, 1).getContext("2d");
  if (!measuring) return text.length * 6;
  measuring.font = font;
  return measuring.measureText(text).width;
}

/** Size of a cell from which rulers write names, px (`mock/DESIGN.md`); below they write numbers. */
export const NAMES_FROM = 7;

/** Room that the numbers of an axis need, px. */
export function indexRoom(axis: TokenAxis, font: string): number {
  return Math.ceil(textWidth(String(axis.labels.length), font));
}

/** Labels measured at most: the longest by characters stand for all. */
const MEASURED = 24;

/** Room that the token labels of an axis need, px. */
export function labelRoom(axis: TokenAxis, font: string): number {
  const longest = axis.labels
    .map((label) => tokenLabel(label))
    .sort((one, other) => other.length - one.length)
    .slice(0, MEASURED);
  return Math.ceil(longest.reduce((room, label) => Math.max(room, textWidth(label, font)), 0));
}

const rooms = new WeakMap<TokenAxis, number>();

/** The same, measured once for an axis: its labels stay. */
export function knownLabelRoom(axis: TokenAxis, font: string): number {
  const room = rooms.get(axis) ?? labelRoom(axis, font);
  rooms.set(axis, room);
  return room;
}
