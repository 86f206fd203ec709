/**
 * What `import { open } from "attention-lens"` works with (`docs/api.md`). Written out here rather than derived from
 * the contracts between processes, so that those may change and this does not.
 */

export type Provider = "tensorrt" | "cuda" | "dml" | "coreml" | "webgpu" | "cpu";

export interface OpenOptions {
  /** Threads of ONNX Runtime; one less than the machine has cores when left out. */
  readonly threads?: number;
  /** Another Node.js for the engine's process than the one that runs this. */
  readonly nodePath?: string;
  /** Receives what the engine writes to its log. */
  readonly log?: (line: string) => void;
}

/** An input of a model: values in row-major order, and their shape. `bool` is Uint8Array with `dtype: "bool"`. */
export interface InputArray {
  readonly data:
    | Float32Array
    | Float64Array
    | Int8Array
    | Int16Array
    | Int32Array
    | BigInt64Array
    | Uint8Array
    | Uint16Array
    | Uint32Array
    | BigUint64Array;
  readonly dims: readonly number[];
  /** Only where the array's type does not tell: `bool` or `float16` (its bits in a Uint16Array). */
  readonly dtype?: "bool" | "float16";
}

/** Arrays by the names of the model's inputs. */
export type InputArrays = Readonly<Record<string, InputArray>>;

export interface CaptureOptions {
  /** `auto` (the first that works, CPU last) when left out. */
  readonly provider?: Provider | "auto";
  /** Patterns (`*`, `?`) over names and ids of sites; all when left out. */
  readonly sites?: readonly string[];
}

/** A place in the graph where attention is computed, as far as the graph tells. */
export interface Site {
  /** `site_000`: the key in an npz, and the index among all sites of the model. */
  readonly id: string;
  /** Module path, or the node's name where the export kept no path. */
  readonly name: string;
  readonly component: string | null;
  /** Layer within the component, from 0. */
  readonly layer: number | null;
  readonly kind: "self" | "cross" | "unknown";
  /** What could not be read from the graph and is assumed, in words. */
  readonly assumed: readonly string[];
}

/** Figures of one head (`docs/metrics.md`). A figure that the map cannot support is null, never 0. */
export interface HeadFigures {
  /** Mean over queries of −Σ A ln A. */
  readonly entropyNats: number | null;
  /** Mean over queries of the entropy over ln(valid keys), 0 to 1. */
  readonly normalisedEntropy: number | null;
  readonly normalisedEntropyP10: number | null;
  readonly normalisedEntropyP90: number | null;
  readonly confidence: number | null;
  readonly concentration: number | null;
  readonly meanContextAttention: number | null;
  readonly contextShare: number | null;
  readonly recentDistantRatio: number | null;
  readonly sinkMass: number | null;
  readonly distanceTokens: number | null;
  readonly receivedMaximum: number | null;
  readonly sparsity90: number | null;
  readonly gini: number | null;
  readonly rowsMasked: number;
  readonly rowsSingleKey: number;
  readonly rowsFlagged: number;
  readonly rowSumMin: number | null;
  readonly rowSumMax: number | null;
}

export interface CapturedSite extends Site {
  readonly batch: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  /** Figures as [batch][head]. */
  readonly figures: readonly (readonly HeadFigures[])[];
  /** Labels of the queries and of the keys of sample 0; `Capture.labels` gives those of any. */
  readonly queryLabels: readonly string[];
  readonly keyLabels: readonly string[];
}

/** One head's probabilities. */
export interface HeadMap {
  readonly queries: number;
  readonly keys: number;
  /** float32 [queries × keys], row-major, query 0 first. −1 where a key is masked for a query; NaN stays NaN. */
  readonly cells: Float32Array;
}

export interface ModelDescription {
  readonly name: string;
  readonly title: string;
  readonly opset: number;
  readonly producer: string;
  readonly parameters: number;
  readonly inputs: readonly {
    readonly name: string;
    readonly dtype: string;
    readonly dims: readonly (number | string | null)[] | null;
  }[];
  readonly sites: readonly Site[];
}

export interface FigureOptions {
  readonly view?: "heads" | "heatmap" | "entropy" | "tokens" | "summary";
  /** Ids of sites; all when left out. `heatmap` and `tokens` draw one. */
  readonly sites?: readonly string[];
  readonly heads?: "all" | readonly (number | "mean")[];
  readonly sample?: number;
  /**
   * For `tokens`: a query, `last`, a token of a segment (`action[0]`, `action[-1]`) or the mean of one
   * (`mean(action)`); the manifest's when left out, else `last`.
   */
  readonly query?: number | string;
  readonly colourMap?: "magma" | "viridis" | "inferno" | "plasma" | "cividis" | "hot" | "greys" | "RdBu";
  readonly scale?: "linear" | "sqrt" | "log";
  readonly range?: "auto" | "maximum" | "p99" | number;
  readonly theme?: "light" | "dark";
  /** A paper's column (85 or 178 mm), or pixels. */
  readonly size?: "column" | "two-column" | { readonly width: number; readonly height: number };
  /** "" for none. */
  readonly title?: string;
}
