/** Finds the source file that an export names, in the workspace and never outside it, links resolved. */
import { realpath, stat } from "node:fs/promises";
import path from "node:path";
import * as vscode from "vscode";
import { DisposableBase } from "./disposable";
import { baseName, bestMatch, isInside, sourceCandidates } from "./source-path";

const EXCLUDE = "**/{node_modules,.git,__pycache__}/**";
/** Files of one name that are compared. */
const MOST_FOUND = 200;

async function workspaceFolders(): Promise<string[]> {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file");
  const real = folders.map(({ uri }) => realpath(uri.fsPath).catch(() => uri.fsPath));
  return [...new Set([...folders.map(({ uri }) => uri.fsPath), ...(await Promise.all(real))])];
}

/** Whether the file is there, and is inside the workspace also where links lead. */
async function isSourceFile(file: string, folders: readonly string[]): Promise<boolean> {
  try {
    const real = await realpath(file);
    return folders.some((folder) => isInside(real, folder)) && (await stat(real)).isFile();
  } catch {
    return false;
  }
}

/** A name as it may stand in a glob pattern: each special character as a class of its own. */
function globText(name: string): string {
  return name.replace(/[[\]{}*?!]/g, (character) =>
    character === "]" || character === "[" ? "?" : `[${character}]`,
  );
}

async function find(source: string, model: string): Promise<vscode.Uri | undefined> {
  const folders = await workspaceFolders();
  for (const candidate of sourceCandidates(source, model, folders)) {
    if (await isSourceFile(candidate, folders)) return vscode.Uri.file(candidate);
  }
  const name = baseName(source);
  if (name === "" || name === "..") return undefined;
  const found = await vscode.workspace.findFiles(`**/${globText(name)}`, EXCLUDE, MOST_FOUND);
  const paths = found.filter((uri) => uri.scheme === "file").map((uri) => path.normalize(uri.fsPath));
  const best = bestMatch(source, paths, model);
  return best !== undefined && (await isSourceFile(best, folders)) ? vscode.Uri.file(best) : undefined;
}

export class SourceFinder extends DisposableBase {
  readonly #known = new Map<string, Promise<vscode.Uri | undefined>>();

  constructor() {
    super();
    this.register(vscode.workspace.onDidChangeWorkspaceFolders(() => this.forget()));
  }

  /** Look again: files may have come or gone. */
  forget(): void {
    this.#known.clear();
  }

  find(source: string, model: string): Promise<vscode.Uri | undefined> {
    const key = `${source}\n${model}`;
    const known = this.#known.get(key);
    if (known) return known;
    const finding = find(source, model);
    this.#known.set(key, finding);
    finding.catch(() => this.#known.delete(key));
    return finding;
  }
}
