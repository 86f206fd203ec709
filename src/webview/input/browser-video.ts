/** A video that the browser decodes: shown at a time, and taken as a picture. */
import { AttentionError } from "../../shared/errors";

export interface BrowserVideo {
  /** Plays nothing; shows the frame of the last `seek`. */
  readonly element: HTMLVideoElement;
  readonly seconds: number;
  readonly width: number;
  readonly height: number;
  /** Ends when the frame that is shown at that time is there. */
  seek(seconds: number): Promise<void>;
  /** The frame that is shown, as PNG of the video's own size. */
  picture(): Promise<ArrayBuffer>;
  /** Gives the bytes back. */
  close(): void;
}

/** Longest that a browser may take to read the head of a video, or to find a frame. */
const PATIENCE_MS = 20_000;

/** @param where the file's name, for messages; @throws frameUnreadable where the browser has no decoder for it */
export async function openVideo(bytes: Blob, where: string): Promise<BrowserVideo> {
  const element = document.createElement("video");
  element.muted = true;
  element.preload = "auto";
  element.playsInline = true;
  const url = URL.createObjectURL(bytes);
  const close = () => {
    element.removeAttribute("src");
    element.load();
    URL.revokeObjectURL(url);
  };
  try {
    const loaded = event(element, "loadeddata", where);
    element.src = url;
    await loaded;
    // A file of which the browser knows the sound alone.
    if (element.videoWidth === 0) throw undecodable("it finds no pictures in it", where);
  } catch (error) {
    close();
    throw error;
  }
  const { videoWidth: width, videoHeight: height } = element;
  return {
    element,
    width,
    height,
    seconds: Number.isFinite(element.duration) ? element.duration : 0,
    close,
    seek: async (seconds) => {
      if (Math.abs(element.currentTime - seconds) < 1e-6) return;
      const found = event(element, "seeked", where);
      element.currentTime = seconds;
      await found;
    },
    picture: async () => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [width, height];
      const context = canvas.getContext("2d");
      context?.drawImage(element, 0, 0);
      const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
      if (!context || !blob)
        throw new AttentionError("frameUnreadable", `A frame of ${width} × ${height} px cannot be drawn.`, {
          where,
        });
      return blob.arrayBuffer();
    },
  };
}

/** Waits for an event of a video; its errors end the waiting. */
function event(element: HTMLVideoElement, name: "loadeddata" | "seeked", where: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const ended = new AbortController();
    const { signal } = ended;
    const timer = setTimeout(() => {
      ended.abort();
      reject(undecodable(`it is not done after ${PATIENCE_MS / 1000} s`, where));
    }, PATIENCE_MS);
    const end = (act: () => void) => () => {
      clearTimeout(timer);
      ended.abort();
      act();
    };
    element.addEventListener(name, end(resolve), { signal });
    element.addEventListener(
      "error",
      end(() => reject(undecodable(element.error?.message || "it has no decoder for it", where))),
      { signal },
    );
  });
}

function undecodable(why: string, where: string): AttentionError {
  return new AttentionError("frameUnreadable", `The browser cannot decode this video: ${why}.`, {
    where,
    fix: "WebM (VP8, VP9) plays everywhere: ffmpeg -i video.mp4 -c:v libvpx-vp9 video.webm.",
  });
}
