/** Two-level rulers: segments (a band and a name), then tokens. Rules of `mock/DESIGN.md`, "Rulers". */
import type { SegmentRole, TokenAxis } from "./capture";
import { tokenLabel } from "./format";

export interface RulerLabel {
  readonly index: number;
  /** Middle of the token along the side, px from the map's corner. */
  readonly at: number;
  readonly text: string;
}

export interface RulerSegment {
  readonly name: string;
  readonly role: SegmentRole;
  /** Visible part along the side, px from the map's corner. */
  readonly from: number;
  readonly to: number;
  /** Whether its first token is visible, so that its boundary is drawn. */
  readonly begins: boolean;
}

export interface Ruler {
  readonly labels: readonly RulerLabel[];
  readonly segments: readonly RulerSegment[];
}

/** Runs of tokens with one segment, as half-open ranges in order. */
export function segmentRuns(axis: TokenAxis): { segment: number; start: number; end: number }[] {
  const runs: { segment: number; start: number; end: number }[] = [];
  axis.segmentOf.forEach((segment, index) => {
    const last = runs.at(-1);
    if (last && last.segment === segment) last.end = index + 1;
    else runs.push({ segment, start: index, end: index + 1 });
  });
  return runs;
}

/** Which tokens get a label at a pitch, and whether as names or as indices. */
function labelStep(pitch: number): { every: number; names: boolean } | null {
  if (pitch >= 9) return { every: 1, names: true };
  if (pitch >= 7) return { every: 2, names: true };
  if (pitch >= 3) return { every: pitch >= 5 ? 5 : 10, names: false };
  return null;
}

/** Labels and bands of one side: tokens from `start` to `end` (fractions allowed) over `length` px. */
export function ruler(axis: TokenAxis, start: number, end: number, length: number): Ruler {
  const pitch = length / (end - start);
  const at = (index: number): number => (index - start) * pitch;
  const step = labelStep(pitch);
  const labels: RulerLabel[] = [];
  if (step) {
    const first = Math.ceil(Math.max(0, start - 0.5) / step.every) * step.every;
    for (let index = first; index < Math.min(axis.labels.length, end); index += step.every) {
      const middle = at(index + 0.5);
      if (middle < 0 || middle > length) continue;
      labels.push({
        index,
        at: middle,
        text: step.names ? tokenLabel(axis.labels[index] ?? "") : String(index),
      });
    }
  }
  const segments: RulerSegment[] = [];
  for (const run of segmentRuns(axis)) {
    const segment = axis.segments[run.segment];
    if (!segment || run.end <= start || run.start >= end) continue;
    segments.push({
      name: segment.name,
      role: segment.role,
      from: Math.max(0, at(run.start)),
      to: Math.min(length, at(run.end)),
      begins: run.start > start,
    });
  }
  return { labels, segments };
}
