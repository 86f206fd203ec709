/** Figures, data and reports: what is asked of the person and of the engine, and the command line that is copied. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { figureSpecSchema } from "../../../src/shared/figure/figure-spec";
import { env, seen, Uri, workspace } from "./fake-vscode";
import { HostBench, wait } from "./host-bench";
import { sampleCapture } from "./samples";

let bench: HostBench;
beforeEach(() => {
  bench = new HostBench();
  env.shell = "/bin/bash";
});
afterEach(() => bench.dispose());

/** Answer the lists of a command, one after another, by the beginning of a label. */
function choose(...starts: string[]): void {
  seen.pick = (items) => {
    const start = starts.shift() ?? "nothing";
    return items.find((item) => (item as { label: string }).label.startsWith(start));
  };
}

interface FigureRequest {
  spec: unknown;
  format: string;
  file: string;
  command: string;
}

describe("Export Figure", () => {
  it("asks for figure, format and file, and has the engine write it", async () => {
    workspace.asRelativePath = () => "models/a.onnx";
    const { panel } = await bench.show();
    await panel.select({ site: 1, head: 2, query: 3, colourMap: "viridis", scale: "log", range: "site" });
    choose("Head map of L1H2", "SVG");
    seen.saveAs = [Uri.file("/out/my figure.svg")];
    await bench.run("exportFigure");
    expect(seen.saves[0]!.defaultUri.path).toMatch(/a-L1H2-heatmap\.svg$/);
    expect(seen.saves[0]!.filters).toEqual({ SVG: ["svg"] });
    const [request] = bench.engine().written as FigureRequest[];
    expect(figureSpecSchema.parse(request!.spec)).toMatchObject({
      view: "heatmap",
      sites: [1],
      heads: [2],
      query: 3,
      ...{ colourMap: "viridis", scale: "log", range: "maximum" },
    });
    expect(request).toMatchObject({
      format: "svg",
      file: "/out/my figure.svg",
      command:
        "npx attention-lens figure models/a.onnx --view heatmap --layers 1 --heads 2 --colormap viridis " +
        "--scale log --range maximum --out 'my figure.svg'",
    });
    expect(seen.messages[0]!.text).toBe("Saved my figure.svg (1.2 KB).");
  });

  it("names the input that is shown, by its files alone", async () => {
    workspace.asRelativePath = () => "models/a.onnx";
    const { panel } = await bench.show();
    const document = bench.documents.documents[0]!;
    void document.chooseInput({
      text: "it's a cat",
      episode: "first",
      step: 3,
      file: "/secret/place/all.npz",
    });
    await vi.waitFor(() => expect(bench.engine().captures).toHaveLength(2));
    bench.engine().captures.at(-1)!.resolve(sampleCapture(2));
    bench.engine().holds = 2;
    await vi.waitFor(() => expect(document.state).toMatchObject({ input: { running: false } }));
    await panel.select({ site: 1, head: 2 });
    choose("Head map of L1H2", "SVG");
    seen.saveAs = [Uri.file("/out/a.svg")];
    await bench.run("exportFigure");
    const [{ command }] = bench.engine().written as [FigureRequest];
    expect(command).toMatch(/--out a\.svg --inputs all\.npz --text .*cat.* --episode first --steps 3$/);
    expect(command).not.toContain("secret");
  });

  it("adds the ending that was left out, and offers the folder again", async () => {
    await (await bench.show()).panel.select({});
    choose("Entropy", "PDF", "Entropy", "PDF");
    seen.saveAs = [Uri.file("/papers/entropy")];
    await bench.run("exportFigure");
    expect((bench.engine().written[0] as FigureRequest).file).toBe("/papers/entropy.pdf");
    await bench.run("exportFigure");
    expect(seen.saves[1]!.defaultUri.path).toBe("/papers/a-entropy.pdf");
  });

  it("writes nothing when any question is left unanswered", async () => {
    await (await bench.show()).panel.select({});
    choose("nothing");
    await bench.run("exportFigure");
    choose("Summary", "nothing");
    await bench.run("exportFigure");
    choose("Summary", "PNG");
    seen.saveAs = [undefined];
    await bench.run("exportFigure");
    expect(bench.engine().written).toEqual([]);
    expect(seen.messages).toEqual([]);
  });

  it("captures again first when the engine has given its memory back", async () => {
    await (await bench.show()).panel.select({});
    bench.engine().holds = 0;
    choose("Summary", "PNG");
    const exporting = bench.run("exportFigure");
    await wait();
    await bench.answer();
    await exporting;
    expect(bench.engine().written).toHaveLength(1);
  });
});

