/** Frames of the step that a report shows: small pictures in the page, within a limit of bytes. */
import type { Capture } from "../../shared/capture";
import { AttentionError } from "../../shared/errors";
import { bytes as formatBytes, count } from "../../shared/format";
import type { Frame, FrameRequest } from "../../shared/input-choice";
import type { ReportFrame } from "../../shared/report";

/** Longest side of a frame in a report, px. */
export const FRAME_SIDE = 256;
/** Bytes of all frames of a report at most. */
export const FRAMES_BYTES = 8e6;

export interface ReportFrames {
  readonly frames: readonly ReportFrame[];
  /** Encoded pictures, in the order of `frames`. */
  readonly pictures: readonly Uint8Array[];
  /** What was shrunk, cut or could not be read, as sentences. */
  readonly told: readonly string[];
}

/**
 * The frames of every camera, of the samples that the report holds: all cameras of one sample before the next.
 * @param read the engine's own reading of a frame, which shrinks it
 */
export async function reportFrames(
  capture: Capture,
  read: (request: FrameRequest) => Promise<Frame>,
): Promise<ReportFrames> {
  const { cameras, samples } = capture.recording;
  const most = Math.max(1, ...capture.sites.map(({ batch }) => batch));
  // Without samples the batch is something else, windows say, and there is one frame.
  const shown = cameras.length === 0 ? 0 : Math.min(most, samples?.shown.length ?? 1);
  const frames: ReportFrame[] = [];
  const pictures: Uint8Array[] = [];
  const told: string[] = [];
  const failed = new Set<string>();
  let taken = 0;
  let shrunk = false;
  for (let sample = 0; sample < shown; sample++) {
    const ofSample: { facts: ReportFrame; bytes: Uint8Array }[] = [];
    for (const camera of cameras) {
      if (failed.has(camera)) continue;
      try {
        const { bytes, mime, ...frame } = await read({
          ...{ generation: capture.generation, camera, sample },
          ...{ step: null, side: FRAME_SIDE },
        });
        const { width, height, recordedWidth, recordedHeight } = frame;
        ofSample.push({
          facts: {
            camera,
            sample: shown === 1 ? null : sample,
            mime,
            width,
            height,
            recordedWidth,
            recordedHeight,
          },
          bytes: new Uint8Array(bytes),
        });
      } catch (error) {
        failed.add(camera);
        told.push(`Frames of ${camera} are not in it. ${AttentionError.wrap(error).message}`);
      }
    }
    taken += ofSample.reduce((sum, { bytes }) => sum + bytes.length, 0);
    if (taken > FRAMES_BYTES) {
      const kept = sample === 0 ? "no frames" : `frames of the first ${count(sample)} samples alone`;
      told.push(`This report holds ${kept}, to stay within ${formatBytes(FRAMES_BYTES)} of frames.`);
      break;
    }
    for (const { facts, bytes } of ofSample) {
      frames.push(facts);
      pictures.push(bytes);
      shrunk ||= facts.width < facts.recordedWidth;
    }
  }
  if (shrunk) told.push(`Frames are shrunk to ${FRAME_SIDE} pixels on their longer side.`);
  return { frames, pictures, told };
}
