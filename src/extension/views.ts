/** The live views, and which of them commands and the status bar are about. Keeps the context keys. */
import * as vscode from "vscode";
import type { ViewCommand } from "../shared/protocol";
import type { AttentionDocument } from "./document";
import { DisposableBase, type Disposable } from "./disposable";

export const viewType = "attentionLens.editor";

export interface View {
  readonly uri: vscode.Uri;
  readonly document: AttentionDocument;
  /** Whether its editor is the active one. */
  readonly active: boolean;
  readonly visible: boolean;
  sendCommand(command: ViewCommand): void;
}

export class Views extends DisposableBase {
  readonly #views = new Set<View>();
  readonly #changed = this.register(new vscode.EventEmitter<void>());
  #last: View | undefined;

  /** Views came, went, or became active. */
  readonly onDidChange = this.#changed.event;

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

  /** Read the views' visibility again. */
  update(): void {
    if (this.disposed) return;
    this.#last = this.active ?? this.#last;
    // Keybindings ask for `focus` and, in package.json, that no input of the workbench has the keyboard.
    void vscode.commands.executeCommand("setContext", "attentionLens.focus", this.active !== undefined);
    void vscode.commands.executeCommand("setContext", "attentionLens.open", this.current !== undefined);
    this.#changed.fire();
  }
}
