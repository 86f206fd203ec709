/** *Export Figure*, *Export Data*, *Export Report*, *Copy as Command Line*. */
import path from "node:path";
import * as vscode from "vscode";
import { AttentionError } from "../shared/errors";
import { type FigureFormat, figureFormats } from "../shared/figure/figure-spec";
import { inputArguments } from "../shared/input-arguments";
import type { DataFormat } from "../shared/protocol";
import { captureOf } from "./choose-in-view";
import { type Drawn, figureArguments, type FigureChoice, figureChoices } from "./figure-choices";
import { askWhere, tellSaved } from "./save-file";
import { readViewDefaults } from "./settings";
import { commandLine, shellOf } from "./shell-quote";
import type { View } from "./views";

const program = ["npx", "attention-lens"];

function drawn(view: View): Drawn {
  const capture = captureOf(view);
  return {
    capture,
    selection: view.selection ?? { site: 0, head: 0, batch: 0, query: null, key: null },
    defaults: readViewDefaults(),
    model: path.parse(view.uri.fsPath).name,
  };
}

/**
 * The command line that makes a file again on the input that is shown, for its provenance. It names files alone: they
 * are handed on, and folders are nobody's business.
 */
function again(view: View, line: readonly string[], element: number | null = null): string {
  return commandLine([...program, ...line, ...inputOf(view, path.basename, element)], "posix");
}

/**
 * The options that name the input that is shown.
 * @param element of the batch that a figure draws: of chosen samples it is one, and `figure` draws them one by one
 */
function inputOf(
  { document: { state } }: View,
  place: (file: string) => string,
  element: number | null = null,
): string[] {
  const choice = state.status === "ready" ? state.input.choice : null;
  const sample = element === null ? undefined : choice?.samples?.[element];
  return inputArguments(sample === undefined ? choice : { ...choice, samples: [sample] }, place);
}

/** The model as a terminal in the workspace names it. */
function modelArgument(view: View): string {
  return vscode.workspace.asRelativePath(view.uri, false);
}

const formatWords: Record<FigureFormat, string> = {
  png: "picture, 300 dots per inch",
  svg: "vectors, with text as text",
  pdf: "vectors, for papers",
};

/** What runs in the corner while the engine draws: a PDF takes a moment. */
function progress<T>(title: string, act: () => Promise<T>): Thenable<T> {
  return vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, act);
}

async function pickFigure(view: View): Promise<FigureChoice | undefined> {
  return vscode.window.showQuickPick(figureChoices(drawn(view)), {
    title: `Export Figure of ${view.document.name}`,
    placeHolder: "Which figure?",
    matchOnDescription: true,
  });
}

export async function exportFigure(view: View): Promise<void> {
  const capture = captureOf(view);
  const choice = await pickFigure(view);
  if (!choice) return;
  const format = await vscode.window.showQuickPick(
    figureFormats.map((name) => ({ label: name.toUpperCase(), description: formatWords[name], name })),
    // The list before has just closed: the view that gets the keyboard back must not close this one.
    { title: `Export ${choice.label}`, placeHolder: "Which format?", ignoreFocusOut: true },
  );
  if (!format) return;
  const file = await askWhere({
    title: `Export ${choice.label}`,
    name: `${choice.stem}.${format.name}`,
    model: view.uri,
    filters: { [format.label]: [format.name] },
  });
  if (file === undefined) return;
  const command = again(
    view,
    figureArguments(capture, choice.spec, modelArgument(view), { out: path.basename(file) }),
    choice.spec.sample,
  );
  const { bytes } = await progress(`Drawing ${choice.label} …`, () =>
    view.document.write((engine) =>
      engine.writeFigure({ spec: choice.spec, format: format.name, file, command }),
    ),
  );
  tellSaved([file], bytes);
}

const dataKinds: readonly {
  readonly label: string;
  readonly description: string;
  readonly formats: readonly [DataFormat, ...DataFormat[]];
}[] = [
  {
    label: "Maps and figures",
    description: "NPZ for numpy.load, and JSON beside it",
    formats: ["npz", "json"],
  },
  {
    label: "Maps",
    description: "NPZ for numpy.load: float32 [batch, heads, queries, keys] for each attention layer",
    formats: ["npz"],
  },
  {
    label: "Figures",
    description: "JSON: entropy and the others for every head, tokens, provider",
    formats: ["json"],
  },
  { label: "Table of figures", description: "CSV: a row for every head", formats: ["csv"] },
];

