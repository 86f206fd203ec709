/** The log of the extension: the *Attention Lens* channel of the Output panel. */
import * as vscode from "vscode";

/** What parts without `vscode` need of the log. */
export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export function createLog(): vscode.LogOutputChannel {
  return vscode.window.createOutputChannel("Attention Lens", { log: true });
}

/** A line of a terminal without its colours: ONNX Runtime writes them whatever it writes to. */
export function plainText(line: string): string {
  // eslint-disable-next-line no-control-regex -- the escape character is what is looked for
  return line.replace(/\u001b\[[0-9;]*[A-Za-z]/g, "").trimEnd();
}
