/**
 * Steps of an episode of which there are frames alone (a folder of pictures, a GIF, a video) and no array that counts
 * them; and what is to be said where there are not as many frames as steps.
 */
import path from "node:path";
import { AttentionError } from "../../shared/errors";
import { counted } from "../../shared/format";
import type { InputChoice } from "../../shared/input-choice";
import { insideFolder } from "../../inputs/manifest/paths";
import type { Manifest } from "../../inputs/manifest/schema";
import { frameFiles } from "../../inputs/pictures";
import type { RecordedInput } from "../../inputs/recorded-input";
import { frameCountOf } from "../../inputs/video/frames";
import type { OpenModel } from "../model/open-model";

/** Frames that follow each other, by the name of the camera or input. */
interface FrameSource {
  readonly name: string;
  /** As the manifest writes it. */
  readonly place: string;
  readonly isVideo: boolean;
}

/**
 * What was read of a recording, with as many steps as the fewest of its frames, where arrays tell none.
 * @param read null where the manifest names frames and nothing else is recorded
 * @param fill names of the sample that is shown, put into a path
 */
export async function withFrameSteps(
  read: RecordedInput | null,
  { manifest }: Pick<OpenModel, "manifest">,
  said: Manifest | undefined,
  choice: InputChoice | null,
  fill: (named: string) => string,
): Promise<RecordedInput | null> {
  const sources = frameSources(said);
  if (!said?.steps || !manifest || sources.length === 0 || choice?.synthetic) return read;
  const folder = path.dirname(manifest.path);
  const countOf = (source: FrameSource) => frameCount(insideFolder(folder, fill(source.place)), source);
  const steps = read?.chosen.steps;
  if (steps) return { ...read, notices: [...read.notices, ...(await mismatches(sources, steps, countOf))] };
  const counts = (await Promise.all(sources.map(countOf))).filter((count) => count !== null);
  if (counts.length === 0) return read;
  const { axis, first = 0 } = said.steps;
  const count = Math.min(...counts);
  const index = choice?.step ?? Math.min(first, count - 1);
  if (index >= count)
    throw new AttentionError("inputMissing", `There is no ${axis} ${index}; there are ${count}, from 0.`, {
      fix: "Choose one of these.",
    });
  const base = read ?? framesAlone;
  const own = { name: axis, count, index };
  return {
    ...base,
    notices: [...base.notices, ...(await mismatches(sources, own, countOf))],
    chosen: { ...base.chosen, steps: own },
  };
}

const framesAlone: RecordedInput = {
  given: new Map(),
  arrays: [],
  notices: [],
  chosen: { samples: null, episodes: [], episode: null, steps: null, passes: null, values: [] },
};

/** Whether a manifest names frames that could be steps. */
export const namesFrames = (said: Manifest | undefined): boolean => frameSources(said).length > 0;

/** Frames by cameras and of inputs; not those of which the manifest names one, or each by its step. */
function frameSources(said: Manifest | undefined): FrameSource[] {
  const named = [...Object.entries(said?.steps?.frames ?? {}), ...Object.entries(said?.inputs?.arrays ?? {})];
  const places = new Set<string>();
  return named.flatMap(([name, source]) => {
    if (typeof source !== "object" || !("frames" in source || "video" in source)) return [];
    const place = "video" in source ? source.video : source.frames;
    if (place.includes("{step}") || ("frame" in source && source.frame !== undefined) || places.has(place))
      return [];
    places.add(place);
    return [{ name, place, isVideo: "video" in source }];
  });
}

/** Null where a video's container does not tell it. */
async function frameCount(file: string, { isVideo }: FrameSource): Promise<number | null> {
  return isVideo ? frameCountOf(file) : (await frameFiles(file)).count;
}

/** A frame more than steps is what came after the last action. */
async function mismatches(
  sources: readonly FrameSource[],
  { count }: { readonly count: number },
  countOf: (source: FrameSource) => Promise<number | null>,
): Promise<string[]> {
  const said: string[] = [];
  for (const source of sources) {
    // What is wrong with them is said where one of them is read.
    const frames = await countOf(source).catch(() => null);
    if (frames === null || frames === count || frames === count + 1) continue;
    said.push(
      `${source.name}: ${source.place} has ${counted(frames, "frame")} for ${counted(count, "step")}; ` +
        (frames < count ? `from ${frames} on there is no picture.` : "what is over is not shown."),
    );
  }
  return said;
}
