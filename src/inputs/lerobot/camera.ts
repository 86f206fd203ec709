/** The frame of a camera of a LeRobot data set: out of the episode's video, its rows, or a file of its own. */
import { AttentionError } from "../../shared/errors";
import { counted } from "../../shared/format";
import { type Picture, readPicture } from "../pictures";
import { frameCountFrom, videoFrameAt } from "../video/frames";
import type { LeRobotDataSet } from "./data-set";
import type { LeRobotEpisode } from "./episodes";

/** @returns the picture, and the file that it was read from */
export async function framePicture(
  set: LeRobotDataSet,
  episode: LeRobotEpisode,
  camera: string,
  frame: number,
): Promise<{ picture: Picture; file: string }> {
  if (frame >= episode.length)
    throw new AttentionError(
      "inputMissing",
      `Episode ${episode.index} has no frame ${frame}; there are ${episode.length}, from 0.`,
      { where: set.name },
    );
  if (set.info.features[camera]?.dtype === "video") {
    const { file, time, between } = await videoPlace(set, episode, camera, frame);
    return { picture: await videoFrameAt(file, time, between), file };
  }
  const [cell] = await set.column(camera, episode, frame, frame + 1);
  const { bytes, path } = (typeof cell === "object" && cell !== null ? cell : {}) as {
    bytes?: unknown;
    path?: unknown;
  };
  const where = `${camera}, frame ${frame} of episode ${episode.index}`;
  if (bytes instanceof Uint8Array)
    return { picture: await readPicture(bytes, where), file: set.locate(episode.file) };
  if (typeof path === "string") {
    const file = set.locate(path);
    return { picture: await readPicture(file, path), file };
  }
  throw new AttentionError("frameUnreadable", `The row holds no picture of ${camera}.`, {
    where: episode.file,
    fix: "Download the data set with its pictures, or convert it with LeRobot's own scripts.",
  });
}

/** Where a frame is in a video: by its recorded time, since episodes share files and rates need not be whole. */
async function videoPlace(
  set: LeRobotDataSet,
  episode: LeRobotEpisode,
  camera: string,
  frame: number,
): Promise<{ file: string; time: number; between: number }> {
  const part = episode.videos[camera];
  if (!part)
    throw new AttentionError(
      "frameUnreadable",
      `No video of ${camera} is listed for episode ${episode.index}.`,
      {
        where: "meta",
      },
    );
  const between = 1 / set.info.fps;
  const [recorded] = await set.column("timestamp", episode, frame, frame + 1);
  const time = typeof recorded === "number" ? recorded : frame * between;
  return { file: set.locate(part.file), time: part.start + time, between };
}

/** What of an episode's videos is not as long as the episode, as sentences. */
export function videoNotices({ info, locate }: LeRobotDataSet, episode: LeRobotEpisode): string[] {
  const between = 1 / info.fps;
  return Object.entries(episode.videos).flatMap(([camera, { file, start }]) => {
    let frames: number | null = null;
    try {
      frames = frameCountFrom(locate(file), start, between);
    } catch {
      // What is wrong with the file is said where a frame of it is read.
    }
    // A file that episodes share goes on with the next.
    if (frames === null || frames === episode.length || (frames > episode.length && info.layout === 3))
      return [];
    const rest =
      frames < episode.length ? `from ${frames} on there is no picture` : "what is over is not shown";
    return [
      `${camera}: ${file} has ${counted(frames, "frame")} for the ${episode.length} of episode ${episode.index}; ${rest}.`,
    ];
  });
}
