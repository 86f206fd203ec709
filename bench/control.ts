/** The control: plain ONNX Runtime against itself, in parts over the whole run, so that it saw what the bars saw. */
import { inTurn, ratiosOf, type Spread, spreadOf } from "./harness";
import { threads } from "./opening";
import { runTask } from "./run-task";

export class Control {
  readonly #file: string;
  readonly #each: number;
  readonly #ratios: number[] = [];

  /**
   * @param pairs at least so many pairs in all
   * @param parts how often `measure` will be called
   */
  constructor(file: string, pairs: number, parts: number) {
    this.#file = file;
    this.#each = Math.ceil(pairs / Math.max(1, parts));
  }

  get spread(): Spread {
    return spreadOf(this.#ratios);
  }

  async measure(): Promise<void> {
    const plain = async () => {
      const task = { kind: "createAndRun", file: this.#file, threads } as const;
      const { createMs, runMs } = await runTask(task, { lowPriority: true });
      return createMs + runMs;
    };
    if (this.#ratios.length === 0) await plain();
    console.log("measuring the control …");
    this.#ratios.push(...ratiosOf(await inTurn(this.#each, plain, plain, this.#ratios.length)).all);
  }
}
