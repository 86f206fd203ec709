/** A loop of the manifest over passes: runs that feed each other, such as those of a denoising, each a capture. */
import { AttentionError } from "../../shared/errors";
import type { CaptureRequest } from "../../shared/protocol";
import type { NamedArray } from "../../inputs/arrays";
import type { ManifestLoop, ManifestPasses } from "../../inputs/manifest/steps-schema";
import { namedArray } from "../../inputs/manifest/values";
import { type CaptureResult, describeRun } from "../describe-run";
import type { ChosenInput } from "../inputs/choose-input";
import { fedInputs, fedOn, loopPasses, setValues } from "./loop-feeds";
import type { OpenModel } from "../model/open-model";
import { runSites } from "../run/run-sites";
import { memoryGuard, noteLast, type SequenceHost, stoppedAfter } from "./sequence-host";

export interface PassesRun {
  /** A capture for each pass. */
  readonly results: CaptureResult[];
  /** Outputs of the last pass that were asked for. */
  readonly made: ReadonlyMap<string, NamedArray>;
}

/**
 * @param first the input of the first pass
 * @param others outputs that the caller wants of the last pass
 */
export async function runLoop(
  opened: OpenModel,
  request: CaptureRequest,
  first: ChosenInput,
  loop: ManifestLoop,
  host: SequenceHost,
  others: readonly string[] = [],
): Promise<PassesRun> {
  const passes = opened.manifest?.manifest.passes;
  const known = loopPasses(opened);
  if (!known)
    throw new AttentionError("manifestInvalid", "Nothing says how many passes the loop makes.", {
      where: "loops.count",
      fix: "Give loops a count, or passes.",
    });
  const { name, count } = known;
  const fed = fedInputs(opened, loop);
  const labels = passWords(passes?.labels, first.arrays);
  const full = memoryGuard();
  const results: CaptureResult[] = [];
  let made: ReadonlyMap<string, NamedArray> = new Map();
  let feeds = new Map(first.feeds);
  for (let pass = 0; pass < count; pass++) {
    feeds = new Map([...feeds, ...setValues(loop, feeds, pass)]);
    const ran = await runSites(opened, request, feeds, {
      phases: host.phases,
      label: { name, done: pass, total: count },
      others: [...new Set([...fed.map(({ output }) => output), ...others])],
    });
    const axis = { name, count, index: pass };
    const label = labels?.[pass];
    const input: ChosenInput = {
      ...first,
      feeds,
      recording: { ...first.recording, passes: label === undefined ? axis : { ...axis, labels: [label] } },
    };
    results.push(describeRun(opened, request, input, ran, host.nextGeneration(), host.phases));
    made = ran.run.others;
    const ended =
      full(results) ?? (pass + 1 < count ? stoppedAfter(host, results.length, count, name) : null);
    if (ended !== null) noteLast(results, ended);
    if (ended !== null) break;
    feeds = new Map([...feeds, ...fedOn(opened, fed, feeds, made)]);
  }
  return { results, made };
}

/** The word of each pass: listed, or recorded. */
function passWords(
  labels: ManifestPasses["labels"],
  arrays: ChosenInput["arrays"],
): readonly string[] | undefined {
  if (labels === undefined || Array.isArray(labels)) return labels;
  const recorded = arrays.get(namedArray(labels).array);
  return recorded && Array.from(recorded.data as ArrayLike<unknown>, String);
}
