/** Gives a Lit element the theme and redraws it when VS Code switches to another. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { readTheme, type Theme, watchTheme } from "./theme";

let current: Theme | null = null;
const hosts = new Set<ReactiveControllerHost>();
let stop: (() => void) | null = null;

export class ThemeController implements ReactiveController {
  constructor(private readonly element: ReactiveControllerHost) {
    element.addController(this);
  }

  get theme(): Theme {
    return (current ??= readTheme());
  }

  hostConnected(): void {
    hosts.add(this.element);
    stop ??= watchTheme(() => {
      current = null;
      for (const host of hosts) host.requestUpdate();
    });
  }

  hostDisconnected(): void {
    hosts.delete(this.element);
    if (hosts.size > 0) return;
    stop?.();
    stop = null;
    current = null;
  }
}
