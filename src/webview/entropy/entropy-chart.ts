/**
 * The bars in ECharts. This module and ECharts with it load when the first chart is drawn.
 * One category per bar and an empty one between groups; the groups' names are drawn under their bars.
 */
import { BarChart, type BarSeriesOption, CustomChart, type CustomSeriesOption } from "echarts/charts";
import {
  GridComponent,
  type GridComponentOption,
  MarkLineComponent,
  TooltipComponent,
  type TooltipComponentOption,
} from "echarts/components";
import { type ComposeOption, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { figure } from "../../shared/format";
import { cssColour } from "../../shared/colour-maps";
import type { Theme } from "../theme";
import { textWidth } from "../heatmap/label-room";
import { type BarAxis, barWords, type EntropyBar, type EntropyGroup, shareAxis } from "./entropy-data";

use([BarChart, CustomChart, GridComponent, MarkLineComponent, TooltipComponent, CanvasRenderer]);

type Option = ComposeOption<
  BarSeriesOption | CustomSeriesOption | GridComponentOption | TooltipComponentOption
>;

const GRID = { left: 36, right: 32, top: 10, bottom: 40 };
/** Few heads do not fill the pane with a few wide bars, px. */
const WIDEST_PITCH = 64;
/** A head's number needs this much, px. */
const NUMBER_ROOM = 12;

interface Slot {
  readonly bar: EntropyBar;
  readonly title: string;
}

/** Bars with an empty slot after each group but the last. */
export function slotsOf(groups: readonly EntropyGroup[]): (Slot | null)[] {
  return groups.flatMap((group, index) => [
    ...group.bars.map((bar) => ({ bar, title: group.title })),
    ...(index < groups.length - 1 ? [null] : []),
  ]);
}

export interface EntropyDrawing {
  readonly groups: readonly EntropyGroup[];
  readonly selected: { readonly site: number; readonly head: number | null };
  readonly theme: Theme;
  /** Width of the chart, px. */
  readonly width: number;
  /** 0 to 1 where none is given. */
  readonly axis?: BarAxis;
  /** What a bar's tooltip says; of a head's normalised entropy where none is given. */
  readonly words?: (title: string, bar: EntropyBar) => string;
}

/** The chart as ECharts wants it: pure, so that tests can read it. */
export function entropyOption(drawing: EntropyDrawing): Option {
  const { groups, selected, theme, width, axis = shareAxis, words = barWords } = drawing;
  const slots = slotsOf(groups);
  const room = width - GRID.left - GRID.right;
  const pitch = Math.min(WIDEST_PITCH, room / Math.max(1, slots.length));
  const text = { fontFamily: theme.fontFamily, fontSize: 10, color: cssColour(theme.description) };
  const isSelected = (bar: EntropyBar): boolean => selects(selected, bar);
  const spans: { title: string; first: number; last: number; site: number }[] = [];
  slots.forEach((slot, index) => {
    const last = spans.at(-1);
    if (!slot) return;
    if (last && slots[index - 1]) last.last = index;
    else spans.push({ title: slot.title, first: index, last: index, site: slot.bar.site });
  });
  return {
    animation: false,
    textStyle: text,
    grid: { ...GRID, right: GRID.right + room - pitch * slots.length },
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      axisPointer: { type: "shadow", shadowStyle: { color: cssColour(theme.foreground), opacity: 0.06 } },
      backgroundColor: cssColour(theme.hover),
      borderColor: cssColour(theme.hoverBorder),
      borderWidth: 1,
      padding: [4, 8],
      textStyle: { ...text, fontSize: 11, color: cssColour(theme.foreground) },
      formatter: (params) => {
        const slot = slots[(Array.isArray(params) ? params[0] : params)?.dataIndex ?? -1];
        return slot ? words(slot.title, slot.bar) : "";
      },
    },
    xAxis: {
      type: "category",
      data: slots.map((slot) => slot?.bar.label ?? ""),
      axisTick: { show: false },
      axisLine: { show: true, lineStyle: { color: cssColour(theme.grid) } },
      axisLabel: { ...text, fontSize: 9, margin: 5, interval: 0, show: pitch >= NUMBER_ROOM },
    },
    yAxis: {
      type: "value",
      min: axis.low,
      max: axis.high,
      interval: axis.interval,
      axisLabel: {
        ...text,
        showMaxLabel: axis.reference === null && axis.high !== shareAxis.high,
        formatter: (value: number) => String(Number(value.toPrecision(6))),
      },
      splitLine: { showMaxLine: false, lineStyle: { color: cssColour(theme.grid) } },
    },
    series: [
      {
        type: "bar",
        barCategoryGap: pitch < 6 ? "0%" : "8%",
        cursor: "pointer",
        data: slots.map((slot) =>
          slot
            ? {
                value: slot.bar.value ?? "-",
                itemStyle: { color: cssColour(isSelected(slot.bar) ? theme.selected : theme.bar) },
              }
            : { value: "-" },
        ),
        ...(axis.reference === null
          ? {}
          : {
              markLine: {
                silent: true,
                symbol: "none",
                lineStyle: { color: cssColour(theme.reference), type: "dashed", width: 1 },
                label: { ...text, formatter: String(axis.reference), position: "end", distance: 6 },
                data: [{ yAxis: axis.reference }],
              },
            }),
      },
      whiskers(slots, selected, theme, text),
      siteNames(spans, selected.site, theme, text),
    ],
  };
}

