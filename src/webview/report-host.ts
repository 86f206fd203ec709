/** Answers the view out of the page itself: the maps that a report carries. */
import { unzlibSync } from "fflate";
import { AttentionError } from "../shared/errors";
import type { Frame, FrameRequest } from "../shared/input-choice";
import { ReportStore } from "../shared/maps/report-store";
import { reportDataSchema, reportElements } from "../shared/report";
import type { Host } from "./host";

function textOf(id: string): string {
  return document.getElementById(id)?.textContent ?? "";
}

function bytesOf(base64: string): Uint8Array {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** @param showFacts opens what the page says about its origin: the answer to requests that only an editor can do */
export function reportHost(showFacts: () => void): Host {
  const data = reportDataSchema.parse(JSON.parse(textOf(reportElements.data)));
  if (data.document.status !== "ready") throw new AttentionError("internal", "The report has no capture.");
  const store = new ReportStore(data.document.capture.generation, data.sites, (handle, name) =>
    unzlibSync(bytesOf(textOf(reportElements.array(handle, name)))),
  );
  const shown = (): Promise<null> => {
    showFacts();
    return Promise.resolve(null);
  };
  const later =
    <P, R>(read: (request: P) => R) =>
    (request: P): Promise<R> =>
      new Promise((resolve) => resolve(read(request)));
  const refused = (): Promise<never> =>
    Promise.reject(new AttentionError("stale", "A report runs no model."));
  const copied = async (text: string): Promise<null> => {
    await navigator.clipboard.writeText(text);
    return null;
  };
  const { generation } = data.document.capture;
  const frameOf = ({ camera, sample }: FrameRequest): Frame => {
    const index = data.frames.findIndex(
      (frame) => frame.camera === camera && (frame.sample === null || frame.sample === sample),
    );
    const frame = data.frames[index];
    if (!frame) throw new AttentionError("leftOut", "The frames of this sample are not in it.");
    const bytes = bytesOf(textOf(reportElements.frame(index)));
    return { ...frame, generation, bytes: Uint8Array.from(bytes).buffer };
  };
  return {
    commands: ["copyCommandLine"],
    capturesScores: false,
    calls: {
      connect: () => Promise.resolve(data.document),
      readPage: later((request) => store.readPage(request)),
      readRow: later((request) => store.readRow(request)),
      readGrid: later((request) => store.readGrid(request)),
      readHead: later((request) => store.readHead(request)),
      readThumbnails: later((request) => store.readThumbnails(request)),
      readFrame: later(frameOf),
      tokenize: refused,
      listArrays: refused,
      stop: shown,
      chooseInput: shown,
      browse: () => Promise.resolve(null),
      keepFile: refused,
      readVideo: refused,
      cancel: shown,
      runPlanned: shown,
      retry: shown,
      captureScores: shown,
      captureAll: shown,
      selectProvider: shown,
      manageTrust: shown,
      showLog: shown,
      confirmGrid: shown,
      run: ({ command }) => (command === "copyCommandLine" ? copied(data.command) : shown()),
      copyText: ({ text }) => copied(text),
    },
    listen: () => undefined,
    selected: () => undefined,
    failed: (message) => console.error(message),
    readState: () => (data.viewState === null ? undefined : JSON.parse(data.viewState)),
    writeState: () => undefined,
  };
}
