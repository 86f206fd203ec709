/** Figures along the edges of the map: received attention above the keys, entropy of every row on its right. */
import { nothing, svg, type SVGTemplateResult } from "lit";
import { probability } from "../../shared/format";
import type { RowQuery } from "../../shared/page";
import type { HeadProfile } from "../../shared/profile";
import type { MapWindow } from "../state";
import { edge, type MapLayout } from "./heatmap-layout";

/** Room that the margins take, px: bars, and what stands beside them. */
export const RECEIVED_ROOM = 36;
export const ENTROPY_ROOM = 46;
const RECEIVED_BAR = 26;
const ENTROPY_BAR = 28;
const GAP = 8;
/** A row whose sum is further from 1 is marked. */
const SUM_SLACK = 1e-3;

interface Side {
  /** Half-open range of visible cells, fractions allowed, and the length that shows it. */
  readonly start: number;
  readonly end: number;
  readonly length: number;
}

/** A bar of one cell, or of all cells that a pixel covers: their maximum. */
interface Bar {
  readonly from: number;
  readonly to: number;
  readonly value: number;
}

/** Bars of the visible cells: one each where they are 2 px and more, else one a pixel. NaN where there is none. */
export function marginBars(values: Float32Array, { start, end, length }: Side): Bar[] {
  const pitch = length / (end - start);
  const bars: Bar[] = [];
  if (pitch >= 2) {
    for (let index = Math.floor(start); index < Math.min(values.length, Math.ceil(end)); index++) {
      const from = Math.max(0, edge(index, start, end, length));
      const to = Math.min(length, edge(index + 1, start, end, length));
      bars.push({
        from,
        to: Math.max(from + 1, to - (pitch >= 4 ? 1 : 0)),
        value: values[index] ?? Number.NaN,
      });
    }
    return bars;
  }
  for (let pixel = 0; pixel < Math.floor(length); pixel++) {
    const first = Math.floor(start + pixel / pitch);
    const last = Math.max(first + 1, Math.floor(start + (pixel + 1) / pitch));
    let value = Number.NaN;
    for (let index = first; index < last; index++) {
      const one = values[index] ?? Number.NaN;
      if (!Number.isNaN(one) && !(one <= value)) value = one;
    }
    bars.push({ from: pixel, to: pixel + 1, value });
  }
  return bars;
}

function at(index: RowQuery | null, side: Side): { from: number; to: number } | null {
  // The rows of a mean are outlined in the map.
  if (typeof index !== "number" || index + 1 <= side.start || index >= side.end) return null;
  return {
    from: Math.max(0, edge(index, side.start, side.end, side.length)),
    to: Math.min(side.length, edge(index + 1, side.start, side.end, side.length)),
  };
}

/** Bars over the keys, with the largest value and 0 on the left. `depth` is that of the ruler below. */
export function receivedMargin(
  profile: HeadProfile,
  layout: MapLayout,
  window: MapWindow,
  depth: number,
  key: number | null,
): SVGTemplateResult {
  const values = new Float32Array(profile.received);
  const side = { start: window.keyStart, end: window.keyEnd, length: layout.width };
  const bars = marginBars(values, side);
  const most = bars.reduce((high, bar) => (bar.value > high ? bar.value : high), 0);
  const base = layout.top - depth - 4;
  const height = (value: number): number => (most > 0 ? (value / most) * RECEIVED_BAR : 0);
  const path = bars
    .filter((bar) => bar.value > 0)
    .map(
      (bar) =>
        `M${(layout.left + bar.from).toFixed(1)} ${base}v${(-height(bar.value)).toFixed(1)}h${(bar.to - bar.from).toFixed(1)}V${base}z`,
    )
    .join("");
  const own = at(key, side);
  const ownValue = key === null ? Number.NaN : (values[key] ?? Number.NaN);
  return svg`<g class="margin received">
    <path class="bars" d=${path}></path>
    ${
      own && ownValue > 0
        ? svg`<rect class="own" x=${layout.left + own.from} y=${base - height(ownValue)} width=${Math.max(1, own.to - own.from)} height=${height(ownValue)}></rect>`
        : nothing
    }
    <line class="axis" x1=${layout.left} x2=${layout.left + layout.width} y1=${base + 0.5} y2=${base + 0.5}></line>
    <text text-anchor="end" x=${layout.left - 4} y=${base - RECEIVED_BAR + 6}>${probability(most)}</text>
    <text text-anchor="end" x=${layout.left - 4} y=${base}>0</text>
    <text x=${layout.left + layout.width + GAP} y=${base - RECEIVED_BAR + 6}>received</text>
    <text x=${layout.left + layout.width + GAP} y=${base - RECEIVED_BAR + 17}>mean</text>
  </g>`;
}

