/** One open view: host, store and readers wired together. Elements get it as their `session` property. */
import { AttentionError, describe } from "../shared/errors";
import type { InputChoice, RunAxis } from "../shared/input-choice";
import type { CellKind } from "../shared/page";
import type { HostCommand, ViewCommand } from "../shared/protocol";
import { showsThumbnails } from "./app/workbench-layout";
import { CellReader } from "./cell-reader";
import { cellText } from "./cell-words";
import type { Host } from "./host";
import { Player } from "./input/player";
import { choiceAt, choiceWith, placeOn } from "./input/runs";
import { documentArrived, viewed } from "./reducers";
import { fromSaved, toSaved } from "./saved-state";
import { captureOf } from "./selectors";
import { SideReader } from "./side-reader";
import { type AppState, nothingWanted } from "./state";
import { Store } from "./store";
import { ThumbnailReader } from "./thumbnail-reader";
import { chosen, commanded } from "./view-commands";

/** Commands that act on the page: where the focus is, how large the map lies there. */
export type PageCommand = Extract<
  ViewCommand,
  "nextPane" | "previousPane" | "zoomIn" | "zoomOut" | "showTable"
>;

/** Sites whose heads a first screen shows, in graph order. */
const FIRST_SITES = Array.from({ length: 12 }, (_, site) => site);

export class Session {
  readonly store: Store;
  readonly reader: CellReader;
  readonly side: SideReader;
  readonly thumbnails: ThumbnailReader;
  readonly player = new Player(this);
  readonly #pageListeners = new Set<(command: PageCommand) => void>();

