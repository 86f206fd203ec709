/** The Entropy pane: a bar for every head with the value of the capture, and a click that selects. */
import { afterEach, describe, expect, it } from "vitest";
import { entropyOption, fitted, slotsOf } from "../../src/webview/entropy/entropy-chart";
import { AXIS_END, entropyGroups, REFERENCE } from "../../src/webview/entropy/entropy-data";
import { readTheme } from "../../src/webview/theme";
import { captureOf, playerEncoder } from "./fake-capture";
import { clickAt, press } from "./input";
import { closeApp, drawn, find, findAll, openApp, settled, textOf } from "./open-app";
import { applyTheme } from "./themes";

const model = playerEncoder();

afterEach(() => closeApp());

describe("entropy bars", () => {
  it("hold every head of every site with its normalised entropy", () => {
    const capture = captureOf(model);
    const groups = entropyGroups(capture, 0);
    expect(groups.map((group) => group.title)).toEqual([
      ...["local_timestep_decoder", "input_decoder", "history_decoder"],
      ...["kv_enc.0", "kv_enc.1", "q_self.0", "q_self.1", "q_cross.0", "q_cross.1"],
    ]);
    const bars = groups.flatMap((group) => group.bars);
    expect(bars).toHaveLength(36);
    for (const bar of bars) {
      expect(bar.value).toBe(capture.sites[bar.site]!.figures[0]![bar.head!]!.normalisedEntropy);
      expect(bar.value).toBeGreaterThan(0);
      expect(bar.value).toBeLessThanOrEqual(1);
    }
  });

  it("are drawn to an axis that ends at 1.05, with a dashed line at 0.5, the selected one in the link's colour", () => {
    applyTheme("dark");
    const theme = readTheme();
    const groups = entropyGroups(captureOf(model), 0);
    const option = entropyOption({ groups, selected: { site: 6, head: 2 }, theme, width: 1200 });
    expect(AXIS_END).toBe(1.05);
    expect(REFERENCE).toBe(0.5);
    expect(option.yAxis).toMatchObject({ min: 0, max: 1.05 });
    const [bars] = option.series as {
      data: { value: number | string; itemStyle?: { color: string } }[];
      markLine: unknown;
    }[];
    expect(bars!.markLine).toMatchObject({ data: [{ yAxis: 0.5 }], lineStyle: { type: "dashed" } });
    const slots = slotsOf(groups);
    expect(bars!.data).toHaveLength(slots.length);
    slots.forEach((slot, index) => {
      const datum = bars!.data[index]!;
      if (!slot) expect(datum.value).toBe("-");
      else {
        expect(datum.value).toBe(slot.bar.value);
        const selected = slot.bar.site === 6 && slot.bar.head === 2;
        expect(datum.itemStyle?.color).toBe(`rgb(${(selected ? theme.selected : theme.bar).join(", ")})`);
      }
    });
    expect(theme.selected).toEqual(theme.link);
  });

  it("say what cannot be measured instead of drawing 0", () => {
    const capture = captureOf(model);
    capture.sites[0]!.figures[0]![1]!.normalisedEntropy = null;
    const groups = entropyGroups(capture, 0);
    const option = entropyOption({ groups, selected: { site: 0, head: 0 }, theme: readTheme(), width: 600 });
    const [bars] = option.series as { data: { value: number | string }[] }[];
    expect(bars!.data[1]!.value).toBe("-");
  });

  it("cut a site's name in the middle to the room under its bars", () => {
    const font = "10px sans-serif";
    expect(fitted("decoder", 200, font)).toBe("decoder");
    expect(fitted("local_timestep_decoder", 60, font)).toMatch(/^loc.*….*er$/);
    expect(fitted("local_timestep_decoder", 5, font)).toBe("");
  });
});

describe("the Entropy pane", () => {
  it("draws the chart, with the same numbers as a table for those who cannot see it", async () => {
    const open = await openApp(model);
    await drawn(open);
    await expect.poll(() => findAll(open.app, ".chart canvas").length).toBe(1);
    const rows = findAll(open.app, "attention-entropy")[0]!.shadowRoot!.querySelectorAll("tbody tr");
    expect(rows).toHaveLength(36);
    const first = captureOf(model).sites[0]!.figures[0]![0]!;
    expect([...rows[0]!.children].map((cell) => textOf(cell)).slice(0, 3)).toEqual([
      "local_timestep_decoder",
      "0",
      first.normalisedEntropy!.toFixed(2),
    ]);
    expect(find(open.app, ".chart").getAttribute("aria-label")).toMatch(
      /^Normalised entropy of 36 heads at 9 sites/,
    );
  });

  it("selects the head whose bar is clicked", async () => {
    const open = await openApp(model);
    await drawn(open);
    await expect.poll(() => findAll(open.app, ".chart canvas").length).toBe(1);
    await settled(open.app);
    const box = find(open.app, ".chart").getBoundingClientRect();
    // 36 heads and 8 gaps between 9 sites lie between the axis' margins.
    const slot = (box.width - 36 - 32) / 44;
    const index = 6 * 5 + 2;
    await clickAt(box.x + 36 + (index + 0.5) * slot, box.y + box.height - 60);
    await expect.poll(() => open.session.store.state.selection).toMatchObject({ site: 6, head: 2 });
  });

  it("steps over heads with the arrow keys", async () => {
    const open = await openApp(model);
    await drawn(open);
    const chooser = find(open.app, "[role=slider].chooser");
    press(chooser, "End");
    expect(open.session.store.state.selection).toMatchObject({ site: 8, head: 3 });
    await settled(open.app);
    press(chooser, "ArrowLeft");
    await settled(open.app);
    expect(open.session.store.state.selection).toMatchObject({ site: 8, head: 2 });
    expect(chooser.getAttribute("aria-valuetext")).toMatch(/^q_cross\.1 head 2: normalised entropy 0\.\d\d/);
  });
});