/** Rows with mass whose probabilities do not sum to 1, or hold NaN. */
function isFlagged(sum: number, validKeys: number): boolean {
  return validKeys > 0 && !(Math.abs(sum - 1) <= SUM_SLACK);
}

/** Bars beside the rows from 0 to 1, a line at ½, `–` where a row is masked, a mark where it does not sum to 1. */
export function entropyMargin(
  profile: HeadProfile,
  layout: MapLayout,
  window: MapWindow,
  query: RowQuery | null,
): SVGTemplateResult {
  const values = new Float32Array(profile.normalisedEntropy);
  const sums = new Float32Array(profile.rowSum);
  const valid = new Uint32Array(profile.validKeys);
  const side = { start: window.queryStart, end: window.queryEnd, length: layout.height };
  const left = layout.left + layout.width + GAP;
  const width = (value: number): number => Math.min(1, Math.max(0, value)) * ENTROPY_BAR;
  const path = marginBars(values, side)
    .filter((bar) => bar.value > 0)
    .map(
      (bar) =>
        `M${left} ${(layout.top + bar.from).toFixed(1)}h${width(bar.value).toFixed(1)}v${(bar.to - bar.from).toFixed(1)}H${left}z`,
    )
    .join("");
  const own = at(query, side);
  const ownValue = typeof query === "number" ? (values[query] ?? Number.NaN) : Number.NaN;
  const pitch = layout.height / (window.queryEnd - window.queryStart);
  const marks: SVGTemplateResult[] = [];
  const last = Math.min(valid.length, Math.ceil(window.queryEnd));
  for (let index = Math.floor(window.queryStart); index < last; index++) {
    const y = layout.top + edge(index + 0.5, window.queryStart, window.queryEnd, layout.height);
    if (y < layout.top || y > layout.top + layout.height) continue;
    if (isFlagged(sums[index] ?? 1, valid[index] ?? 0)) {
      marks.push(
        svg`<path class="flagged" d=${`M${left + ENTROPY_BAR + 2} ${y + 3}l3.5 -6.5l3.5 6.5z`}><title>row ${index} sums to ${(sums[index] ?? 0).toFixed(3)}</title></path>`,
      );
    } else if (valid[index] === 0 && pitch >= 6) {
      marks.push(svg`<path class="masked" d=${`M${left} ${Math.round(y) + 0.5}h5`}></path>`);
    }
  }
  const half = left + ENTROPY_BAR / 2 + 0.5;
  return svg`<g class="margin entropy">
    <path class="bars" d=${path}></path>
    ${
      own && ownValue > 0
        ? svg`<rect class="own" x=${left} y=${layout.top + own.from} width=${width(ownValue)} height=${Math.max(1, own.to - own.from)}></rect>`
        : nothing
    }
    <line class="half" x1=${half} x2=${half} y1=${layout.top} y2=${layout.top + layout.height}></line>
    <text x=${left} y=${layout.top - 14}>entropy</text>
    <text x=${left} y=${layout.top - 4}>0</text>
    <text text-anchor="middle" x=${half} y=${layout.top - 4}>.5</text>
    <text text-anchor="end" x=${left + ENTROPY_BAR} y=${layout.top - 4}>1</text>
    ${marks}
  </g>`;
}
