/** Find, keys, tables, copies, back and forth, view states, and what the host chooses. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { tokenText } from "../../src/shared/format";
import { csvOf } from "../../src/webview/table/data-table";
import { causal, mapOf, playerEncoder, readyState } from "./fake-capture";
import { press } from "./input";
import { closeApp, drawn, find, findAll, openApp, type OpenApp, settled, textOf } from "./open-app";

const model = playerEncoder();

afterEach(() => closeApp());

async function openSelf(): Promise<OpenApp> {
  const open = await openApp(model);
  open.host.apply({ site: 6, head: 2 });
  await drawn(open);
  return open;
}

function place(open: OpenApp): unknown[] {
  const { site, head } = open.session.store.state.selection;
  return [site, head];
}

describe("back and forth", () => {
  it("go over the places that were looked at, one step for site and head together", async () => {
    const open = await openApp(model);
    await drawn(open);
    open.host.apply({ site: 6, head: 2 });
    open.host.apply({ site: 3, head: 1 });
    open.host.command("nextHead");
    expect(place(open)).toEqual([3, 2]);
    open.host.command("back");
    expect(place(open)).toEqual([3, 1]);
    open.host.command("back");
    expect(place(open)).toEqual([6, 2]);
    open.host.command("forward");
    expect(place(open)).toEqual([3, 1]);
    open.host.command("nextHead");
    open.host.command("forward");
    expect(place(open)).toEqual([3, 2]);
    await settled(open.app);
    expect((find(open.app, "button[aria-label=Forward]") as HTMLButtonElement).disabled).toBe(true);
    find(open.app, "button[aria-label=Back]").click();
    expect(place(open)).toEqual([3, 1]);
  });
});

describe("commands of the host", () => {
  it("step through metrics, colour maps and scales, and tell the host", async () => {
    const open = await openApp(model);
    await drawn(open);
    open.host.command("nextMetric");
    open.host.command("nextColourMap");
    open.host.command("nextScale");
    expect(open.session.store.state.view).toMatchObject({
      ...{ metric: "entropyNats", colourMap: "viridis", scale: "sqrt" },
    });
    expect(open.host.selections.at(-1)).toMatchObject({
      ...{ metric: "entropyNats", colourMap: "viridis", scale: "sqrt", range: "auto" },
    });
    await settled(open.app);
    expect((find(open.app, "vscode-dropdown.metric") as HTMLSelectElement).value).toBe("entropyNats");
    expect(textOf(find(open.app, "attention-colour-menu").shadowRoot!.querySelector(".opener")!)).toBe(
      "viridis · √",
    );
  });

  it("are the only ones that letters give: a letter typed in the view changes nothing by itself", async () => {
    const open = await openApp(model);
    await drawn(open);
    const before = open.session.store.state;
    for (const key of ["m", "s", "k", "t", "?", "e"]) press(find(open.app, ".stage"), key);
    expect(open.session.store.state).toBe(before);
  });
});

describe("the view state", () => {
  it("is copied as JSON and opened again, in another view too", async () => {
    const open = await openSelf();
    open.session.store.update((state) => ({
      ...state,
      selection: { ...state.selection, query: 7 },
      view: { ...state.view, colourMap: "hot", order: "descending", dock: "table", range: 0.2 },
    }));
    open.host.command("copyViewState");
    const [text] = open.host.copied;
    expect(JSON.parse(text!)).toMatchObject({ version: 2, anchor: { site: "q_self.1" } });
    const other = await openApp(model);
    await drawn(other);
    other.host.apply({ viewState: text! });
    expect(other.session.store.state.selection).toEqual({ site: 6, head: 2, batch: 0, query: 7, key: null });
    expect(other.session.store.state.view).toMatchObject({ colourMap: "hot", dock: "table", range: 0.2 });
    const before = other.session.store.state;
    for (const bad of ["", "{", "[]", '{"version":2}', '{"__proto__":{"x":1}}'])
      other.host.apply({ viewState: bad });
    expect(other.session.store.state.selection).toEqual(before.selection);
  });
});

describe("the export menu", () => {
  it("asks the host for figure, data and report", async () => {
    const open = await openApp(model);
    await drawn(open);
    const menu = find(open.app, "attention-export-menu").shadowRoot!;
    menu.querySelector<HTMLElement>("button.quiet")!.click();
    await settled(open.app);
    expect(menu.querySelector("#menu")!.matches(":popover-open")).toBe(true);
    expect(menu.activeElement?.getAttribute("role")).toBe("menuitem");
    for (const words of ["Figure", "Data", "Report"]) {
      [...menu.querySelectorAll<HTMLElement>("[role=menuitem]")]
        .find((item) => textOf(item).startsWith(words))!
        .click();
    }
    expect(open.host.acts).toEqual(["exportFigure", "exportData", "exportReport"]);
  });
});

describe("find", () => {
  it("goes to a head by its name and pins a token by its text; keys stay in the field", async () => {
    const open = await openSelf();
    const heard = vi.fn();
    window.addEventListener("keydown", heard);
    const search = async (text: string): Promise<HTMLElement> => {
      open.host.command("find");
      await settled(open.app);
      const field = find(open.app, "attention-find").shadowRoot!.querySelector<HTMLInputElement>(
        "vscode-text-field",
      )!;
      field.value = text;
      field.dispatchEvent(new Event("input"));
      await settled(open.app);
      return field;
    };
    press(await search("kv_enc 1 head 3"), "Enter");
    await settled(open.app);
    expect(place(open)).toEqual([4, 3]);
    expect(findAll(open.app, "attention-find")).toHaveLength(0);
    open.host.command("back");
    const field = await search("gust");
    expect(findAll(open.app, "[role=option].found").map((one) => textOf(one))).toEqual([
      "gust query 7, move",
    ]);
    press(field, "Enter");
    expect(open.session.store.state.selection.query).toBe(7);
    await expect.poll(() => open.session.store.state.overlay).toBeNull();
    window.removeEventListener("keydown", heard);
    expect(heard).not.toHaveBeenCalled();
    expect(textOf(find((await search("no such thing")).parentElement!, ".none"))).toBe(
      "No layer, head or token has this name.",
    );
  });
});

describe("the map of the keyboard", () => {
  it("is a dialog that takes the focus and closes", async () => {
    const open = await openApp(model);
    await drawn(open);
    open.host.command("showKeys");
    await settled(open.app);
    const dialog = find(open.app, "attention-keys").shadowRoot!.querySelector("dialog")!;
    expect(dialog.matches(":modal")).toBe(true);
    expect(textOf(dialog)).toContain("F6 · Shift F6 next, previous pane");
    dialog.close();
    await expect.poll(() => open.session.store.state.overlay).toBeNull();
  });
});

describe("tables", () => {
  it("of the map give exact numbers, page by page, as CSV too", async () => {
    const open = await openSelf();
    find(open.app, "attention-heatmap").shadowRoot!.querySelector<HTMLElement>(".stage")!.focus();
    open.host.command("showTable");
    await settled(open.app);
    const table = find(open.app, "attention-map-table").shadowRoot!;
    await expect.poll(() => findAll(table, "vscode-data-grid-row").length).toBeGreaterThan(10);
    const map = mapOf(model, 6, 0, 2);
    const first = findAll(table, "vscode-data-grid-row")[1]!;
    const p = map.cells[2]!;
    expect(textOf(first.children[0]!)).toBe("field");
    expect(textOf(first.children[3]!)).toBe(p < 0.001 ? "<0.001" : p.toFixed(p < 0.1 ? 3 : 2));
    findAll(table, "vscode-button")[0]!.click();
    const lines = open.host.copied[0]!.trim().split("\n");
    expect(lines).toHaveLength(39);
    expect(lines[1]!.split(",")[3]).toBe(String(p));
    find(table, "button[aria-label='Next keys']").click();
    await expect.poll(() => open.host.pages.at(-1)).toMatchObject({ keyStart: 24, keyEnd: 38 });
  });

  it("of all heads sort by a header, select by a click, and copy every figure", async () => {
    const open = await openApp(model);
    await drawn(open);
    find(open.app, "[role=gridcell][tabindex='0']").focus();
    open.host.command("showTable");
    await settled(open.app);
    const table = find(open.app, "attention-figures-table").shadowRoot!;
    const rows = (): HTMLElement[] => findAll(table, "vscode-data-grid-row").slice(1);
    expect(textOf(rows()[0]!.children[0]!)).toBe("local_timestep_decoder");
    const header = findAll(table, "vscode-data-grid-row")[0]!;
    const entropy = [...header.children].find((cell) => textOf(cell) === "H / ln n") as HTMLElement;
    entropy.click();
    await settled(open.app);
    const values = model.sites.flatMap((_, site) =>
      readyState(model).capture.sites[site]!.figures[0]!.map((figures) => figures.normalisedEntropy!),
    );
    const column = [...header.children].indexOf(entropy);
    expect(textOf(rows()[0]!.children[column]!)).toBe(Math.max(...values).toFixed(2));
    expect(entropy.getAttribute("aria-sort")).toBe("descending");
    rows()[0]!.click();
    await settled(open.app);
    const { site, head } = open.session.store.state.selection;
    expect(values[site * 4 + Number(head)]).toBe(Math.max(...values));
    find(table, "vscode-button").click();
    expect(open.host.copied[0]!.trim().split("\n")).toHaveLength(37);
  });

  it("of hundreds of heads make only the visible rows, and keys reach the last", async () => {
    const one = causal(6, 12);
    const sites = Array.from({ length: 30 }, (_, layer) => ({ ...one.sites[0]!, layer }));
    const open = await openApp({ axes: one.axes, sites });
    await drawn(open);
    find(open.app, "vscode-panel-tab#tab-table").click();
    await settled(open.app);
    const table = find(open.app, "attention-data-table").shadowRoot!;
    const made = (): HTMLElement[] => findAll(table, "vscode-data-grid-row");
    expect(made().length).toBeLessThan(60);
    expect(find(table, "vscode-data-grid").getAttribute("aria-rowcount")).toBe("361");
    const cell = made()[1]!.children[0] as HTMLElement;
    cell.focus();
    press(cell, "End", { ctrlKey: true });
    await expect
      .poll(() => table.activeElement?.closest("vscode-data-grid-row")?.getAttribute("aria-rowindex"))
      .toBe("361");
  });

  it("are CSV that a spreadsheet reads", () => {
    expect(csvOf(["a", 'b"c'], [["1,2", "x\ny"]])).toBe('a,"b""c"\n"1,2","x\ny"\n');
  });
});

describe("Tokens", () => {
  it("show byte-level tokens as the text they stand for, the raw token on hover", async () => {
    expect(tokenText("Ġthe")).toBe(" the");
    expect(tokenText("▁the")).toBe(" the");
    expect(tokenText("<0x0A>")).toBe("\n");
    expect(tokenText("<0xE2>")).toBe("<0xE2>");
    expect(tokenText("Ċ")).toBe("\n");
    expect(tokenText("cafÃ©Ġ")).toBe("café ");
    expect(tokenText("âĢ")).toBe("âĢ");
    expect(tokenText("ģimene")).toBe("ģimene");
    expect(tokenText("##ing")).toBe("##ing");
    const one = causal(4, 1);
    Object.assign(one.axes[0]!, { labels: ["<s>", "Ġthe", "▁cat", "<0x0A>"] });
    const open = await openApp(one);
    await drawn(open);
    const tokens = findAll(open.app, ".token");
    expect(tokens.map((token) => token.getAttribute("aria-label")!.split(/[ ,]/)[0])).toEqual([
      ...["<s>", "␣the", "␣cat", "⏎"],
    ]);
    expect(tokens[1]!.title).toMatch(/^␣the, token Ġthe \(1\)/);
  });

  it("read the other way too: the queries of a key", async () => {
    const open = await openSelf();
    const pane = find(open.app, "attention-tokens").shadowRoot!;
    pane.querySelector<HTMLElement>(".switch")!.click();
    open.session.store.update((state) => ({ ...state, selection: { ...state.selection, key: 9 } }));
    await expect.poll(() => open.session.store.state.column?.keyStart).toBe(9);
    await settled(open.app);
    const map = mapOf(model, 6, 0, 2);
    const column = Array.from({ length: 38 }, (_, query) => map.cells[query * 38 + 9]!);
    expect(textOf(pane.querySelector(".detail")!)).toBe("roar is seen by 30 of 38 queries; 8 padding");
    const largest = column.indexOf(Math.max(...column));
    expect(find(pane, `#key-${largest}`).getAttribute("aria-label")).toMatch(
      new RegExp(` ${column[largest]!.toFixed(2)}$`),
    );
    expect(open.host.pages.at(-1)).toMatchObject({ keyStart: 9, keyEnd: 10, queryStart: 0, queryEnd: 38 });
  });
});
