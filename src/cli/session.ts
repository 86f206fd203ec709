/** An engine for the length of one command, with its progress on the terminal. */
import path from "node:path";
import { EngineClient } from "../client/engine-client";
import { AttentionError } from "../shared/errors";
import type { Phase } from "../shared/capture";
import { phaseLabels } from "../shared/capture";

/** Run `act` with an engine; the process is ended whatever happens. */
export async function withEngine<T>(act: (client: EngineClient) => Promise<T>): Promise<T> {
  const entry = path.join(__dirname, "../engine/main.cjs");
  const log: string[] = [];
  const client = new EngineClient({
    entry,
    trusted: true,
    nodePath: process.env["ATTENTION_LENS_NODE"],
    log: (line) => {
      log.push(line);
      if (process.env["ATTENTION_LENS_VERBOSE"]) console.error(line);
    },
  });
  const bar = progressBar();
  client.onProgress = bar.show;
  try {
    return await act(client);
  } catch (error) {
    bar.clear();
    const last = log.filter((line) => line.trim()).slice(-3);
    if (error instanceof AttentionError && error.code === "engineCrashed" && last.length > 0)
      console.error(last.join("\n"));
    throw error;
  } finally {
    bar.clear();
    client.dispose();
  }
}

function progressBar(): { show: (phases: readonly Phase[]) => void; clear: () => void } {
  const terminal = process.stderr.isTTY;
  return {
    show: (phases) => {
      if (!terminal) return;
      const done = phases.filter((phase) => phase.state === "done").length;
      const active = phases.find((phase) => phase.state === "active");
      const filled = Math.round((done / phases.length) * 20);
      const words = active ? `${phaseLabels[active.name]} ${active.detail}` : "";
      process.stderr.write(
        `\r\x1b[2K[${"=".repeat(filled)}${" ".repeat(20 - filled)}] ${words}`.slice(
          0,
          (process.stderr.columns ?? 80) + 5,
        ),
      );
    },
    clear: () => {
      if (terminal) process.stderr.write("\r\x1b[2K");
    },
  };
}

/** A path that the person gave, as seen from where the command runs. */
export function resolvePath(file: string): string {
  return path.resolve(file);
}
