/** The track of a slider over steps, filled where the captures are there. */
import type { AxisOfRuns } from "../../shared/input-choice";
import { countIndices, type IndexRanges } from "../../shared/index-ranges";
import { progressWords } from "./progress";

/** Of a track of 72 px more parts than this could not be told apart. */
const MOST_PARTS = 64;
const EMPTY = "color-mix(in srgb, var(--vscode-foreground) 35%, transparent)";
const FULL = "var(--vscode-progressBar-background)";

/** A gradient for `--slider-track`: a place fills the room around its stop, as far as half way to its neighbours. */
export function trackOf(captured: IndexRanges, total: number): string {
  if (total < 2 || captured.length === 0) return EMPTY;
  const stop = (at: number): string =>
    `${(Math.min(1, Math.max(0, (at - 0.5) / (total - 1))) * 100).toFixed(2)}%`;
  const parts = fewer(captured).flatMap(([from, to]) => [
    `${EMPTY} ${stop(from)}`,
    `${FULL} ${stop(from)}`,
    `${FULL} ${stop(to)}`,
    `${EMPTY} ${stop(to)}`,
  ]);
  return `linear-gradient(to right, ${parts.join(", ")})`;
}

/** The widest of the ranges, in order. */
function fewer(captured: IndexRanges): IndexRanges {
  if (captured.length <= MOST_PARTS) return captured;
  return [...captured]
    .sort(([a, b], [c, d]) => d - c - (b - a))
    .slice(0, MOST_PARTS)
    .sort(([a], [b]) => a - b);
}

/** "12 of 40 steps captured". */
export function capturedWords({ name, count: total }: AxisOfRuns, captured: IndexRanges): string {
  return progressWords({ name, done: countIndices(captured), total });
}