/** Whether a bar is the selected head, or the selected head's layer. */
function selects(selected: EntropyDrawing["selected"], bar: EntropyBar): boolean {
  return bar.site === selected.site && (bar.head === null || bar.head === selected.head);
}

/** A line from low to high on every bar, the figure over the selected one, and `—` where there is none. */
function whiskers(
  slots: readonly (Slot | null)[],
  selected: EntropyDrawing["selected"],
  theme: Theme,
  text: { fontFamily: string; fontSize: number },
): CustomSeriesOption {
  return {
    type: "custom",
    silent: true,
    tooltip: { show: false },
    data: slots.map((_, index) => index),
    renderItem: (params, api) => {
      const slot = slots[params.dataIndex];
      if (!slot) return { type: "group", children: [] };
      const { bar } = slot;
      const isSelected = selects(selected, bar);
      const at = (value: number): number[] => api.coord([params.dataIndex, value]);
      const [x = 0, base = 0] = at(0);
      const caption = (words: string, y: number, fill: string, across = x) => ({
        type: "text" as const,
        style: {
          text: words,
          x: across,
          y,
          fill,
          align: "center" as const,
          verticalAlign: "bottom" as const,
          ...text,
        },
      });
      if (bar.value === null) {
        return { type: "group", children: [caption("—", base - 2, cssColour(theme.description))] };
      }
      const top = Math.min(at(bar.high ?? bar.value)[1] ?? base, at(bar.value)[1] ?? base);
      const line =
        bar.low === null || bar.high === null
          ? []
          : [
              {
                type: "line" as const,
                shape: { x1: x, x2: x, y1: at(bar.low)[1] ?? base, y2: at(bar.high)[1] ?? base },
                style: { stroke: cssColour(theme.description), lineWidth: 1 },
              },
            ];
      // Over the first bar the figure would lie on the axis.
      const labelAt = Math.max(x, GRID.left + 12);
      const label = isSelected
        ? [caption(figure(bar.value), Math.max(11, top - 1), cssColour(theme.foreground), labelAt)]
        : [];
      return { type: "group", children: [...line, ...label] };
    },
  };
}

/** The sites' names under their bars, with a line that spans them; a name that does not fit is cut or left out. */
function siteNames(
  spans: readonly { title: string; first: number; last: number; site: number }[],
  selected: number,
  theme: Theme,
  text: { fontFamily: string; fontSize: number },
): CustomSeriesOption {
  return {
    type: "custom",
    silent: true,
    clip: false,
    tooltip: { show: false },
    data: spans.map((span) => span.first),
    renderItem: (params, api) => {
      const span = spans[params.dataIndex];
      if (!span) return { type: "group", children: [] };
      const pitch = Number((api.size?.([1, 0]) as number[] | undefined)?.[0] ?? 0);
      const [first = 0, base = 0] = api.coord([span.first, 0]);
      const [last = 0] = api.coord([span.last, 0]);
      const from = first - pitch / 2;
      const room = last + pitch / 2 - from + pitch * 0.8;
      const isSelected = span.site === selected;
      return {
        type: "group",
        children: [
          {
            type: "line",
            shape: { x1: from + 1, x2: last + pitch / 2 - 1, y1: base + 18, y2: base + 18 },
            style: { stroke: cssColour(isSelected ? theme.selected : theme.grid), lineWidth: 1 },
          },
          {
            type: "text",
            style: {
              text: fitted(span.title, room, `${text.fontSize}px ${text.fontFamily}`),
              x: (first + last) / 2,
              y: base + 22,
              align: "center",
              verticalAlign: "top",
              fill: cssColour(isSelected ? theme.foreground : theme.description),
              ...text,
            },
          },
        ],
      };
    },
  };
}

/** A name cut in the middle to the room it has; empty when not even a few letters fit. */
export function fitted(name: string, room: number, font: string): string {
  if (textWidth(name, font) <= room) return name;
  const letters = Array.from(name);
  for (let kept = letters.length - 1; kept >= 4; kept--) {
    const head = Math.ceil(kept / 2);
    const cut = `${letters.slice(0, head).join("")}…${letters.slice(letters.length - (kept - head)).join("")}`;
    if (textWidth(cut, font) <= room) return cut;
  }
  return "";
}

export interface EntropyChart {
  draw(drawing: EntropyDrawing): void;
  resize(): void;
  dispose(): void;
}

/** A chart in `element`; `chosen` hears which head was clicked. */
export function createEntropyChart(element: HTMLElement, chosen: (bar: EntropyBar) => void): EntropyChart {
  const chart = init(element, null, { renderer: "canvas", devicePixelRatio: window.devicePixelRatio });
  let slots: (Slot | null)[] = [];
  // The whole column is the target: short bars are hard to hit.
  chart.getZr().on("click", (event) => {
    const at = [event.offsetX, event.offsetY];
    if (!chart.containPixel("grid", at)) return;
    const index = chart.convertFromPixel({ xAxisIndex: 0 }, event.offsetX);
    const slot = slots[Math.round(Number(index))];
    if (slot) chosen(slot.bar);
  });
  return {
    draw: (drawing) => {
      slots = slotsOf(drawing.groups);
      chart.setOption(entropyOption(drawing), { notMerge: true });
    },
    resize: () => chart.resize(),
    dispose: () => chart.dispose(),
  };
}
