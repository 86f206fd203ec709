/**
 * Where every head lies in the Overview: rows of thumbnails over metric cells under component headers, or one row
 * per head when sorted. Pure arithmetic, CSS px; only rows that are visible are drawn.
 */
import type { HeadList, ListedHead } from "./overview-data";

export type OverviewForm = "thumbnails" | "strip";

export interface HeadBox {
  readonly head: ListedHead;
  readonly x: number;
}

export interface OverviewRow {
  readonly kind: "title" | "heads" | "single";
  readonly top: number;
  readonly height: number;
  /** Title and shape of a component. */
  readonly title: string;
  readonly detail: string;
  /** Layer written on the left; "" for none. */
  readonly layer: string;
  readonly boxes: readonly HeadBox[];
}

export interface OverviewLayout {
  readonly rows: readonly OverviewRow[];
  readonly height: number;
  /** Size of a thumbnail; 0 × 0 in the strip, which has metric cells alone. */
  readonly thumbnail: { readonly width: number; readonly height: number };
  /** Height of a metric cell. */
  readonly cell: number;
  /** Whether a cell has room for its figure. */
  readonly figures: "full" | "dense" | "none";
}

const TITLE = 19;
/** Thumbnails of four heads in a pane of 236 px. */
const WIDEST = 49;
const NARROWEST = 16;
/** Height of a thumbnail over its width. */
const PROPORTION = 0.82;
const FIGURE_FROM = 28;
const DENSE_FROM = 20;
const LAYER_ROOM = 14;
/** Height of a row of the sorted list, and the width of its picture. */
export const SINGLE = 24;
export const SINGLE_PICTURE = 22;

export function overviewLayout(
  list: HeadList,
  options: { width: number; height: number; form: OverviewForm; sorted: boolean },
): OverviewLayout {
  const { width, height, form, sorted } = options;
  if (sorted && form === "thumbnails") return sortedLayout(list);
  const hasLayers = form === "thumbnails" && list.groups.some((group) => group.sites.length > 1);
  const left = hasLayers ? LAYER_ROOM : 0;
  const room = Math.max(NARROWEST, width - left);
  const groups = sorted
    ? [{ title: "", shape: "", sites: [{ layer: null, heads: list.flat }] }]
    : list.groups;
  const most = groups.reduce(
    (many, group) => group.sites.reduce((more, site) => Math.max(more, site.heads.length), many),
    1,
  );
  const gap = form === "thumbnails" && room / most - 3 >= FIGURE_FROM ? 3 : 1;
  const across = Math.max(1, Math.min(most, Math.floor((room + gap) / (NARROWEST + gap))));
  const cellWidth = Math.min(WIDEST, Math.floor((room - gap * (across - 1)) / across));
  const figures = cellWidth >= FIGURE_FROM ? "full" : cellWidth >= DENSE_FROM ? "dense" : "none";
  const cell = figures === "none" ? (form === "strip" ? 12 : 5) : 14;
  const lines = groups.reduce(
    (sum, group) => group.sites.reduce((more, site) => more + Math.ceil(site.heads.length / across), sum),
    0,
  );
  const titles = sorted ? 0 : groups.length;
  const tallest = Math.max(NARROWEST, Math.floor(cellWidth * PROPORTION));
  const fitting = Math.floor((height - titles * TITLE) / Math.max(1, lines)) - cell - gap;
  const thumbnail =
    form === "strip"
      ? { width: cellWidth, height: 0 }
      : { width: cellWidth, height: Math.min(tallest, Math.max(NARROWEST, fitting)) };
  const rowHeight = thumbnail.height + cell;
  const rows: OverviewRow[] = [];
  let top = 0;
  for (const group of groups) {
    if (!sorted) {
      rows.push({
        ...{ kind: "title", top, height: TITLE },
        ...{ title: group.title, detail: form === "strip" ? "" : group.shape, layer: "", boxes: [] },
      });
      top += TITLE;
    }
    for (const site of group.sites) {
      for (let start = 0; start < site.heads.length; start += across) {
        const boxes = site.heads
          .slice(start, start + across)
          .map((head, place) => ({ head, x: left + place * (cellWidth + gap) }));
        const layer = start === 0 && hasLayers ? (site.layer ?? "") : "";
        rows.push({ kind: "heads", top, height: rowHeight, title: "", detail: "", layer, boxes });
        top += rowHeight + gap;
      }
    }
  }
  return { rows, height: top, thumbnail, cell, figures };
}

function sortedLayout(list: HeadList): OverviewLayout {
  const rows = list.flat.map((head, index): OverviewRow => ({
    ...{ kind: "single", top: index * SINGLE, height: SINGLE, title: "", detail: "", layer: "" },
    boxes: [{ head, x: 0 }],
  }));
  return {
    rows,
    height: rows.length * SINGLE,
    thumbnail: { width: SINGLE_PICTURE, height: SINGLE - 2 },
    cell: 0,
    figures: "full",
  };
}

/** Rows that lie within a stretch of the scrolled height. */
export function visibleRows(layout: OverviewLayout, from: number, to: number): OverviewRow[] {
  return layout.rows.filter((row) => row.top + row.height > from && row.top < to);
}

/** The head that an arrow key leads to; null where it leads nowhere. */
export function neighbour(
  layout: OverviewLayout,
  from: { site: number; head: number } | null,
  key: string,
): ListedHead | null {
  const rows = layout.rows.filter((row) => row.boxes.length > 0);
  const is = (box: HeadBox): boolean => box.head.site === from?.site && box.head.head === from.head;
  const row = rows.findIndex((one) => one.boxes.some(is));
  const boxes = rows[row]?.boxes;
  if (!boxes) return rows[0]?.boxes[0]?.head ?? null;
  const column = boxes.findIndex(is);
  const flat = rows.flatMap((one) => one.boxes);
  const place = flat.findIndex(is);
  const beside = (step: number): ListedHead | null => {
    const target = rows[Math.min(rows.length - 1, Math.max(0, row + step))]?.boxes;
    return target?.[Math.min(column, target.length - 1)]?.head ?? null;
  };
  switch (key) {
    case "ArrowLeft":
      return flat[place - 1]?.head ?? null;
    case "ArrowRight":
      return flat[place + 1]?.head ?? null;
    case "ArrowUp":
      return row > 0 ? beside(-1) : null;
    case "ArrowDown":
      return row < rows.length - 1 ? beside(1) : null;
    case "PageUp":
      return beside(-8);
    case "PageDown":
      return beside(8);
    case "Home":
      return flat[0]?.head ?? null;
    case "End":
      return flat.at(-1)?.head ?? null;
    default:
      return null;
  }
}
