/** `attention-lens capture MODEL --steps all --out-dir D`: a file for each step; what is there already is not made again. */
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import type { EngineClient } from "../client/engine-client";
import { AttentionError } from "../shared/errors";
import { bytes, count } from "../shared/format";
import type { CaptureRequest } from "../shared/protocol";

export interface FolderResult {
  readonly written: number;
  /** Files that were whole and made in the same way. */
  readonly skipped: number;
  /** Files that were there and were not: another model, input or option, or cut short. */
  readonly replaced: number;
}

/** The file of a step: numbers of one width, so that names are in order. */
export function stepFile(folder: string, step: number, total: number): string {
  return path.join(folder, `step_${String(step).padStart(String(total - 1).length, "0")}.npz`);
}

/**
 * Writes one npz for each step, each whole or not at all, so that a second call goes on where the first was ended.
 * @param told called with a line for each file
 */
export async function captureToFolder(
  client: EngineClient,
  request: CaptureRequest,
  steps: readonly number[] | "all",
  { folder, command }: { readonly folder: string; readonly command: string },
  told: (line: string) => void,
): Promise<FolderResult> {
  mkdirSync(folder, { recursive: true });
  const at = (step: number): CaptureRequest => ({ ...request, input: { ...request.input, step } });
  const total = await stepsOf(client, at(steps === "all" ? 0 : (steps[0] ?? 0)), folder);
  const wanted = steps === "all" ? Array.from({ length: total }, (_, step) => step) : steps;
  const past = wanted.find((step) => step >= total);
  if (past !== undefined)
    throw new AttentionError("inputMissing", `There is no step ${past}; there are ${total}, from 0.`);
  let [written, skipped, replaced] = [0, 0, 0];
  for (const step of wanted) {
    const file = stepFile(folder, step, total);
    const there = existsSync(file);
    if (there && (await client.isWritten({ request: at(step), file })).same) {
      skipped += 1;
      continue;
    }
    await client.capture(at(step));
    const { bytes: size } = await client.writeData({ format: "npz", file, command });
    written += 1;
    if (there) replaced += 1;
    told(`${path.basename(file)}: ${bytes(size)} (${count(written + skipped)} of ${count(wanted.length)})`);
  }
  return { written, skipped, replaced };
}

/** Of a recording without a run; a generation is made to know how far it goes. */
async function stepsOf(client: EngineClient, first: CaptureRequest, folder: string): Promise<number> {
  const known = first.input?.generate
    ? null
    : (await client.isWritten({ request: first, file: path.join(folder, "none") })).count;
  const total = known ?? (await client.capture(first)).recording.steps?.count;
  if (total === undefined)
    throw new AttentionError("inputMissing", "The input has no steps.", {
      fix: "Name them in the manifest (steps.inputs), or make some with --generate.",
    });
  return total;
}

/** "38 files were written, 2 of them anew; 12 were skipped: …". */
export function folderWords({ written, skipped, replaced }: FolderResult): string {
  const files = (number: number): string => `${count(number)} ${number === 1 ? "file" : "files"}`;
  const anew = replaced > 0 ? `, ${count(replaced)} in place of one of another recipe or cut short` : "";
  const kept =
    skipped > 0 ? ` ${files(skipped)} skipped: whole, and of the same model, input and options.` : "";
  return `${files(written)} written${anew}.${kept}`;
}
