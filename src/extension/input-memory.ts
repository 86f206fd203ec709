/** Remembers in the workspace which inputs were chosen for a model. */
import type * as vscode from "vscode";
import * as z from "zod";
import { mappingFor, type RememberedMapping, rememberedMappingSchema } from "../shared/array-mapping";
import {
  type InputChoice,
  inputChoiceSchema,
  type RecentInput,
  recentInputSchema,
} from "../shared/input-choice";
import type { InputMemory } from "./document-host";

/** Inputs that are offered again, for one model. */
const MOST_RECENT = 8;

/** Kinds of recordings whose mapping is kept, for one model. */
const MOST_MAPPINGS = 8;

const rememberedSchema = z.object({
  current: inputChoiceSchema.nullable(),
  recent: z.array(recentInputSchema).max(MOST_RECENT),
  mappings: z.array(rememberedMappingSchema).max(MOST_MAPPINGS).optional(),
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
    const { recent, ...rest } = this.#read();
    this.#write({
      ...rest,
      current: choice,
      recent: choice === null ? recent : added(recent, choice, label),
    });
  }

  get mappings(): readonly RememberedMapping[] {
    return this.#read().mappings ?? [];
  }

  rememberMapping(mapping: RememberedMapping): void {
    const { mappings = [], ...rest } = this.#read();
    const same = mappingFor(mappings, mapping.names);
    const others = mappings.filter((each) => each !== same);
    const nothing = Object.keys(mapping.arrays).length === 0;
    this.#write({ ...rest, mappings: nothing ? others : [mapping, ...others].slice(0, MOST_MAPPINGS) });
  }

  /**
   * The model was closed: opened again, it starts with its own input, and offers the others. Sizes that it leaves open
   * are asked for once: what was chosen for them stays.
   */
  forgetCurrent(): void {
    const { current, ...rest } = this.#read();
    if (current !== null) this.#write({ ...rest, current: current.dims ? { dims: current.dims } : null });
  }

  #read(): Remembered {
    const parsed = rememberedSchema.safeParse(this.#memento.get(this.#key));
    return parsed.success ? parsed.data : { current: null, recent: [] };
  }

  #write(remembered: Remembered): void {
    const { current, recent, mappings = [] } = remembered;
    const nothing = current === null && recent.length === 0 && mappings.length === 0;
    void this.#memento.update(this.#key, nothing ? undefined : remembered);
  }
}

function added(recent: readonly RecentInput[], choice: InputChoice, label: string): RecentInput[] {
  const entry = { choice: withoutPlace(choice), label: label.slice(0, 1_000) };
  const same = JSON.stringify(entry.choice);
  return [entry, ...recent.filter((other) => JSON.stringify(other.choice) !== same)].slice(0, MOST_RECENT);
}