/** Options of `attention-lens capture` that write a format. */
const dataOptions: Record<DataFormat, string> = { npz: "--out", json: "--json", csv: "--csv" };

export async function exportData(view: View): Promise<void> {
  captureOf(view);
  const kind = await vscode.window.showQuickPick(dataKinds, {
    title: `Export Data of ${view.document.name}`,
    placeHolder: "All heads of all layers, every cell",
  });
  if (!kind) return;
  const [first] = kind.formats;
  const chosen = await askWhere({
    title: `Export ${kind.label}`,
    name: `${path.parse(view.uri.fsPath).name}-attention.${first}`,
    model: view.uri,
    filters: { [first.toUpperCase()]: [first] },
  });
  if (chosen === undefined) return;
  const { dir, name } = path.parse(chosen);
  const files = kind.formats.map((format) => ({
    format,
    file: format === first ? chosen : path.join(dir, `${name}.${format}`),
  }));
  const command = again(view, [
    "capture",
    modelArgument(view),
    ...files.flatMap(({ format, file }) => [dataOptions[format], path.basename(file)]),
  ]);
  const written = await progress("Writing …", () =>
    view.document.write(async (engine) => {
      let bytes = 0;
      for (const { format, file } of files)
        bytes += (await engine.writeData({ format, file, command })).bytes;
      return bytes;
    }),
  );
  tellSaved(
    files.map(({ file }) => file),
    written,
  );
}

/** Maps in a report at most, as the command line has it. */
const REPORT_LIMIT_BYTES = 50e6;

/** One offline page that begins as the view is. Says before that it holds the person's input. */
export async function exportReport(view: View): Promise<void> {
  const { input, recording, sites } = captureOf(view);
  const frames = recording.cameras.length > 0 ? ", its frames" : "";
  const holds =
    input.from === "synthetic"
      ? "It holds every map and a synthetic input."
      : `It holds your input (${input.label})${frames} and every map, for anyone to read.`;
  const go = await vscode.window.showQuickPick(
    [
      {
        label: "Choose a File…",
        description: "one HTML page with hover and zoom, without a network",
        detail: holds,
      },
    ],
    { title: `Export Report of ${view.document.name}`, placeHolder: "One page that opens anywhere" },
  );
  if (!go) return;
  const file = await askWhere({
    title: `Export Report. ${holds}`,
    name: `${path.parse(view.uri.fsPath).name}-attention.html`,
    model: view.uri,
    filters: { HTML: ["html"] },
  });
  if (file === undefined) return;
  const viewState = await view.readState();
  const scores = sites.some((site) => site.scores !== null) ? ["--scores"] : [];
  const command = again(view, ["report", modelArgument(view), "--out", path.basename(file), ...scores]);
  const { bytes, leftOut } = await progress("Writing the report …", () =>
    view.document.write((engine) =>
      engine.writeReport({ file, command, limitBytes: REPORT_LIMIT_BYTES, viewState }),
    ),
  );
  tellSaved(
    [file],
    bytes,
    [input.from === "synthetic" ? "" : "It holds your input.", ...leftOut].join(" ").trim(),
  );
}

/** The command line that draws what is shown, quoted for the shell of the terminal, on the clipboard. */
export async function copyCommandLine(view: View): Promise<void> {
  const { capture, selection, ...rest } = drawn(view);
  const [choice] = figureChoices({ capture, selection, ...rest });
  if (!choice) throw new AttentionError("siteUnknown");
  const pinned = selection.query !== null && choice.spec.view === "heatmap";
  const target = pinned ? { outDir: "figures", formats: ["png"] as const } : { out: `${choice.stem}.png` };
  const views = pinned ? (["heatmap", "tokens"] as const) : undefined;
  const shell = shellOf(vscode.env.shell);
  const line = [
    ...program,
    ...figureArguments(capture, choice.spec, modelArgument(view), target, views),
    ...inputOf(
      view,
      (file) => vscode.workspace.asRelativePath(vscode.Uri.file(file), false),
      choice.spec.sample,
    ),
  ];
  await vscode.env.clipboard.writeText(commandLine(line, shell));
  vscode.window.setStatusBarMessage("Command line copied", 4000);
}
