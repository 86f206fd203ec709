/** Each state of the document says what it must, and its controls act. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { causal, largePlan, phases, playerEncoder, readyState, summaryOf } from "./fake-capture";
import { press } from "./input";
import { closeApp, drawn, find, findAll, openApp, settled, textOf } from "./open-app";

const nothing = { axes: [], sites: [] };
const model = summaryOf(playerEncoder());

function button(root: Element, words: string): HTMLElement {
  const found = findAll(root, "vscode-button").find((one) => textOf(one) === words);
  if (!found) throw new Error(`no button says ${words}`);
  return found;
}

afterEach(() => {
  closeApp();
  vi.useRealTimers();
});

describe("opening", () => {
  it("of runs that follow each other can be stopped, which keeps what there is", async () => {
    const runs = { name: "denoising pass", done: 3, total: 400 };
    const under = phases("run").map((phase) => (phase.name === "run" ? { ...phase, runs } : phase));
    const document = { status: "opening", name: "policy.onnx", phases: under, model } as const;
    const open = await openApp(nothing, { document });
    await expect.poll(() => findAll(open.app, "vscode-button").length, { timeout: 3000 }).toBe(2);
    button(open.app, "Stop, keep the denoising passes").click();
    expect(open.host.acts).toEqual(["stop"]);
    await closeApp();
    const plain = await openApp(nothing, { document: { ...document, phases: phases("run") } });
    await expect
      .poll(() => findAll(plain.app, "vscode-button").map((one) => textOf(one)))
      .toEqual(["Cancel"]);
  });
});

describe("a plan", () => {
  const document = {
    status: "plan",
    name: "vision_large.onnx",
    model,
    plan: largePlan,
    askAboveBytes: 2e9,
  } as const;
  const radios = (open: Awaited<ReturnType<typeof openApp>>): HTMLElement[] =>
    findAll(open.app, "vscode-radio");

  it("says bytes, memory and what is reduced, and offers what fits", async () => {
    const open = await openApp(nothing, { document });
    await settled(open.app);
    const words = textOf(find(open.app, "attention-plan").shadowRoot as unknown as Element);
    expect(words).toContain("24 sites, 384 heads, up to 4,096 × 4,096 cells a map: 25.80 GB of maps.");
    expect(words).toContain("12.00 GB of memory are free");
    expect(words).toContain("a thumbnail of at most 48 × 48 cells a head");
    expect(words).toContain("of 3 tensors it tells none");
    expect(radios(open).map((one) => textOf(one))).toEqual([
      "Every mapneeds 15.40 GB more than is free27.40 GB25.80 GB885 KB",
      "2 sites, evenly spread32 heads4.30 GB2.15 GB74 KB",
      "The first site alone16 heads3.10 GB1.07 GB—",
    ]);
    expect(radios(open).map((one) => one.getAttribute("aria-disabled"))).toEqual(["true", "false", "false"]);
    const [head, row] = [find(open.app, ".row.head"), findAll(open.app, "vscode-radio .row")[0]!];
    const right = (of: HTMLElement): number => of.lastElementChild!.getBoundingClientRect().right;
    expect(Math.abs(right(head) - right(row)), "figures stand under their headers").toBeLessThanOrEqual(1);
    // The most that fits is chosen; the impossible one stays and cannot be.
    expect(radios(open).map((one) => one.getAttribute("aria-checked"))).toEqual(["false", "true", "false"]);
    expect(open.host.acts).toEqual([]);
  });

  it("runs what was chosen by the keyboard, and nothing when it is cancelled", async () => {
    const open = await openApp(nothing, { document });
    await settled(open.app);
    button(open.app, "Run").click();
    radios(open)[1]!.focus();
    press(radios(open)[1]!, "ArrowDown");
    await settled(open.app);
    expect(radios(open)[2]!.getAttribute("aria-checked")).toBe("true");
    button(open.app, "Run").click();
    button(open.app, "Cancel").click();
    press(document_().body, "Escape");
    expect(open.host.acts).toEqual(["runPlanned 1", "runPlanned 2", "cancel", "cancel"]);
  });
});

describe("opening", () => {
  const document = { status: "opening", name: "vision_large.onnx", phases: phases("load"), model } as const;

  it("shows nothing at first, then the bar, then the phases", async () => {
    const open = await openApp(nothing, { document });
    const screen = find(open.app, "attention-opening").shadowRoot!;
    expect(textOf(screen as unknown as Element)).toBe("");
    expect(screen.querySelector("[role=progressbar]")).toBeNull();
    await expect.poll(() => screen.querySelector("[role=progressbar]")).not.toBeNull();
    expect(screen.querySelector("li")).toBeNull();
    await expect.poll(() => screen.querySelectorAll("li").length, { timeout: 2000 }).toBe(6);
  });

  it("names six phases with their state, bytes and ms, and says what Cancel stops", async () => {
    const open = await openApp(nothing, { document });
    await expect.poll(() => findAll(open.app, "li").length, { timeout: 2000 }).toBe(6);
    expect(findAll(open.app, "li").map((phase) => textOf(phase))).toEqual([
      "Read graph, done 519 KB read 41 ms",
      "Find attention, done 24 sites, 384 heads 38 ms",
      "Add outputs, done + 38 KB, file unchanged 2 ms",
      "… Load weights, under way 612 MB / 1.30 GB 4.9 s",
      "Run, to do 1 pass, 577 tokens",
      "Reduce, to do statistics",
    ]);
    expect(textOf(find(open.app, "h2"))).toBe("Loading weights");
    const bar = find(open.app, "[role=progressbar]");
    expect([bar.getAttribute("aria-valuenow"), bar.getAttribute("aria-valuemax")]).toEqual(["3", "6"]);
    expect(textOf(find(open.app, ".buttons"))).toMatch(
      /Cancel Esc\. Stops this model's engine; .* not touched\.$/,
    );
    button(open.app, "Cancel").click();
    press(document_().body, "Escape");
    expect(open.host.acts).toEqual(["cancel", "cancel"]);
  });

  it("follows progress", async () => {
    const open = await openApp(nothing, { document });
    await expect.poll(() => findAll(open.app, "li").length, { timeout: 2000 }).toBe(6);
    open.host.send({ ...document, phases: phases("run") });
    await settled(open.app);
    expect(textOf(find(open.app, "h2"))).toBe("Running");
    expect(findAll(open.app, "li.done")).toHaveLength(4);
  });
});

/** The page; `document` is the document's state above. */
function document_(): Document {
  return window.document;
}