it("Export Data writes maps and figures side by side, and tables", async () => {
  workspace.asRelativePath = () => "a.onnx";
  await (await bench.show()).panel.select({});
  choose("Maps and figures");
  seen.saveAs = [Uri.file("/out/run.npz")];
  await bench.run("exportData");
  const command = "npx attention-lens capture a.onnx --out run.npz --json run.json";
  expect(bench.engine().written).toEqual([
    { format: "npz", file: "/out/run.npz", command },
    { format: "json", file: "/out/run.json", command },
  ]);
  expect(seen.messages[0]!.text).toBe("Saved run.npz and run.json (2.5 KB).");
  choose("Table");
  seen.saveAs = [Uri.file("/out/heads.csv")];
  await bench.run("exportData");
  expect(bench.engine().written[2]).toMatchObject({ format: "csv", file: "/out/heads.csv" });
});

describe("Export Report", () => {
  it("says that the file holds the person's input before anything is written", async () => {
    const capture = sampleCapture();
    const input = { ...capture.input, from: "manifest" as const, label: "recorded.npz" };
    await (await bench.show({ ...capture, input })).panel.select({});
    bench.engine().leavesOut = ["The maps of 2 sites are left out."];
    choose("Choose a File");
    seen.saveAs = [Uri.file("/out/report.html")];
    seen.clipboard = "mine";
    const exporting = bench.run("exportReport");
    await exporting;
    expect(JSON.stringify(seen.picks[0]!)).toContain("holds your input (recorded.npz)");
    expect(seen.saves[0]!.title).toContain("holds your input");
    expect(bench.engine().written).toMatchObject([{ file: "/out/report.html", limitBytes: 50e6 }]);
    expect(seen.messages[0]!.text).toContain("It holds your input. The maps of 2 sites are left out.");
  });

  it("begins as the view is, and leaves the clipboard alone", async () => {
    const { panel } = await bench.show();
    await panel.select({});
    choose("Choose a File");
    seen.clipboard = "mine";
    const exporting = bench.run("exportReport");
    await wait();
    expect(panel.told("command")).toEqual([{ command: "copyViewState" }]);
    await panel.send("copyText", { text: '{"selection":{}}' }, 9);
    await exporting;
    expect(bench.engine().written).toMatchObject([{ viewState: '{"selection":{}}' }]);
    expect(seen.clipboard).toBe("mine");
    expect(seen.saves[0]!.title).not.toContain("your input");
  });
});

describe("Copy as Command Line", () => {
  const copied = async (selection: object, model = "models/a.onnx") => {
    workspace.asRelativePath = () => model;
    const { panel } = await bench.show();
    await panel.select(selection);
    await bench.run("copyCommandLine");
    return seen.clipboard;
  };

  it("names layer, head and file", async () => {
    expect(await copied({ site: 1, head: 3 })).toBe(
      "npx attention-lens figure models/a.onnx --view heatmap --layers 1 --heads 3 --out a-L1H3-heatmap.png",
    );
  });

  it("draws the tokens of a pinned query as well", async () => {
    expect(await copied({ head: "mean", query: 5 })).toBe(
      "npx attention-lens figure models/a.onnx --view heatmap,tokens --layers 0 --heads mean --query 5 " +
        "--out-dir figures --format png",
    );
  });

  it.each([
    ["/bin/zsh", "my model's.onnx", `'my model'\\''s.onnx'`],
    ["C:\\Windows\\powershell.exe", "my model's.onnx", "'my model''s.onnx'"],
    ["C:\\Windows\\System32\\cmd.exe", "my model.onnx", '"my model.onnx"'],
    ["/bin/bash", "$(touch x).onnx", "'$(touch x).onnx'"],
    ["/bin/bash", "-rf.onnx", "./-rf.onnx"],
  ])("is quoted for %s", async (shell, model, written) => {
    env.shell = shell;
    expect(await copied({}, model)).toContain(`figure ${written} --view`);
  });

  it("names a site by its id where its layer's number is another's too", async () => {
    const capture = sampleCapture();
    const sites = capture.sites.map((site, index) => ({ ...site, layer: 0, component: ["a", "b"][index]! }));
    const { panel } = await bench.show({ ...capture, sites });
    await panel.select({ site: 1 });
    await bench.run("copyCommandLine");
    expect(seen.clipboard).toContain("--site site_001 --heads 0");
  });
});
