/** What a bar's file gives. */
import type { BarResult } from "../harness";

export interface Setting {
  /** Number of pairs, of runs or of pages. */
  readonly pairs: number;
  /** `slowed` does on purpose what the bar forbids: the bar must not hold. */
  readonly variant: "product" | "slowed";
  /** Folder of the built models. */
  readonly models: string;
  /** The engine's bundle. */
  readonly engine: string;
}

export interface Bar {
  readonly name: string;
  readonly measure: (setting: Setting) => Promise<BarResult[]>;
}
