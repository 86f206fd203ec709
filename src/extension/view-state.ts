/** *Open View State*: shows a model as somebody else, or oneself earlier, looked at it. */
import * as vscode from "vscode";
import { captureOf } from "./choose-in-view";
import type { View } from "./views";

/** Longest text that a view takes. */
const LONGEST = 100_000;

/** What is wrong with a text that is to be a view state; undefined when nothing is. */
export function problemOf(text: string): string | undefined {
  if (text.length > LONGEST) return "This is too long for a view state.";
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && "selection" in value) return undefined;
  } catch {
    // Said below.
  }
  return "This is no view state: paste what Attention: Copy View State has copied.";
}

export async function openViewState(view: View): Promise<void> {
  captureOf(view);
  const copied = await Promise.resolve(vscode.env.clipboard.readText()).catch(() => "");
  const text = await vscode.window.showInputBox({
    title: `Open View State in ${view.document.name}`,
    prompt: "JSON that Attention: Copy View State has copied",
    // The field has one line.
    value: problemOf(copied) === undefined ? JSON.stringify(JSON.parse(copied)) : "",
    validateInput: problemOf,
  });
  if (text !== undefined) view.apply({ viewState: text });
}
