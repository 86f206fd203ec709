/** What the bench measures in a process of its own, so that memory, file caches of V8 and warm code are nobody else's. */
import type { PhaseName } from "../src/shared/capture";

export type Task =
  /** Open a model as the engine does. `everyByte` is the variant slowed on purpose: it holds the whole file. */
  | { readonly kind: "open"; readonly file: string; readonly everyByte: boolean }
  /** ONNX Runtime's session creation from the path, default options. */
  | { readonly kind: "create"; readonly file: string }
  /** Plain ONNX Runtime: create a session from the path and run the model once. */
  | { readonly kind: "createAndRun"; readonly file: string; readonly threads: number }
  /** Plain ONNX Runtime on the same input as the engine's, without its optimisations: values of float32 outputs. */
  | { readonly kind: "dump"; readonly file: string; readonly outputs: readonly string[] };

export interface Opened {
  readonly ms: number;
  /** Milliseconds of the phases `read` and `find`; null in the slowed variant. */
  readonly phases: Partial<Record<PhaseName, number>>;
  readonly sites: number;
  /** Bytes that the process asked of files meanwhile: the system's count where it keeps one. */
  readonly bytesRead: number;
  /** Largest resident set during the opening, less the one before. */
  readonly memoryGrowthBytes: number;
}

export interface Ran {
  /** Loading the library into the process, before anything else. */
  readonly loadMs: number;
  readonly createMs: number;
  readonly runMs: number;
}

export interface Dumped {
  readonly dims: readonly number[];
  readonly values: Float32Array;
}

export interface Results {
  readonly open: Opened;
  readonly create: Pick<Ran, "loadMs" | "createMs">;
  readonly createAndRun: Ran;
  readonly dump: Readonly<Record<string, Dumped>>;
}
