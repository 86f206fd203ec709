/** Steps of an episode of which there are frames alone: a folder of pictures, or a GIF, and no array that counts them. */
import path from "node:path";
import { AttentionError } from "../shared/errors";
import type { InputChoice } from "../shared/input-choice";
import { insideFolder } from "../inputs/manifest/paths";
import type { Manifest } from "../inputs/manifest/schema";
import { frameFiles } from "../inputs/pictures";
import type { RecordedInput } from "../inputs/recorded-input";
import type { OpenModel } from "./open-model";

/**
 * What was read of a recording, with as many steps as the fewest of its frames, where arrays tell none.
 * @param fill names of the sample that is shown, put into a path
 */
export async function withFrameSteps(
  read: RecordedInput,
  { manifest }: Pick<OpenModel, "manifest">,
  said: Manifest | undefined,
  choice: InputChoice | null,
  fill: (named: string) => string,
): Promise<RecordedInput> {
  const { steps } = said ?? {};
  if (!steps || !manifest || read.chosen.steps) return read;
  const sources = [...Object.values(steps.frames ?? {}), ...Object.values(said?.inputs?.arrays ?? {})];
  const places = sources.flatMap((source) =>
    typeof source === "object" && "frames" in source && !source.frames.includes("{step}")
      ? [source.frames]
      : [],
  );
  const folder = path.dirname(manifest.path);
  const counts: number[] = [];
  for (const place of new Set(places))
    counts.push((await frameFiles(insideFolder(folder, fill(place)))).count);
  if (counts.length === 0) return read;
  const count = Math.min(...counts);
  const index = choice?.step ?? Math.min(steps.first ?? 0, count - 1);
  if (index >= count)
    throw new AttentionError(
      "inputMissing",
      `There is no ${steps.axis} ${index}; there are ${count}, from 0.`,
      { fix: "Choose one of these." },
    );
  return { ...read, chosen: { ...read.chosen, steps: { name: steps.axis, count, index } } };
}