  constructor(readonly host: Host) {
    this.store = new Store(fromSaved(host.readState()));
    this.store.subscribe((state, before) => this.#changed(state, before));
    this.reader = new CellReader(host, this.store);
    this.side = new SideReader(host, this.store);
    this.thumbnails = new ThumbnailReader(host, this.store);
  }

  /** Ask for the document and follow it from then on. */
  async start(): Promise<void> {
    this.host.listen({
      state: (document) => this.store.update((state) => documentArrived(state, document)),
      command: (command) => this.does(command),
      apply: (choice) => this.store.update((state) => chosen(state, choice)),
    });
    const document = await this.host.calls.connect({ restored: this.host.readState() !== undefined });
    this.store.update((state) => documentArrived(state, document));
  }

  /** Do what a command, a key or a button asks for. */
  does(command: ViewCommand): void {
    switch (command) {
      case "nextPane":
      case "previousPane":
      case "zoomIn":
      case "zoomOut":
      case "showTable":
        for (const listener of [...this.#pageListeners]) listener(command);
        break;
      case "copyValue":
        this.copy(cellText(this.store.state));
        break;
      case "copyViewState":
        this.copy(JSON.stringify(toSaved(this.store.state), null, 2));
        break;
      case "nextStep":
      case "previousStep":
        this.player.stop();
        this.goTo("step", placeOn(this.store.state, "step") + (command === "nextStep" ? 1 : -1));
        break;
      case "play":
        this.player.toggle();
        break;
      default:
        this.store.update((state) => commanded(state, command));
    }
  }

  /** Hear of commands that act on the page. */
  onPageCommand(listener: (command: PageCommand) => void): () => void {
    this.#pageListeners.add(listener);
    return () => this.#pageListeners.delete(listener);
  }

  /** Capture on another input; null for the model's own. */
  chooseInput(choice: InputChoice | null): void {
    this.player.stop();
    this.host.calls.chooseInput({ choice }).catch(this.#failed);
  }

  /** Show another step or pass of the input; nothing happens past the ends. */
  goTo(axis: RunAxis, place: number): void {
    const choice = choiceAt(this.store.state, axis, place);
    if (!choice) return;
    this.store.update((state) => ({ ...state, wanted: { ...state.wanted, [axis]: place } }));
    this.#move(choice);
  }

  /** Set values of adjustable inputs; of several that follow each other quickly the last counts. */
  adjust(set: Readonly<Record<string, number>>): void {
    this.player.stop();
    const choice = choiceWith(this.store.state, { set });
    this.store.update((state) => ({
      ...state,
      wanted: { ...state.wanted, set: { ...state.wanted.set, ...set } },
    }));
    this.#move(choice);
  }

  /** Let adjustable inputs have their own values again. @param names what they may be called */
  adjustBack(names: readonly string[]): void {
    this.player.stop();
    const choice = choiceWith(this.store.state, {});
    const set = Object.entries(choice.set ?? {}).filter(([name]) => !names.includes(name));
    delete choice.set;
    this.store.update((state) => ({
      ...state,
      wanted: { ...state.wanted, set: Object.fromEntries(set.filter(([name]) => name in state.wanted.set)) },
    }));
    this.#move(set.length === 0 ? choice : { ...choice, set: Object.fromEntries(set) });
  }

  /** Capture what is shown at another place or with another value. */
  #move(choice: InputChoice): void {
    this.host.calls.chooseInput({ choice }).catch((error: unknown) => {
      this.store.update((state) => ({ ...state, wanted: nothingWanted }));
      this.#failed(error);
    });
  }

  /** Capture all steps or passes; `act("stop")` ends that. */
  captureAll(axis: RunAxis): void {
    this.host.calls.captureAll({ axis }).catch(this.#failed);
  }

  /** Run a request that answers with nothing; a failure goes to the log. */
  act(name: "stop" | "cancel" | "retry" | "selectProvider" | "manageTrust" | "showLog"): void {
    this.host.calls[name]({}).catch(this.#failed);
  }

  /** Run what was planned, as one of the plan's choices says. */
  runPlanned(choice: number): void {
    this.host.calls.runPlanned({ choice }).catch(this.#failed);
  }

  /** Ask the host to run one of its commands on this view. */
  run(command: HostCommand): void {
    this.host.calls.run({ command }).catch(this.#failed);
  }

  /** Show probabilities or scores; scores that were not captured are captured first, while the map stays. */
  showCells(cells: CellKind): void {
    this.store.update((state) => ({
      ...viewed(state, { cells }),
      scoring: { ...state.scoring, problem: null },
    }));
    const { state } = this.store;
    const asked = captureOf(state)?.sites.some((site) => site.scores !== null) ?? false;
    if (cells === "probability" || asked || state.scoring.running || !this.host.capturesScores) return;
    const scoring = (running: boolean, problem: string | null): void =>
      this.store.update((now) => ({ ...now, scoring: { running, problem } }));
    scoring(true, null);
    this.host.calls.captureScores({}).then(
      () => scoring(false, null),
      (error: unknown) => {
        const words = describe(AttentionError.wrap(error).report());
        scoring(false, [words.title, words.detail].filter(Boolean).join(": "));
        this.store.update((now) => viewed(now, { cells: "probability" }));
      },
    );
  }

  /** Write the assumed grid of an axis to the manifest. */
  confirmGrid(axis: number): void {
    this.host.calls.confirmGrid({ axis }).catch(this.#failed);
  }

  copy(text: string): void {
    if (text !== "") this.host.calls.copyText({ text }).catch(this.#failed);
  }

  #failed = (error: unknown): void => {
    this.host.failed(error instanceof Error ? error.message : String(error));
  };

  #changed(state: AppState, before: AppState): void {
    // What the first screen of a capture shows is on its way while the screen is made.
    if (captureOf(before) === null && captureOf(state) !== null && showsThumbnails(innerWidth))
      this.thumbnails.want(FIRST_SITES);
    if (state.selection === before.selection && state.view === before.view && state.anchor === before.anchor)
      return;
    this.host.writeState(toSaved(state));
    const { metric, colourMap, scale, range } = state.view;
    const told =
      state.selection !== before.selection ||
      metric !== before.view.metric ||
      colourMap !== before.view.colourMap ||
      scale !== before.view.scale ||
      range !== before.view.range ||
      before.document?.status !== "ready";
    if (state.document?.status === "ready" && told)
      this.host.selected({ ...state.selection, metric, colourMap, scale, range });
  }
}
