/** The frame of a camera of a LeRobot data set: out of the episode's video, its rows, or a file of its own. */
import { AttentionError } from "../../shared/errors";
import { type Picture, readPicture } from "../pictures";
import { videoFrameAt } from "../video/frames";
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
