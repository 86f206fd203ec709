/** What a document needs of its surroundings: an engine, the settings, a log, the inputs that were chosen before. */
import type { EngineClient } from "../client/engine-client";
import type { RememberedMapping } from "../shared/array-mapping";
import type { InputChoice, RecentInput } from "../shared/input-choice";
import type { CaptureRequest } from "../shared/protocol";
import type { Log } from "./log";

export type Engine = Pick<
  EngineClient,
  | "open"
  | "plan"
  | "capture"
  | "captureAhead"
  | "readPage"
  | "readRow"
  | "readGrid"
  | "readHead"
  | "readThumbnails"
  | "readFrame"
  | "tokenize"
  | "listArrays"
  | "stop"
  | "checkManifest"
  | "writeData"
  | "writeFigure"
  | "writeReport"
  | "confirmGrid"
  | "cancel"
  | "restart"
  | "dispose"
  | "onProgress"
  | "onCrash"
>;

/** Read anew at every load. */
export interface DocumentHost {
  readonly trusted: boolean;
  /** Provider and order from the settings. */
  readonly recipe: Pick<CaptureRequest, "provider" | "providerOrder">;
  /** Memory in bytes from which a run is planned with the person first; 0 for never. */
  readonly askAboveBytes: number;
  createEngine(): Engine;
  readonly log: Log;
  /** The inputs of this model that were chosen before. */
  readonly inputs: InputMemory;
}

/** Remembers what was chosen for one model. */
export interface InputMemory {
  /** What was shown last, where it is to be shown again. */
  readonly current: InputChoice | null;
  /** The latest first. */
  readonly recent: readonly RecentInput[];
  /** @param label what the capture calls it */
  remember(choice: InputChoice | null, label: string): void;
  /** Arrays that were mapped to inputs by hand, the latest first. */
  readonly mappings: readonly RememberedMapping[];
  /** Keep a mapping for recordings with arrays of the same names; one of nothing forgets it. */
  rememberMapping(mapping: RememberedMapping): void;
}
