/**
 * The line that computes what a view shows: *Go to Source* reveals it beside the view, and from then on, or where the
 * file is in sight already, the marked line follows the selection. The keyboard stays where it is.
 */
import * as vscode from "vscode";
import { metrics } from "../shared/figures";
import { figure, headName } from "../shared/format";
import type { Site } from "../shared/model";
import { AttentionError } from "../shared/errors";
import { DisposableBase } from "./disposable";
import { SourceFinder } from "./source-finder";
import { selectedSite, type View, type Views } from "./views";

interface Place {
  readonly uri: vscode.Uri;
  /** From 0. */
  readonly line: number;
  /** What stands behind the line: the head and its figure. */
  readonly words: string;
}

/** "decoder.1 H2 · H / ln n 0.68" for the head that a view shows; the site alone before a capture. */
export function headWords(view: View): string {
  const { state } = view.document;
  const { selection } = view;
  if (state.status !== "ready" || !selection) return selectedSite(view)?.name ?? "";
  const site = state.capture.sites[selection.site];
  if (!site) return "";
  const oneComponent = new Set(state.capture.sites.map(({ component }) => component)).size <= 1;
  const { head } = selection;
  if (typeof head !== "number") {
    const which = head === "mean" ? "mean of heads" : `mean of heads ${head.join(", ")}`;
    return `${site.name} · ${which}`;
  }
  const name = selection.metric ?? "normalisedEntropy";
  const value = figure(site.figures[selection.batch]?.[head]?.[name]);
  const { short, unit } = metrics[name];
  return `${headName(site, head, oneComponent)} · ${short} ${value}${unit && value !== "—" ? ` ${unit}` : ""}`;
}

export class SourceLink extends DisposableBase {
  readonly #views: Views;
  readonly #finder = this.register(new SourceFinder());
  readonly #mark = this.register(
    vscode.window.createTextEditorDecorationType({
      isWholeLine: true,
      backgroundColor: new vscode.ThemeColor("editor.rangeHighlightBackground"),
      borderColor: new vscode.ThemeColor("focusBorder"),
      borderStyle: "solid",
      borderWidth: "0 0 0 2px",
      overviewRulerColor: new vscode.ThemeColor("focusBorder"),
      overviewRulerLane: vscode.OverviewRulerLane.Center,
      after: { margin: "0 0 0 2em", color: new vscode.ThemeColor("editorCodeLens.foreground") },
    }),
  );
  /** The file that was revealed for a view. */
  readonly #revealed = new WeakMap<View, vscode.Uri>();
  #place: Place | undefined;
  #turn = 0;

  constructor(views: Views) {
    super();
    this.#views = views;
    const failed = () => this.#draw(undefined);
    this.register(views.onDidSelect((view) => void this.#follow(view).catch(failed)));
    this.register(
      views.onDidChange(() => {
        const { current } = views;
        if (current) void this.#follow(current).catch(failed);
        else this.#draw(undefined);
      }),
    );
    // An editor that comes into sight is marked and not scrolled: a person has gone to a place in it.
    this.register(vscode.window.onDidChangeVisibleTextEditors(() => this.#draw(this.#place)));
  }

  /** Reveal the line of the selected site beside the view; the view keeps the keyboard. */
  async goToSource(view: View): Promise<void> {
    const site = selectedSite(view);
    if (!site?.source) {
      void vscode.window.showInformationMessage(
        `The export kept no source line for ${site?.name ?? view.document.name}. ` +
          "torch.onnx.export(…, dynamo=True) keeps them.",
      );
      return;
    }
    this.#finder.forget();
    const place = await this.#placeOf(view, site);
    if (!place) {
      throw new AttentionError("fileNotFound", `${site.source.file} is not in this workspace`, {
        fix: "Open the folder that holds the model's source.",
      });
    }
    await this.#show(view, place);
  }

  async #placeOf(view: View, site: Site): Promise<Place | undefined> {
    if (!site.source) return undefined;
    const uri = await this.#finder.find(site.source.file, view.uri.fsPath);
    return uri && { uri, line: Math.max(0, site.source.line - 1), words: headWords(view) };
  }

  async #follow(view: View): Promise<void> {
    if (view !== this.#views.current) return;
    const turn = ++this.#turn;
    const site = selectedSite(view);
    const place = site && (await this.#placeOf(view, site));
    if (turn !== this.#turn || this.disposed) return;
    const moved = place?.line !== this.#place?.line || String(place?.uri) !== String(this.#place?.uri);
    this.#draw(place);
    if (!place || !moved) return;
    const editor = editorOf(place.uri);
    if (editor) return editor.revealRange(lineOf(editor, place), IN_CENTRE);
    // Another file than the one that was revealed; one that was closed stays closed.
    const revealed = this.#revealed.get(view);
    if (revealed && editorOf(revealed)) await this.#show(view, place);
  }

  async #show(view: View, place: Place): Promise<void> {
    const document = await vscode.workspace.openTextDocument(place.uri);
    const line = document.lineAt(Math.min(place.line, document.lineCount - 1));
    const start = line.range.start.translate(0, line.firstNonWhitespaceCharacterIndex);
    this.#revealed.set(view, place.uri);
    await vscode.window.showTextDocument(document, {
      viewColumn: this.#columnFor(view, place.uri),
      preserveFocus: true,
      selection: new vscode.Range(start, start),
    });
    this.#draw(place);
  }

  /** Where the file is open, else a group beside the view's; never on top of the view. */
  #columnFor(view: View, uri: vscode.Uri): vscode.ViewColumn {
    const shown = editorOf(uri)?.viewColumn;
    if (shown !== undefined) return shown;
    const others = vscode.window.tabGroups.all.filter(({ viewColumn }) => viewColumn !== view.column);
    const holds = ({ tabs }: vscode.TabGroup) =>
      tabs.some(({ input }) => input instanceof vscode.TabInputText && String(input.uri) === String(uri));
    return (others.find(holds) ?? others[0])?.viewColumn ?? vscode.ViewColumn.Beside;
  }

  #draw(place: Place | undefined): void {
    if (this.disposed) return;
    this.#place = place;
    for (const editor of vscode.window.visibleTextEditors) {
      const here = place && String(editor.document.uri) === String(place.uri);
      const after = { contentText: place?.words ?? "" };
      editor.setDecorations(
        this.#mark,
        here ? [{ range: lineOf(editor, place), renderOptions: { after } }] : [],
      );
    }
  }
}

const IN_CENTRE = 2 satisfies vscode.TextEditorRevealType.InCenterIfOutsideViewport;

function editorOf(uri: vscode.Uri): vscode.TextEditor | undefined {
  return vscode.window.visibleTextEditors.find(({ document }) => String(document.uri) === String(uri));
}

function lineOf({ document }: vscode.TextEditor, place: Place): vscode.Range {
  return document.lineAt(Math.min(place.line, document.lineCount - 1)).range;
}
