/** The map in its stage: the canvas, rulers, margins, printed values, outlines, and the minimap. */
import { html, nothing, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import type { CapturedSite, TokenAxis } from "../../shared/capture";
import type { Page } from "../../shared/page";
import type { HeadProfile } from "../../shared/profile";
import { ruler } from "../../shared/rulers";
import { mapColours } from "../cell-kinds";
import { activeKey, activeRow } from "../selectors";
import { pinnedMeanWords } from "../row-words";
import type { Session } from "../session";
import type { MapWindow } from "../state";
import { styles } from "../styles-directive";
import type { Theme } from "../theme";
import type { Box } from "./heatmap-gestures";
import type { MapLayout } from "./heatmap-layout";
import { boundaries, boxOutline, leftRuler, outlines, topRuler, values } from "./heatmap-overlay";
import { mapSentence } from "./heatmap-words";
import { entropyMargin, receivedMargin } from "./margins";
import { emptiestCorner, needsMinimap } from "./minimap-element";
import type { NamedRange } from "./range";

/** The last page, profile and range that belong together; kept until those of the next head are there. */
export interface Shown {
  readonly page: Page;
  readonly profile: HeadProfile;
  readonly range: NamedRange;
  readonly queries: number;
  readonly keys: number;
}

export interface PictureOptions {
  readonly session: Session;
  readonly site: CapturedSite;
  readonly axes: { readonly query: TokenAxis; readonly key: TokenAxis };
  readonly title: string;
  readonly theme: Theme;
  readonly layout: MapLayout;
  readonly window: MapWindow;
  /** Depth of the rulers, px. */
  readonly depths: { readonly left: number; readonly top: number };
  readonly shown: Shown | null;
  readonly margins: boolean;
  /** The box that is being drawn. */
  readonly box: Box | null;
  readonly canvas: HTMLCanvasElement;
}

export function mapPicture(options: PictureOptions): TemplateResult {
  const { session, site, axes, title, layout, window, shown, canvas } = options;
  const { state } = session.store;
  const px = (length: number): string => `${length}px`;
  return html`<div
      class="map ${state.view.window ? "zoomed" : ""}"
      style=${styles({ left: px(layout.left), top: px(layout.top), width: px(layout.width), height: px(layout.height) })}
    >
      <div
        class="picture"
        role="img"
        aria-label=${mapSentence(title, site, state.selection.head, axes, shown?.page ?? null, pinnedMeanWords(state))}
      >
        ${canvas}
      </div>
      ${
        shown && needsMinimap(state.view.window, site)
          ? html`<attention-minimap
              corner=${emptiestCorner(shown.page, window)}
              .session=${session}
            ></attention-minimap>`
          : nothing
      }
    </div>
    ${overlay(options)}`;
}

function overlay(options: PictureOptions): TemplateResult {
  const { session, axes, theme, layout, window, depths, shown, margins, box } = options;
  const { state } = session.store;
  const query = activeRow(state);
  const key = activeKey(state);
  const rows = ruler(axes.query, window.queryStart, window.queryEnd, layout.height);
  const columns = ruler(axes.key, window.keyStart, window.keyEnd, layout.width);
  return html`<svg class="overlay" aria-hidden="true">
    ${boundaries(layout, rows, columns)}
    ${guard([layout, window, shown, state.view, theme], () =>
      shown
        ? values(layout, window, shown.page, {
            theme,
            table: mapColours(shown.page.what, state.view.colourMap, theme.light),
            end: shown.range.end,
            scale: state.view.scale,
          })
        : nothing,
    )}
    ${leftRuler(layout, rows, depths.left, theme, query)} ${topRuler(layout, columns, depths.top, theme, key)}
    ${
      shown && margins
        ? [
            receivedMargin(shown.profile, layout, window, depths.top, key),
            entropyMargin(shown.profile, layout, window, query),
          ]
        : nothing
    }
    ${outlines(layout, window, { query, key })} ${box ? boxOutline(layout, box) : nothing}
  </svg>`;
}
