/** Lists from which something in a view is chosen: a head, the metric, the colour map. */
import * as vscode from "vscode";
import type { Capture } from "../shared/capture";
import { type ColourMapName, colourMapNames } from "../shared/colour-maps";
import { AttentionError } from "../shared/errors";
import { type MetricName, metrics } from "../shared/figures";
import { headItems } from "./head-items";
import { readViewDefaults } from "./settings";
import type { View } from "./views";

/** The capture that a view shows. */
export function captureOf(view: View): Capture {
  const { state } = view.document;
  if (state.status === "ready") return state.capture;
  if (state.status === "restricted") throw new AttentionError("untrusted");
  throw new AttentionError("stale", `${state.name} shows no capture now.`);
}

const mark = (chosen: boolean): string => (chosen ? "$(check) " : "");

export async function goToHead(view: View): Promise<void> {
  const capture = captureOf(view);
  const { selection } = view;
  const metric = selection?.metric ?? readViewDefaults().metric;
  const items = headItems(capture, metric, selection?.batch ?? 0).map((item) => ({
    ...item,
    label: `${mark(item.site === selection?.site && item.head === selection.head)}${item.label}`,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: `Go to Head of ${view.document.name}`,
    placeHolder: `${items.length} heads; type a layer, a head or a figure`,
    matchOnDescription: true,
  });
  if (chosen) view.apply({ site: chosen.site, head: chosen.head });
}

export async function changeMetric(view: View): Promise<void> {
  captureOf(view);
  const now = view.selection?.metric ?? readViewDefaults().metric;
  const items = (Object.keys(metrics) as MetricName[]).map((metric) => ({
    metric,
    label: `${mark(metric === now)}${metrics[metric].label}`,
    description: metrics[metric].from,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: "Metric of the Heads",
    placeHolder: "What the overview and the bars show",
    matchOnDescription: true,
  });
  if (chosen) view.apply({ metric: chosen.metric });
}

const colourMapWords: Record<ColourMapName, string> = {
  magma: "black, purple, orange, cream",
  viridis: "violet, green, yellow",
  inferno: "black, red, yellow",
  plasma: "blue, pink, yellow",
  cividis: "blue, grey, yellow: the same for all colour vision",
  hot: "black, red, yellow, white",
  greys: "black to white",
  RdBu: "blue, the ground, red: diverging about the middle of the range",
};

/** Shows each map in the view while the list moves over it. */
export async function changeColourMap(view: View): Promise<void> {
  captureOf(view);
  const now = view.selection?.colourMap ?? readViewDefaults().colourMap;
  const items = colourMapNames.map((colourMap) => ({
    colourMap,
    label: `${mark(colourMap === now)}${colourMap}`,
    description: colourMapWords[colourMap],
  }));
  let shown: ColourMapName = now;
  const show = (colourMap: ColourMapName): void => {
    if (colourMap === shown) return;
    shown = colourMap;
    view.apply({ colourMap });
  };
  const chosen = await vscode.window.showQuickPick(items, {
    title: "Colour Map",
    placeHolder: "Colours of probabilities, from low to high",
    onDidSelectItem: (item) => {
      if (typeof item === "object" && "colourMap" in item) show(item.colourMap as ColourMapName);
    },
  });
  show(chosen?.colourMap ?? now);
}
