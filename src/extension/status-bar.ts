/** The status bar item: what ran where, for the view that is current. */
import * as vscode from "vscode";
import { DisposableBase, DisposableSlot, type Disposable } from "./disposable";
import { statusText } from "./status-text";
import type { View, Views } from "./views";

export class StatusBar extends DisposableBase {
  readonly #item = this.register(
    vscode.window.createStatusBarItem("attentionLens.status", vscode.StatusBarAlignment.Right, 200),
  );
  readonly #listening = this.register(new DisposableSlot<Disposable>());
  readonly #views: Views;
  #view: View | undefined;

  constructor(views: Views) {
    super();
    this.#views = views;
    this.#item.name = "Attention Lens";
    this.register(views.onDidChange(() => this.#follow()));
  }

  #follow(): void {
    const view = this.#views.current;
    if (view !== this.#view) {
      this.#view = view;
      this.#listening.value = view?.document.onDidChange(() => this.#draw());
    }
    this.#draw();
  }

  #draw(): void {
    if (!this.#view) return this.#item.hide();
    const { text, tooltip, command, accessibleName } = statusText(this.#view.document.state);
    this.#item.text = text;
    this.#item.tooltip = tooltip.join("\n");
    this.#item.command = command;
    this.#item.accessibilityInformation = { label: accessibleName, role: "button" };
    this.#item.show();
  }
}
