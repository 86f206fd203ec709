/** A row for each input of the model, with the array of a recording that it is given. */
import { css, html, nothing, type TemplateResult } from "lit";
import type { ArrayList, MappedInput } from "../../shared/array-mapping";
import { type Suggestion, typeWords } from "../../shared/suggest-arrays";
import { count } from "../../shared/format";
import { keepKeys, valueOf } from "../toolkit-values";

/** Arrays in one list that fit, and that do not: the others are counted. */
const MOST_FITTING = 500;
const MOST_OTHERS = 40;

/** Why an input has the array that it has. */
export type Given = Suggestion["by"] | "own" | "remembered" | "hand";

export interface Rows {
  readonly list: ArrayList;
  /** Array of each input; inputs without one are left out. */
  readonly chosen: ReadonlyMap<string, { readonly array: string; readonly by: Given }>;
  readonly choose: (input: string, array: string) => void;
}

export const arrayTableStyles = css`
  .arrays {
    margin: 6px 0;
  }
  .arrays th[scope="row"] {
    border: 0;
    color: inherit;
  }
  .arrays .dim {
    display: block;
  }
  .arrays vscode-dropdown {
    --input-height: 24;
    --input-min-width: 120px;
    --dropdown-list-max-height: 220px;
    --type-ramp-base-font-size: 12px;
    --type-ramp-base-line-height: 16px;
    width: 100%;
  }
  .arrays th {
    width: 42%;
  }
  .arrays .why {
    padding: 1px 0 4px;
    color: var(--vscode-descriptionForeground);
  }
  /* Why an array does not fit is read to its end. */
  .arrays vscode-option {
    height: auto;
    min-height: 22px;
  }
  .arrays vscode-option::part(content) {
    overflow: visible;
    white-space: normal;
  }
  .suggested {
    padding: 0 5px;
    border: 1px solid var(--vscode-contrastBorder, transparent);
    border-radius: 8px;
    background: var(--vscode-badge-background);
    color: var(--vscode-badge-foreground);
  }
`;

/** Inputs that have no array and cannot do without one. */
export function openInputs({ inputs }: ArrayList, chosen: Rows["chosen"]): MappedInput[] {
  return inputs.filter(({ name, otherwise }) => otherwise === null && !chosen.has(name));
}

export function arrayTable(rows: Rows): TemplateResult {
  return html`<div class="arrays">
    <table aria-label="Array of ${rows.list.name} for each input of the model">
      <thead>
        <tr>
          <th scope="col">input</th>
          <th scope="col">array</th>
        </tr>
      </thead>
      <tbody>
        ${rows.list.inputs.map((input) => row(rows, input))}
      </tbody>
    </table>
  </div>`;
}

function row(rows: Rows, input: MappedInput): TemplateResult {
  const { list, chosen, choose } = rows;
  const given = chosen.get(input.name);
  const kind = list.arrays.find(({ name }) => name === given?.array)?.kind;
  const note = kind === undefined ? null : (input.fits[kind]?.note ?? null);
  const words = whyWords(given?.by, input);
  return html`<tr>
    <th scope="row">
      ${input.name}
      <span class="dim">${typeWords(input.dtype, input.dims)}</span>
    </th>
    <td>
      <vscode-dropdown
        data-input=${input.name}
        aria-label="Array for ${input.name}${words === "" ? "" : `, ${words}`}"
        @keydown=${keepKeys}
        @change=${(event: Event) => choose(input.name, valueOf(event))}
      >
        ${options(list, input, given?.array ?? "")}
      </vscode-dropdown>
      <div class="why">
        ${
          given?.by === "name" || given?.by === "shape"
            ? html`<span class="suggested">suggested</span> ${words.replace(/^suggested: /, "")}`
            : words
        }
        ${note === null ? nothing : html`· ${note}`}
      </div>
    </td>
  </tr>`;
}

function whyWords(by: Given | undefined, { otherwise }: MappedInput): string {
  switch (by) {
    case "own":
      return "by its name";
    case "remembered":
      return "as before";
    case "hand":
      return "chosen";
    case "name":
      return "suggested: a name like it";
    case "shape":
      return "suggested: the only one that fits";
    case undefined:
      return otherwise ?? "still to choose";
  }
}

/** Those that fit first; of the others why not. */
function options(list: ArrayList, input: MappedInput, chosen: string): TemplateResult {
  const problem = ({ kind }: ArrayList["arrays"][number]): string | null => input.fits[kind]?.problem ?? null;
  const fitting = list.arrays.filter((array) => problem(array) === null);
  const others = list.arrays.filter((array) => problem(array) !== null);
  const shown = fitting.slice(0, MOST_FITTING);
  // What is chosen is always among them, so that the list can show it.
  const beyond = list.arrays.filter(({ name }) => name === chosen && !shown.some((one) => one.name === name));
  const rest = fitting.length - shown.length + Math.max(0, others.length - MOST_OTHERS) + list.left;
  const type = ({ kind }: ArrayList["arrays"][number]): string => {
    const { dtype = "", dims = [] } = list.kinds[kind] ?? {};
    return typeWords(dtype, dims);
  };
  return html`<vscode-option value="" ?selected=${chosen === ""} ?disabled=${input.own !== null}
      >${input.otherwise === null ? "Choose an array" : "No array"}</vscode-option
    >
    ${[...shown, ...beyond].map(
      (array) =>
        html`<vscode-option value=${array.name} ?selected=${array.name === chosen}
          >${array.name} · ${type(array)}</vscode-option
        >`,
    )}
    ${others
      .filter(({ name }) => name !== chosen)
      .slice(0, MOST_OTHERS)
      .map(
        (array) =>
          html`<vscode-option value=${array.name} disabled
            >${array.name} · ${type(array)}: ${problem(array)}</vscode-option
          >`,
      )}
    ${
      rest > 0
        ? html`<vscode-option value="" disabled>and ${count(rest)} more that are not listed</vscode-option>`
        : nothing
    }`;
}
