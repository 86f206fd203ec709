/** The panes of a captured model: side by side where there is room, in tabs where there is not. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import "../dock/dock-element";
import { type ElementSize, noSize, observeSize } from "../element-size";
import "../heatmap/heatmap-element";
import "../frames/frames-element";
import { recordingOf } from "../input/runs";
import "../inspector/inspector-element";
import "../overview/overview-element";
import { viewed } from "../reducers";
import type { Session } from "../session";
import type { PaneSizes } from "../state";
import { StoreController } from "../store";
import { baseStyles } from "../styles";
import { styles } from "../styles-directive";
import "../tokens/tokens-element";
import { overlaid } from "../view-commands";
import "./narrow-element";
import { nextPane } from "./pane-focus";
import "./splitter-element";
import { leastSizes, type WorkbenchLayout, workbenchLayout } from "./workbench-layout";
import { workbenchStyles } from "./workbench.styles";

const TABS = 29;

@customElement("attention-workbench")
export class WorkbenchElement extends LitElement {
  static override styles = [baseStyles, workbenchStyles];

  @property({ attribute: false }) session!: Session;
  @state() private size: ElementSize = noSize;
  /** A tab was chosen although the panel is low. */
  @state() private openedLow = false;

  /** The pane that F6 or its commands went to last. */
  #pane: Element | null = null;
  #leave: (() => void)[] = [];

  constructor() {
    super();
    new StoreController(
      this,
      () => this.session.store,
      ({ view }) => [view.sizes, view.dockOpen, view.narrow, view.dock, this.#hasFrames()],
    );
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#leave = [
      observeSize(this, (size) => (this.size = size)),
      this.session.onPageCommand((command) => {
        if (command === "nextPane") this.#pane = nextPane(this, 1, this.#pane);
        if (command === "previousPane") this.#pane = nextPane(this, -1, this.#pane);
        if (command === "showTable") this.#showTable();
      }),
    ];
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const leave of this.#leave) leave();
    this.#leave = [];
  }

  protected override render(): TemplateResult | typeof nothing {
    const { view } = this.session.store.state;
    if (this.size.width < 1) return nothing;
    const low = workbenchLayout(this.size, view.sizes, true).low;
    const open = low ? this.openedLow : view.dockOpen;
    const layout = workbenchLayout(this.size, view.sizes, open, this.#hasFrames());
    return layout.form === "narrow" || layout.form === "tiny"
      ? this.#narrow(layout)
      : this.#panes(layout, open);
  }

  #panes(layout: WorkbenchLayout, open: boolean): TemplateResult {
    const tokens = layout.low && open ? 0 : layout.tokens;
    const wide = layout.form === "wide";
    const frames = this.#hasFrames();
    const sizes = {
      "--overview": `${layout.overview}px`,
      "--inspector": `${layout.inspector}px`,
      "--tokens": `${tokens}px`,
      "--dock": open ? `${layout.dock}px` : `${TABS}px`,
    };
    return html`<div class="panes ${layout.form}" style=${styles(sizes)}>
      <attention-overview class="pane at-overview" .session=${this.session}></attention-overview>
      <attention-heatmap class="pane at-map" .session=${this.session}></attention-heatmap>
      ${
        tokens > 0
          ? html`<div class="words at-tokens ${frames ? "with-frames" : ""}">
              ${frames ? html`<attention-frames class="pane" .session=${this.session}></attention-frames>` : nothing}
              <attention-tokens class="pane" .session=${this.session}></attention-tokens>
            </div>`
          : nothing
      }
      ${
        wide
          ? html`<attention-inspector
              class="pane at-inspector"
              .session=${this.session}
            ></attention-inspector>`
          : nothing
      }
      <attention-dock
        class="pane at-dock"
        .session=${this.session}
        .open=${open}
        .withInspector=${!wide}
        @toggled=${(event: CustomEvent<boolean>) => this.#dockToggled(layout.low, event.detail)}
      ></attention-dock>
      ${this.#splitter("overview", layout)} ${wide ? this.#splitter("inspector", layout) : nothing}
      ${tokens > 0 ? this.#splitter("tokens", layout) : nothing}
      ${open ? this.#splitter("dock", layout) : nothing}
    </div>`;
  }

  #splitter(pane: keyof PaneSizes, layout: WorkbenchLayout): TemplateResult {
    const labels = {
      overview: "Width of the Overview",
      inspector: "Width of the Inspector",
      tokens: this.#hasFrames() ? "Height of frames and tokens" : "Height of the tokens",
      dock: "Height of the dock",
    };
    return html`<attention-splitter
      class="splitter at-${pane}"
      orientation=${pane === "dock" || pane === "tokens" ? "horizontal" : "vertical"}
      label=${labels[pane]}
      ?follows=${pane !== "overview"}
      .size=${layout[pane]}
      .least=${leastSizes[pane]}
      .most=${layout.most[pane]}
      @moved=${(event: CustomEvent<number | null>) => this.#moved(pane, event.detail)}
    ></attention-splitter>`;
  }

  #narrow(layout: WorkbenchLayout): TemplateResult {
    return html`<div class="panes ${layout.form}" style=${styles({ "--overview": `${layout.overview}px` })}>
      <attention-overview class="pane at-overview" form="strip" .session=${this.session}></attention-overview>
      <attention-narrow class="pane at-tabs" .session=${this.session}></attention-narrow>
    </div>`;
  }

  #hasFrames(): boolean {
    return (recordingOf(this.session.store.state)?.cameras.length ?? 0) > 0;
  }

  #dockToggled(low: boolean, open: boolean): void {
    if (low) this.openedLow = open;
    else this.session.store.update((now) => viewed(now, { dockOpen: open }));
  }

  #moved(pane: keyof PaneSizes, size: number | null): void {
    this.session.store.update((now) => viewed(now, { sizes: { ...now.view.sizes, [pane]: size } }));
  }

  /** The numbers behind the pane that has the focus: figures of all heads, else the map's cells. */
  #showTable(): void {
    const focused = this.renderRoot.querySelector(".pane:focus-within")?.tagName;
    const ofHeads = ["ATTENTION-OVERVIEW", "ATTENTION-INSPECTOR", "ATTENTION-DOCK"].includes(focused ?? "");
    if (!ofHeads) {
      this.session.store.update((now) => overlaid(now, "table"));
      return;
    }
    this.session.store.update((now) => viewed(now, { dock: "table", dockOpen: true, narrow: "table" }));
    this.openedLow = true;
  }
}
