/** Recorded episodes, filtered by their fields, and samples of a batch. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { filterEpisodes, filterFields } from "../../shared/episode-filter";
import { AttentionError } from "../../shared/errors";
import { count } from "../../shared/format";
import type { Episode, InputChoice, Recording } from "../../shared/input-choice";
import type { Session } from "../session";
import { baseStyles, quietButtonStyles } from "../styles";
import { valueOf } from "../toolkit-values";
import { CHOSEN, formStyles } from "./form.styles";
import { inputOf, recordingOf } from "./runs";

/** Episodes that are listed; a filter brings the others. */
const MOST_LISTED = 200;
/** Samples of a batch when nobody says how many. */
const SAMPLES = 10;

@customElement("attention-episodes")
export class EpisodesElement extends LitElement {
  static override styles = [
    baseStyles,
    quietButtonStyles,
    formStyles,
    css`
      .list {
        max-height: 168px;
        margin-top: 6px;
        overflow-y: auto;
      }
      .episode {
        display: flex;
        gap: 10px;
        width: 100%;
        min-height: 22px;
        padding: 1px 6px;
        border: 0;
        border-radius: 3px;
        background: none;
        color: inherit;
        font: inherit;
        text-align: left;
        cursor: pointer;
      }
      .episode:hover {
        background: var(--vscode-list-hoverBackground);
      }
      .episode[aria-current="true"] {
        background: var(--vscode-list-activeSelectionBackground);
        color: var(--vscode-list-activeSelectionForeground);
        outline: 1px solid var(--vscode-contrastActiveBorder, transparent);
        outline-offset: -1px;
      }
      .episode .dim {
        overflow: hidden;
        color: inherit;
        opacity: 0.8;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
    `,
  ];

  @property({ attribute: false }) session!: Session;
  @state() private filter = "";
  @state() private samples: number | null = null;

  protected override render(): TemplateResult | typeof nothing {
    const recording = recordingOf(this.session.store.state);
    if (!recording) return nothing;
    const { episodes, samples } = recording;
    let found: number[] = [];
    let problem = "";
    try {
      found = filterEpisodes(episodes, this.filter);
    } catch (error) {
      problem = AttentionError.wrap(error).message;
    }
    // Samples that have no fields are all there are.
    const all = samples && episodes.length !== samples.count ? range(samples.count) : found;
    return html`${episodes.length > 0 ? this.#episodes(recording, found, problem) : nothing}
    ${samples ? this.#samples(samples, all) : nothing}`;
  }

  #episodes({ episodes, episode }: Recording, found: readonly number[], problem: string): TemplateResult {
    return html`<h3>Episodes</h3>
      <div class="row">
        <vscode-text-field
          class="wide"
          aria-label="Condition over the fields of the episodes"
          placeholder="return > 5 and length < 20"
          title="Fields: ${filterFields(episodes).join(", ")}"
          @input=${(event: Event) => (this.filter = valueOf(event))}
        ></vscode-text-field>
        <span class="dim">${count(found.length)} of ${count(episodes.length)}</span>
        <button class="quiet" ?disabled=${found.length === 0} @click=${() => this.#random(found)}>
          Any of them
        </button>
      </div>
      ${problem === "" ? nothing : html`<p class="problem" role="alert">${problem}</p>`}
      <div class="list" aria-label="Episodes">
        ${found.slice(0, MOST_LISTED).map((index) => this.#episode(episodes[index], index, index === episode))}
        ${found.length > MOST_LISTED ? html`<p class="dim">and ${count(found.length - MOST_LISTED)} more</p>` : nothing}
      </div>`;
  }

  #episode(episode: Episode | undefined, index: number, current: boolean): TemplateResult | typeof nothing {
    if (!episode) return nothing;
    const facts = [
      episode.group ?? "",
      episode.steps === null ? "" : `${count(episode.steps)} steps`,
      ...Object.entries(episode.fields).map(([name, value]) => `${name} ${value}`),
    ].filter(Boolean);
    return html`<button
      class="episode"
      aria-current=${current}
      title=${[episode.name, ...facts].join("\n")}
      @click=${() => this.#choose({ episode: index })}
    >
      <span>${episode.name}</span> <span class="dim">${facts.join(" · ")}</span>
    </button>`;
  }

  /** @param all those to choose from: what the condition leaves */
  #samples(
    { count: total, shown, usual = SAMPLES }: NonNullable<Recording["samples"]>,
    all: readonly number[],
  ): TemplateResult {
    const wanted = this.samples ?? usual;
    const most = Math.min(wanted, all.length);
    const choose = (samples: readonly number[]) => () => this.#choose({ samples: [...samples] });
    return html`<h3>Samples</h3>
      <p class="dim">
        ${shown.length} of ${count(total)} make up the batch that is
        shown.${all.length < total ? ` ${count(all.length)} meet the condition.` : ""}
      </p>
      <div class="row">
        <vscode-text-field
          class="number"
          aria-label="Number of samples"
          .value=${String(wanted)}
          @input=${(event: Event) => (this.samples = Math.floor(Math.max(0, Number(valueOf(event)))) || null)}
        ></vscode-text-field>
        <button class="quiet" ?disabled=${most === 0} @click=${choose(all.slice(0, most))}>
          The first ${most}
        </button>
        <button
          class="quiet"
          ?disabled=${most === 0}
          @click=${choose(spread(all.length, most).map((at) => all[at] ?? 0))}
        >
          ${most} spread over all
        </button>
        <button
          class="quiet"
          ?disabled=${most === 0}
          @click=${() => this.#choose({ samples: [all[Math.floor(Math.random() * all.length)] ?? 0] })}
        >
          Any one
        </button>
      </div>`;
  }

  #random(found: readonly number[]): void {
    const episode = found[Math.floor(Math.random() * found.length)];
    if (episode !== undefined) this.#choose({ episode });
  }

  /** Of the file that is shown, at its first step. */
  #choose(place: Pick<InputChoice, "episode" | "samples">): void {
    const before = inputOf(this.session.store.state)?.choice;
    const choice: InputChoice = {
      ...(before?.file === undefined ? {} : { file: before.file }),
      ...(before?.arrays === undefined ? {} : { arrays: before.arrays }),
      ...place,
    };
    this.dispatchEvent(new CustomEvent(CHOSEN, { detail: choice, bubbles: true, composed: true }));
  }
}

const range = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

/** `most` numbers below `all`, evenly apart, the first included. */
export function spread(all: number, most: number): number[] {
  return Array.from({ length: most }, (_, at) => Math.floor((at * all) / most));
}