describe("an error", () => {
  it("says what is wrong, where and what to do, and tries again", async () => {
    const open = await openApp(nothing, {
      document: {
        status: "error",
        name: "encoder.onnx",
        model: null,
        error: {
          code: "externalDataMissing",
          detail: "encoder.onnx_data is not there.",
          where: "encoder.onnx",
        },
      },
    });
    await settled(open.app);
    expect(textOf(find(open.app, "h2"))).toBe("The model's weights file is missing");
    expect(textOf(find(open.app, ".detail"))).toBe("encoder.onnx_data is not there.");
    expect(textOf(find(open.app, "dd"))).toBe("encoder.onnx");
    expect(textOf(find(open.app, ".fix"))).toContain("Put the named file beside the model");
    button(open.app, "Try again").click();
    button(open.app, "Show log").click();
    expect(open.host.acts).toEqual(["retry", "showLog"]);
    button(open.app, "Copy details").click();
    expect(open.host.copied[0]).toMatch(
      /^The model's weights file is missing\nencoder\.onnx_data is not there\./,
    );
  });
});

describe("no attention", () => {
  it("says what was looked for with counts, and why each candidate is none", async () => {
    const open = await openApp(nothing, {
      document: {
        status: "empty",
        name: "router.onnx",
        model: {
          ...model,
          sites: [],
          otherSoftmaxes: [
            { name: "/head/Softmax", reason: "class scores: no values are mixed" },
            { name: "/router/Softmax", reason: "gating: selects experts, no keys" },
          ],
          notSupported: [{ name: "/loop/Attention", reason: "inside a Loop" }],
        },
      },
    });
    await settled(open.app);
    expect(textOf(find(open.app, "h2"))).toBe("No attention found in this graph");
    expect(findAll(open.app, "dd").map((count) => textOf(count))).toEqual([
      "0 of 2 softmax nodes",
      "1",
      "214",
    ]);
    expect(findAll(open.app, "tbody tr").map((row) => textOf(row))).toEqual([
      "/loop/Attention inside a Loop",
      "/head/Softmax class scores: no values are mixed",
      "/router/Softmax gating: selects experts, no keys",
    ]);
    expect(textOf(find(open.app, ".content"))).toContain("name it in the model's manifest");
    button(open.app, "Declare a site").click();
    expect(open.host.acts).toEqual(["createManifest"]);
  });

  it("offers no declaration where nobody can make a manifest", async () => {
    const open = await openApp(nothing, {
      document: { status: "empty", name: "router.onnx", model: { ...model, sites: [] } },
      host: (host) => {
        host.commands = [];
      },
    });
    await settled(open.app);
    expect(findAll(open.app, "vscode-button").map((one) => textOf(one))).toEqual(["Try again", "Show log"]);
  });
});

