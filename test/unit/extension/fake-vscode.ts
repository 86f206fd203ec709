/**
 * As much of the `vscode` module as the host uses, by hand: a test replaces the module by this one with `vi.mock`
 * and reads what was shown, run and created from `seen`.
 */
import path from "node:path";

type Listener<T> = (event: T) => unknown;

export class EventEmitter<T> {
  readonly #listeners = new Set<Listener<T>>();
  event = (listener: Listener<T>) => {
    this.#listeners.add(listener);
    return { dispose: () => void this.#listeners.delete(listener) };
  };
  fire = (event: T) => [...this.#listeners].forEach((listener) => listener(event));
  dispose = () => this.#listeners.clear();
  get listeners(): number {
    return this.#listeners.size;
  }
}

export class Disposable {
  static from = (...all: { dispose(): unknown }[]) =>
    new Disposable(() => all.forEach((one) => one.dispose()));
  constructor(readonly dispose: () => void) {}
}

export class Uri {
  static file = (file: string) => new Uri("file", file);
  static parse = (text: string) => new Uri(text.split(":")[0]!, text.slice(text.indexOf(":") + 1));
  static joinPath = (base: Uri, ...parts: string[]) =>
    new Uri(base.scheme, path.posix.join(base.path, ...parts));
  constructor(
    readonly scheme: string,
    readonly path: string,
  ) {}
  get fsPath(): string {
    return this.path;
  }
  toString(): string {
    return `${this.scheme}://${this.path}`;
  }
}

export class RelativePattern {
  constructor(
    readonly base: Uri,
    readonly pattern: string,
  ) {}
}

export class TabInputText {
  constructor(readonly uri: Uri) {}
}
export class TabInputTextDiff {
  readonly diff = true;
}
export class TabInputCustom {
  constructor(
    readonly uri: Uri,
    readonly viewType: string,
  ) {}
}

export const ViewColumn = { Active: -1, Beside: -2, One: 1, Two: 2 } as const;
export const ConfigurationTarget = { Global: 1, Workspace: 2, WorkspaceFolder: 3 } as const;
export const StatusBarAlignment = { Left: 1, Right: 2 } as const;

class FileWatcher {
  readonly changed = new EventEmitter<Uri>();
  disposed = false;
  onDidChange = this.changed.event;
  onDidCreate = this.changed.event;
  onDidDelete = this.changed.event;
  dispose = () => (this.disposed = true);
  constructor(readonly pattern: RelativePattern) {}
}

interface Message {
  kind: "information" | "error";
  text: string;
  buttons: string[];
}
interface Tab {
  input: unknown;
}

const trusted = new EventEmitter<void>();
const configured = new EventEmitter<{ affectsConfiguration(section: string): boolean }>();

/** What the host did, and what it will be answered. */
export const seen = {
  messages: [] as Message[],
  executed: [] as unknown[][],
  contexts: {} as Record<string, unknown>,
  watchers: [] as FileWatcher[],
  picks: [] as { items: readonly unknown[]; options: unknown }[],
  shown: [] as string[],
  registered: new Map<string, (...given: unknown[]) => unknown>(),
  statusBar: { text: "", tooltip: "", command: "", visible: false },
  /** The button that is pressed in the next message. */
  press: undefined as string | undefined,
  pick: (() => undefined) as (items: readonly unknown[]) => unknown,
  found: [] as Uri[],
  settings: {} as Record<string, unknown>,
  written: [] as unknown[][],
  activeTab: undefined as Tab | undefined,
  groups: [] as { viewColumn: number; tabs: Tab[] }[],
  grantTrust() {
    workspace.isTrusted = true;
    trusted.fire();
  },
  set(name: string, value: unknown) {
    seen.settings[name] = value;
    configured.fire({ affectsConfiguration: (section) => `attentionLens.${name}`.startsWith(section) });
  },
  get listeners() {
    return trusted.listeners + configured.listeners;
  },
  reset() {
    Object.assign(seen, { messages: [], executed: [], contexts: {}, watchers: [], picks: [], shown: [] });
    Object.assign(seen, { press: undefined, pick: () => undefined, found: [], settings: {}, written: [] });
    Object.assign(seen, { activeTab: undefined, groups: [] });
    seen.registered.clear();
    workspace.isTrusted = true;
    workspace.workspaceFolders = undefined;
    window.activeTextEditor = undefined;
  },
};

const message =
  (kind: Message["kind"]) =>
  async (text: string, ...buttons: string[]) => {
    seen.messages.push({ kind, text, buttons });
    const { press } = seen;
    seen.press = undefined;
    return press !== undefined && buttons.includes(press) ? press : undefined;
  };

export const workspace = {
  isTrusted: true,
  workspaceFolders: undefined as { uri: Uri }[] | undefined,
  onDidGrantWorkspaceTrust: trusted.event,
  onDidChangeConfiguration: configured.event,
  getConfiguration: () => ({
    get: (name: string) => seen.settings[name],
    inspect: (name: string) => ({ workspaceValue: seen.settings[`workspace:${name}`] }),
    update: async (...given: unknown[]) => void seen.written.push(given),
  }),
  createFileSystemWatcher: (pattern: RelativePattern) => {
    const watcher = new FileWatcher(pattern);
    seen.watchers.push(watcher);
    return watcher;
  },
  findFiles: async () => seen.found,
  asRelativePath: (uri: Uri) => uri.path.replace(/^\/work\//, ""),
  openTextDocument: async ({ content }: { content: string }) => ({ content }),
};

export const window = {
  activeTextEditor: undefined as { document: { uri: Uri } } | undefined,
  tabGroups: {
    get activeTabGroup() {
      return { activeTab: seen.activeTab };
    },
    get all() {
      return seen.groups;
    },
  },
  showInformationMessage: message("information"),
  showErrorMessage: message("error"),
  showQuickPick: async (items: readonly unknown[] | Promise<readonly unknown[]>, options: unknown) => {
    const all = await items;
    seen.picks.push({ items: all, options });
    return seen.pick(all);
  },
  showTextDocument: async (document: Uri | { content: string }) => {
    seen.shown.push(document instanceof Uri ? document.toString() : document.content);
  },
  setStatusBarMessage: (text: string) => void seen.shown.push(text),
  createStatusBarItem: () =>
    Object.assign(seen.statusBar, {
      show: () => (seen.statusBar.visible = true),
      hide: () => (seen.statusBar.visible = false),
      dispose: () => (seen.statusBar.visible = false),
    }),
};

export const commands = {
  registerCommand: (name: string, act: (...given: unknown[]) => unknown) => {
    seen.registered.set(name, act);
    return new Disposable(() => void seen.registered.delete(name));
  },
  executeCommand: async (...given: unknown[]) => {
    if (given[0] === "setContext") seen.contexts[String(given[1])] = given[2];
    else seen.executed.push(given);
  },
};
