/**
 * The link to whoever answers the view: the extension host in VS Code, another provider in tests and in a report.
 * This is the only file that calls `acquireVsCodeApi`.
 */
import type * as z from "zod";
import { createMessageConnection } from "vscode-jsonrpc/browser";
import type { DocumentState } from "../shared/document";
import type { AttentionError } from "../shared/errors";
import {
  decoderContract,
  type HostCommand,
  hostCommandSchema,
  hostNotifications,
  type ViewCommand,
  type ViewContract,
  viewContract,
  viewNotifications,
} from "../shared/protocol";
import { type Caller, caller, listen, notify, serve } from "../shared/rpc";
import type { Choice } from "./view-commands";
import { PostMessageReader, PostMessageWriter } from "./post-message";

/** What the view tells when the selection changes. */
export type Selected = z.output<typeof viewNotifications.selected>;

export interface HostHandlers {
  state(state: DocumentState): void;
  command(command: ViewCommand): void;
  apply(choice: Choice): void;
}

export interface Host {
  /** The commands that it can run: a report has no editor behind it. */
  readonly commands: readonly HostCommand[];
  /** Whether it can capture again with the scores: a report has no engine behind it. */
  readonly capturesScores: boolean;
  /** The requests of `viewContract`; each rejects with `AttentionError`. */
  readonly calls: Caller<ViewContract>;
  /** Hear of states and commands; call once, before `calls.connect`. */
  listen(handlers: HostHandlers): void;
  /** Tell what is selected, and what of the view an export must know. */
  selected(selection: Selected): void;
  /** Tell of a failure that the log should hold. */
  failed(message: string): void;
  /** What `writeState` kept when the view was last open; undefined at first. */
  readState(): unknown;
  writeState(state: unknown): void;
}

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

const LONGEST_FAILURE = 10_000;

/** The host in VS Code's webview. VS Code allows one call of `acquireVsCodeApi` in a page's life. */
export function vsCodeHost(): Host {
  const api = acquireVsCodeApi();
  const connection = createMessageConnection(
    new PostMessageReader(window),
    new PostMessageWriter((message) => api.postMessage(message)),
  );
  const failed = (message: string): void =>
    notify(connection, viewNotifications, "failed", { message: message.slice(0, LONGEST_FAILURE) });
  const refused = (error: AttentionError): void => failed(error.message);
  return {
    commands: hostCommandSchema.options,
    capturesScores: true,
    calls: caller(connection, viewContract),
    listen: (handlers) => {
      listen(connection, hostNotifications, "state", handlers.state, refused);
      listen(connection, hostNotifications, "command", ({ command }) => handlers.command(command), refused);
      listen(connection, hostNotifications, "apply", handlers.apply, refused);
      serve(connection, decoderContract, {
        decodeFrame: async (encoded) => (await import("./video/decode-frame")).decodeFrame(encoded),
      });
      connection.listen();
    },
    selected: (selection) => notify(connection, viewNotifications, "selected", selection),
    failed,
    readState: () => api.getState(),
    writeState: (state) => api.setState(state),
  };
}