describe("an untrusted workspace", () => {
  it("runs nothing, shows the sites and leads to trust", async () => {
    const open = await openApp(nothing, { document: { status: "restricted", name: "x.onnx", model } });
    await settled(open.app);
    expect(textOf(find(open.app, ".trust"))).toContain("This workspace is not trusted, so nothing is run.");
    expect(textOf(find(open.app, "p"))).toBe(
      "Attention sites read from the graph; 9 sites, 36 heads, 1,840,216 parameters",
    );
    const rows = findAll(open.app, "tbody tr").map((row) => textOf(row));
    expect(rows).toHaveLength(9);
    expect(rows[2]).toBe("history_decoder cross 4 24 × 513");
    find(open.app, "vscode-link").click();
    expect(open.host.acts).toEqual(["manageTrust"]);
    expect(open.host.pages).toEqual([]);
  });
});

it("an untrusted workspace leads from a site to its source", async () => {
  const sites = model.sites.map((site, index) =>
    index === 5 ? { ...site, source: { file: "encoder.py", line: 123 } } : site,
  );
  const document = { status: "restricted", name: "x.onnx", model: { ...model, sites } } as const;
  const open = await openApp(nothing, { document });
  await settled(open.app);
  const links = findAll(open.app, "tbody vscode-link");
  expect(links.map((one) => [textOf(one), one.title])).toEqual([["q_self.0", "Go to encoder.py:123"]]);
  links[0]!.click();
  expect(open.host.acts).toEqual(["goToSource"]);
  expect(open.host.selections.at(-1)).toMatchObject({ site: 5 });
});

describe("what is not right is said where it acts", () => {
  it("notices of the run under the toolbar; assumptions and flagged rows at the map", async () => {
    const one = causal(6, 1);
    const document = readyState(one, { notices: ["Padding was not masked."] });
    Object.assign(document.capture.sites[0]!, {
      note: "The mean of 4 heads.",
      assumed: ["16 heads"],
      error: 3.2e-7,
    });
    Object.assign(document.capture.sites[0]!.figures[0]![0]!, {
      rowsFlagged: 2,
      rowSumMin: 0.91,
      rowSumMax: 1,
    });
    const open = await openApp(one, { document });
    await drawn(open);
    expect(textOf(find(open.app, ".notices"))).toBe("Padding was not masked.");
    expect(findAll(open.app, ".note").map((note) => textOf(note))).toEqual([
      "2 rows do not sum to 1 or hold NaN (sums from 0.910 to 1.000).",
      "The mean of 4 heads.",
      "Assumed: 16 heads",
    ]);
    expect(findAll(open.app, ".note.warns svg")).toHaveLength(3);
    expect(findAll(open.app, ".fidelity li").map((one) => textOf(one))).toEqual([
      "Exact: an output of the model itself.",
      "2 rows do not sum to 1 or hold NaN: row sums from 0.910 to 1.000.",
      "With the values it gives the operator's own output to within 3.2e−7.",
      "The mean of 4 heads.",
      "Assumed: 16 heads.",
      "1 row with one key is left out of means.",
    ]);
  });

  it("draws nothing of what is not there yet: no tabs, no empty panes", async () => {
    const one = causal(6, 1);
    const open = await openApp(one);
    await drawn(open);
    expect(findAll(open.app, "vscode-panel-tab").map((one) => textOf(one))).toEqual([
      "Entropy",
      "Layers",
      "Table",
    ]);
    expect(findAll(open.app, "button.quiet:not([title])").map((one) => textOf(one))).toEqual([]);
  });
});

describe("names out of a model", () => {
  it("are shown as text, never as markup, and cannot turn the page's direction", async () => {
    const hostile = [
      '<img src=x onerror="window.hacked=1">',
      "\u202eevil\u202c",
      "a\nb",
      "</title><b>x</b>",
      " lead",
    ];
    const one = causal(5, 1);
    Object.assign(one.axes[0]!, { labels: hostile, segments: [{ name: "<b>seg</b>", role: "text" }] });
    const document = readyState(one, { notices: ["<script>window.hacked=1</script>"] });
    document.model.title = "<i>title</i>";
    Object.assign(document.capture.sites[0]!, { name: "<u>site</u>", component: "<u>site</u>" });
    const open = await openApp(one, { document });
    await drawn(open);
    open.session.store.update((state) => ({ ...state, hover: { query: 0, key: 1 } }));
    await settled(open.app);
    expect("hacked" in window).toBe(false);
    expect(findAll(open.app, "img, script, b > b, i, u")).toEqual([]);
    expect(textOf(find(open.app, "h1"))).toBe("<i>title</i>");
    expect(textOf(find(open.app, ".segment"))).toBe("<b>seg</b>");
    expect(textOf(find(open.app, ".notices"))).toBe("<script>window.hacked=1</script>");
    const labels = findAll(open.app, ".token").map((token) => token.getAttribute("aria-label")!);
    expect(labels[0]).toMatch(/^<img src=x/);
    expect(labels.join("")).not.toMatch(/[\u202a-\u202e\n]/);
    expect(labels[2]).toMatch(/^a⏎b/);
    expect(labels[4]).toMatch(/^␣lead/);
  });
});
