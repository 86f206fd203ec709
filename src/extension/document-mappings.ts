/**
 * Which arrays of a recording were given to which inputs by hand. A mapping is kept when a capture on it was made, and
 * used again for a recording whose arrays have the same names; captures on it say so.
 */
import path from "node:path";
import {
  type ArrayChoice,
  type ArrayListRequest,
  mappingFor,
  type RememberedMapping,
} from "../shared/array-mapping";
import type { InputChoice } from "../shared/input-choice";
import type { Engine, InputMemory } from "./document-host";

export class DocumentMappings {
  readonly #memory: InputMemory;
  /** Names of the arrays of recordings that were asked about, by their file; "" is the manifest's. */
  readonly #names = new Map<string, readonly string[]>();

  constructor(memory: InputMemory) {
    this.#memory = memory;
  }

  async list(engine: Pick<Engine, "listArrays">, request: ArrayListRequest): Promise<ArrayChoice> {
    const list = await engine.listArrays(request);
    const names = list.arrays.map(({ name }) => name);
    this.#names.set(request.file ?? "", names);
    const known = mappingFor(this.#memory.mappings, names);
    if (!known) return { ...list, remembered: null };
    const { problem } = await engine.listArrays({ file: request.file, arrays: known.arrays });
    return { ...list, remembered: problem === null ? known : null };
  }

  /** A capture on a choice was made: keeps its mapping. What is to be said of one that was made for another recording. */
  captured(choice: InputChoice | null): string[] {
    const { arrays, file } = choice ?? {};
    if (!arrays) return [];
    const from = file === undefined ? "the model's own recording" : path.basename(file);
    const same = ({ arrays: other }: RememberedMapping): boolean =>
      JSON.stringify(Object.entries(other).sort()) === JSON.stringify(Object.entries(arrays).sort());
    const names = this.#names.get(file ?? "");
    const known = names ? mappingFor(this.#memory.mappings, names) : this.#memory.mappings.find(same);
    if (known && same(known))
      return known.from === from
        ? []
        : [
            `Arrays are given to inputs as was chosen for ${known.from}; Map arrays… in the Input dialog changes that.`,
          ];
    if (names) this.#memory.rememberMapping({ names: [...names], arrays, from });
    return [];
  }
}
