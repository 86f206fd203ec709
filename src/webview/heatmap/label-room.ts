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
