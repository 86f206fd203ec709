/**
 * `attention-lens capture MODEL --steps all --pass all --out-dir D`: a file for each step and pass; what is there
 * already is not made again.
 */
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import type { EngineClient } from "../client/engine-client";
import { bytes, count } from "../shared/format";
import type { CaptureRequest } from "../shared/protocol";
import { type AskedRuns, firstPlace, placesOf, requestAt, type RunPlace } from "./captures";

export interface FolderResult {
  readonly written: number;
  /** Files that were whole and made in the same way. */
  readonly skipped: number;
  /** Files that were there and were not: another model, input or option, or cut short. */
  readonly replaced: number;
}

interface Counted {
  readonly name: string;
  readonly count: number;
}

/** How many steps and passes the input has; null where it has no such axis. */
export interface RunCounts {
  readonly steps: Counted | null;
  readonly passes: Counted | null;
}

/** The file of a step, a pass, or a pass of a step: numbers of one width, so that names are in order. */
export function placeFile(folder: string, { step, pass }: RunPlace, { steps, passes }: RunCounts): string {
  const part = (name: string, place: number | null, total: Counted | null) =>
    place === null ? [] : [`${name}_${String(place).padStart(String((total?.count ?? 1) - 1).length, "0")}`];
  const parts = [...part("step", step, steps), ...part("pass", pass, passes)];
  return path.join(folder, `${parts.join("_")}.npz`);
}

/**
 * Writes one npz for each step and pass that is asked for (all steps where neither is), each whole or not at all, so
 * that a second call goes on where the first was ended.
 * @param told called with a line for each file
 */
export async function captureToFolder(
  client: EngineClient,
  request: CaptureRequest,
  asked: AskedRuns,
  { folder, command }: { readonly folder: string; readonly command: string },
  told: (line: string) => void,
): Promise<FolderResult> {
  mkdirSync(folder, { recursive: true });
  const counts = await countsOf(client, request, asked, folder);
  // Passes alone are asked for of an input that has no steps.
  const all = asked.pass === undefined || counts.steps ? "all" : undefined;
  const steps = placesOf(asked.steps ?? all, "steps", counts.steps);
  const passes = placesOf(asked.pass, "pass", counts.passes);
  const places = steps.flatMap((step) => passes.map((pass) => ({ step, pass })));
  let [written, skipped, replaced] = [0, 0, 0];
  for (const place of places) {
    const file = placeFile(folder, place, counts);
    const there = existsSync(file);
    if (there && (await client.isWritten({ request: requestAt(request, place), file })).same) {
      skipped += 1;
      continue;
    }
    const { recording } = await client.capture(requestAt(request, place));
    // A loop ends before the memory is full: what it did not come to is not written.
    if (place.pass !== null) placesOf([place.pass], "pass", recording.passes);
    const { bytes: size } = await client.writeData({ format: "npz", file, command });
    written += 1;
    if (there) replaced += 1;
    told(`${path.basename(file)}: ${bytes(size)} (${count(written + skipped)} of ${count(places.length)})`);
  }
  return { written, skipped, replaced };
}

/** Of a recording and a loop without a run; a generation is made to know how far it goes. */
async function countsOf(
  client: EngineClient,
  request: CaptureRequest,
  asked: AskedRuns,
  folder: string,
): Promise<RunCounts> {
  const first = requestAt(request, firstPlace({ ...asked, steps: asked.steps ?? "all" }));
  const known = first.input?.generate
    ? null
    : await client.isWritten({ request: first, file: path.join(folder, "none") });
  if (known && (known.steps ?? known.passes)) return known;
  return (await client.capture(first)).recording;
}

/** "38 files were written, 2 of them anew; 12 were skipped: …". */
export function folderWords({ written, skipped, replaced }: FolderResult): string {
  const files = (number: number): string => `${count(number)} ${number === 1 ? "file" : "files"}`;
  const anew = replaced > 0 ? `, ${count(replaced)} in place of one of another recipe or cut short` : "";
  const kept =
    skipped > 0 ? ` ${files(skipped)} skipped: whole, and of the same model, input and options.` : "";
  return `${files(written)} written${anew}.${kept}`;
}
