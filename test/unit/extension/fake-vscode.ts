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

export class ThemeColor {
  constructor(readonly id: string) {}
}
export class Position {
  constructor(
    readonly line: number,
    readonly character: number,
  ) {}
  translate = (lines: number, characters: number) =>
    new Position(this.line + lines, this.character + characters);
}
export class Range {
  constructor(
    readonly start: Position,
    readonly end: Position,
  ) {}
}

/** An editor of a text of so many lines, each indented by four. */
export class FakeEditor {
  decorations: { range: Range; renderOptions: { after: { contentText: string } } }[] = [];
  readonly revealed: number[] = [];
  readonly document;
  constructor(
    uri: Uri,
    readonly viewColumn: number,
    lineCount = 200,
  ) {
    this.document = fakeText(uri, lineCount);
  }
  setDecorations = (_type: unknown, decorations: FakeEditor["decorations"]) =>
    (this.decorations = decorations);
  revealRange = (range: Range) => this.revealed.push(range.start.line);
}

const fakeText = (uri: Uri, lineCount: number) => ({
  uri,
  lineCount,
  lineAt: (line: number) => ({
    range: new Range(new Position(line, 0), new Position(line, 20)),
    firstNonWhitespaceCharacterIndex: 4,
  }),
});

export const OverviewRulerLane = { Center: 2 } as const;
export const ProgressLocation = { Window: 10 } as const;
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
const foldersChanged = new EventEmitter<void>();
const editorsChanged = new EventEmitter<void>();
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
  /** What the next save dialogs answer, and what they asked. */
  saveAs: [] as (Uri | undefined)[],
  saves: [] as { title: string; defaultUri: Uri; filters: object }[],
  /** What the next input box answers to its value. */
  input: ((value: string) => value) as (value: string) => string | undefined,
  clipboard: "",
  /** Editors that were shown, with how. */
  reveals: [] as { uri: Uri; options: { viewColumn: number; preserveFocus: boolean; selection: Range } }[],
  showEditors(...editors: FakeEditor[]) {
    window.visibleTextEditors = editors;
    editorsChanged.fire();
  },
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
    return trusted.listeners + configured.listeners + foldersChanged.listeners + editorsChanged.listeners;
  },
  reset() {
    Object.assign(seen, { messages: [], executed: [], contexts: {}, watchers: [], picks: [], shown: [] });
    Object.assign(seen, { press: undefined, pick: () => undefined, found: [], settings: {}, written: [] });
    Object.assign(seen, { activeTab: undefined, groups: [], saveAs: [], saves: [], reveals: [] });
    Object.assign(seen, { clipboard: "", input: (value: string) => value });
    window.visibleTextEditors = [];
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
  onDidChangeWorkspaceFolders: foldersChanged.event,
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
  getWorkspaceFolder: (uri: Uri) =>
    workspace.workspaceFolders?.find((folder) => uri.path.startsWith(`${folder.uri.path}/`)),
  asRelativePath: (uri: Uri) => uri.path.replace(/^\/project\//, ""),
  openTextDocument: async (what: Uri | { content: string }) =>
    what instanceof Uri ? fakeText(what, 200) : what,
};

export const window = {
  activeTextEditor: undefined as { document: { uri: Uri } } | undefined,
  visibleTextEditors: [] as FakeEditor[],
  onDidChangeVisibleTextEditors: editorsChanged.event,
  createTextEditorDecorationType: () => ({ dispose: () => undefined }),
  withProgress: (_options: unknown, act: () => Promise<unknown>) => act(),
  showSaveDialog: async (options: (typeof seen.saves)[number]) => {
    seen.saves.push(options);
    return seen.saveAs.length > 0 ? seen.saveAs.shift() : options.defaultUri;
  },
  showInputBox: async ({ value }: { value: string }) => seen.input(value),
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
  showTextDocument: async (
    document: Uri | { content: string } | { uri: Uri },
    options: (typeof seen.reveals)[number]["options"],
  ) => {
    if (document instanceof Uri) seen.shown.push(document.toString());
    else if ("content" in document) seen.shown.push(document.content);
    else {
      seen.reveals.push({ uri: document.uri, options });
      const same = window.visibleTextEditors.some(
        (editor) => String(editor.document.uri) === String(document.uri),
      );
      if (!same)
        seen.showEditors(...window.visibleTextEditors, new FakeEditor(document.uri, options.viewColumn));
    }
  },
  setStatusBarMessage: (text: string) => void seen.shown.push(text),
  createStatusBarItem: () =>
    Object.assign(seen.statusBar, {
      show: () => (seen.statusBar.visible = true),
      hide: () => (seen.statusBar.visible = false),
      dispose: () => (seen.statusBar.visible = false),
    }),
};

export const env = {
  clipboard: {
    readText: async () => seen.clipboard,
    writeText: async (text: string) => void (seen.clipboard = text),
  },
  shell: "/bin/bash",
  remoteName: undefined,
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
