/** What a file of maps was made of, as one hash: whether it would come out the same if it were made again. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import path from "node:path";
import type { AxisOfRuns } from "../../shared/input-choice";
import type { CaptureRequest } from "../../shared/protocol";
import { type Provenance, provenanceSchema } from "../../shared/provenance";
import { npzFile } from "../../inputs/files/array-file";
import { diskFile } from "../../inputs/files/byte-file";
import { countOf } from "../../inputs/files/lazy-arrays";
import { readZipComment } from "../../inputs/files/zip";
import { inputOf } from "../inputs/input-of-request";
import { loopPasses } from "../sequences/loop-feeds";
import type { OpenModel } from "../model/open-model";
import type { Phases } from "../phases";
import { hashedModel, inputHash, ownVersion } from "./provenance";

/** Files beside a model that decide what texts and pictures become, and when a text ends. */
const COMPANIONS = ["tokenizer.json", "preprocessor_config.json", "config.json", "generation_config.json"];

/** @param inputSha256 hash of the files that were read for the input */
export function recipeOf(
  opened: OpenModel,
  { input, sites, scores, provider, providerOrder }: CaptureRequest,
  inputSha256: string | null,
): string {
  const folder = path.dirname(opened.file.path);
  const beside = [folder, path.dirname(folder)]
    .flatMap((place) => COMPANIONS.map((name) => path.join(place, name)))
    .filter((file) => existsSync(file));
  const manifest = opened.manifest ? [opened.manifest.path] : [];
  // Where the files lie does not matter, only what is in them.
  const places = new Set(["file", "images", "video"]);
  const choice = Object.entries(input ?? {})
    .filter(([name, value]) => !places.has(name) && value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const frame = input?.video?.frame ?? null;
  const { sha256, weights } = hashedModel(opened);
  const facts = [ownVersion(), sha256, weights.map((each) => each.sha256), inputSha256];
  const options = [choice, frame, sites, scores === true, provider, providerOrder];
  return createHash("sha256")
    .update(JSON.stringify([facts, inputHash([...manifest, ...beside]), options]))
    .digest("hex");
}

type Runs = Pick<AxisOfRuns, "name" | "count">;

/** Whether a file is whole and of the very recipe of a request, and the input's steps and passes. Nothing is run. */
export async function isWritten(
  opened: OpenModel,
  request: CaptureRequest,
  file: string,
  phases: Phases,
): Promise<{ same: boolean; steps: Runs | null; passes: Runs | null }> {
  const input = await inputOf(opened, request, phases);
  try {
    const { steps, passes } = input.recording;
    const recipe = recipeOf(opened, request, inputHash(input.files));
    return {
      same: provenanceIn(file)?.recipe === recipe,
      steps: steps && { name: steps.name, count: steps.count },
      passes: passes ? { name: passes.name, count: passes.count } : loopPasses(opened),
    };
  } finally {
    input.close();
  }
}

/** The provenance of a file of maps; null where there is no such file, or it is not whole. */
function provenanceIn(file: string): Provenance | null {
  if (!existsSync(file)) return null;
  try {
    const bytes = diskFile(file, path.basename(file));
    try {
      // What its list and headers promise is there to the last value.
      const archive = npzFile(bytes);
      for (const [name, { dims }] of archive.headers)
        if (dims.length > 0 && countOf(dims) > 0)
          archive.read(
            name,
            dims.map((dim, axis) => ({ axis, indices: [dim - 1] })),
          );
      return provenanceSchema.parse(JSON.parse(readZipComment(bytes)));
    } finally {
      bytes.close();
    }
  } catch {
    // Cut short, or no file of maps: it is written anew.
    return null;
  }
}
