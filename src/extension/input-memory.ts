/** Remembers in the workspace which inputs were chosen for a model. */
import type * as vscode from "vscode";
import * as z from "zod";
import {
  type InputChoice,
  inputChoiceSchema,
  type RecentInput,
  recentInputSchema,
} from "../shared/input-choice";
import type { InputMemory } from "./document-host";

/** Inputs that are offered again, for one model. */
const MOST_RECENT = 8;

const rememberedSchema = z.object({
  current: inputChoiceSchema.nullable(),
  recent: z.array(recentInputSchema).max(MOST_RECENT),
});
type Remembered = z.infer<typeof rememberedSchema>;

/** The choice without the place in its recording: one episode is one entry, whatever step was looked at. */
function withoutPlace(choice: InputChoice): InputChoice {
  const whole = { ...choice };
  delete whole.step;
  delete whole.pass;
  delete whole.set;
  return whole;
}

export class ModelInputs implements InputMemory {
  readonly #memento: vscode.Memento;
  readonly #key: string;

  constructor(memento: vscode.Memento, file: string) {
    this.#memento = memento;
    this.#key = `input:${file}`;
  }

  get current(): InputChoice | null {
    return this.#read().current;
  }

  get recent(): readonly RecentInput[] {
    return this.#read().recent;
  }

  remember(choice: InputChoice | null, label: string): void {
    const { recent } = this.#read();
    this.#write({ current: choice, recent: choice === null ? recent : added(recent, choice, label) });
  }

  /**
   * The model was closed: opened again, it starts with its own input, and offers the others. Sizes that it leaves open
   * are asked for once: what was chosen for them stays.
   */
  forgetCurrent(): void {
    const { current, recent } = this.#read();
    if (current !== null) this.#write({ current: current.dims ? { dims: current.dims } : null, recent });
  }

  #read(): Remembered {
    const parsed = rememberedSchema.safeParse(this.#memento.get(this.#key));
    return parsed.success ? parsed.data : { current: null, recent: [] };
  }

  #write(remembered: Remembered): void {
    const nothing = remembered.current === null && remembered.recent.length === 0;
    void this.#memento.update(this.#key, nothing ? undefined : remembered);
  }
}

function added(recent: readonly RecentInput[], choice: InputChoice, label: string): RecentInput[] {
  const entry = { choice: withoutPlace(choice), label: label.slice(0, 1_000) };
  const same = JSON.stringify(entry.choice);
  return [entry, ...recent.filter((other) => JSON.stringify(other.choice) !== same)].slice(0, MOST_RECENT);
}
