/** The live views, and which of them commands and the status bar are about. Keeps the context keys. */
import * as vscode from "vscode";
import type * as z from "zod";
import type { Site } from "../shared/model";
import type { hostNotifications, ViewCommand, viewNotifications } from "../shared/protocol";
import type { AttentionDocument } from "./document";
import { DisposableBase, type Disposable } from "./disposable";

export const viewType = "attentionLens.editor";

/** What a view has told of itself last. */
export type ViewSelection = z.output<typeof viewNotifications.selected>;
/** What can be chosen in a view from outside. */
export type ViewChoice = z.output<typeof hostNotifications.apply>;

export interface View {
  readonly uri: vscode.Uri;
  readonly document: AttentionDocument;
  /** Whether its editor is the active one. */
  readonly active: boolean;
  readonly visible: boolean;
  readonly column: vscode.ViewColumn | undefined;
  /** undefined before the view has drawn a capture. */
  readonly selection: ViewSelection | undefined;
  sendCommand(command: ViewCommand): void;
  apply(choice: ViewChoice): void;
  /** Selection and view as JSON text, as `apply` takes them; null when the page does not answer. */
  readState(): Promise<string | null>;
}

/** The site that a view shows; before a capture, the model's first. */
export function selectedSite(view: View): Site | undefined {
  const { state } = view.document;
  const sites = state.status === "ready" ? state.capture.sites : state.model?.sites;
  return sites?.[view.selection?.site ?? 0];
}

export class Views extends DisposableBase {
  readonly #views = new Set<View>();
  readonly #changed = this.register(new vscode.EventEmitter<void>());
  readonly #selected = this.register(new vscode.EventEmitter<View>());
  #last: View | undefined;

  /** Views came, went, or became active. */
  readonly onDidChange = this.#changed.event;
  /** A view shows another head, another site, or another capture. */
  readonly onDidSelect = this.#selected.event;

  /** The active view; when a source file is active, the view that was active last, if it is still seen. */
  get current(): View | undefined {
    const views = [...this.#views];
    const active = views.find((view) => view.active);
    if (active) return active;
    if (this.#last?.visible) return this.#last;
    return views.find((view) => view.visible);
  }

  /** The view whose editor is the active editor. */
  get active(): View | undefined {
    return [...this.#views].find((view) => view.active);
  }

  /** The view that a command was called with, else the current one. */
  of(argument: unknown): View | undefined {
    return [...this.#views].find((view) => view === argument) ?? this.current;
  }

  add(view: View): Disposable {
    this.#views.add(view);
    this.update();
    return {
      dispose: () => {
        this.#views.delete(view);
        if (this.#last === view) this.#last = undefined;
        this.update();
      },
    };
  }

  /** A view has told its selection, or its document has another state. */
  selected(view: View): void {
    if (this.disposed || !this.#views.has(view)) return;
    this.#setContext();
    this.#selected.fire(view);
  }

  /** Read the views' visibility again. */
  update(): void {
    if (this.disposed) return;
    this.#last = this.active ?? this.#last;
    this.#setContext();
    this.#changed.fire();
  }

  /** Keybindings ask for `focus` and, in package.json, that no input of the workbench has the keyboard. */
  #setContext(): void {
    const { current } = this;
    const source = current !== undefined && Boolean(selectedSite(current)?.source);
    const keys = {
      focus: this.active !== undefined,
      open: current !== undefined,
      captured: current?.document.state.status === "ready",
      source,
    };
    for (const [key, value] of Object.entries(keys)) {
      void vscode.commands.executeCommand("setContext", `attentionLens.${key}`, value);
    }
  }
}
