/** From the visible rows and the thumbnails that arrived to what the renderer is told. */
import type { Capture } from "../../shared/capture";
import { colourTable } from "../../shared/colour-maps";
import type { Thumbnails } from "../../shared/page";
import { DrawingSurface } from "../drawing-surface";
import type { ElementSize } from "../element-size";
import { framePaint } from "../frame-paint";
import type { ViewOptions } from "../state";
import type { Theme } from "../theme";
import type { OverviewLayout, OverviewRow } from "./overview-layout";
import { createThumbnailCanvas } from "./thumbnail-canvas";
import { createThumbnailGl } from "./thumbnail-gl";
import type { ThumbnailBox, ThumbnailFrame } from "./thumbnail-renderer";

/** The canvas of all thumbnails. `replaced` is called when another takes the place of a lost one. */
export function thumbnailSurface(replaced: () => void): DrawingSurface<ThumbnailFrame> {
  return new DrawingSurface({ webgl: createThumbnailGl, canvas: createThumbnailCanvas }, replaced);
}

export function overviewFrame(options: {
  capture: Capture;
  layout: OverviewLayout;
  rows: readonly OverviewRow[];
  thumbnails: ReadonlyMap<string, Thumbnails>;
  view: Pick<ViewOptions, "colourMap" | "scale">;
  size: ElementSize;
  /** Distance from the first row's upper edge to the picture's, CSS px. */
  scrolled: number;
  theme: Theme;
}): ThumbnailFrame {
  const { capture, layout, rows, thumbnails, view, size, scrolled, theme } = options;
  const { ratio } = size;
  const px = (length: number): number => Math.round(length * ratio);
  const boxes = rows.flatMap((row) =>
    row.boxes.flatMap(({ head, x }): ThumbnailBox[] => {
      const own = thumbnails.get(capture.sites[head.site]?.handle ?? "");
      if (!own || head.head >= own.heads) return [];
      const y = row.top - scrolled;
      const width = px(x + layout.thumbnail.width) - px(x);
      const height = px(y + layout.thumbnail.height) - px(y);
      return [{ thumbnails: own, head: head.head, x: px(x), y: px(y), width, height }];
    }),
  );
  return {
    ...framePaint(theme, ratio),
    ...{ width: px(size.width), height: px(size.height), boxes },
    table: colourTable(view.colourMap, theme.light),
    scale: view.scale,
  };
}
