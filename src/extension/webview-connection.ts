/**
 * The link between the host and the page of one webview: `vscode-jsonrpc` over `postMessage`, by structured clone.
 *
 * A webview that was hidden loads its page anew and counts its requests from 0 again, so every page gets a
 * connection of its own: it begins with the page's `connect` and ends when the page is gone. A reply to an
 * earlier page is dropped; it must not pass for the reply to a request with the same number.
 */
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  createMessageConnection,
  type DataCallback,
  type Disposable as RpcDisposable,
  type Message,
  type MessageConnection,
  type MessageReader,
  type MessageWriter,
} from "vscode-jsonrpc/node";
import * as z from "zod";
import type { DocumentState } from "../shared/document";
import type { AttentionError } from "../shared/errors";
import {
  hostNotifications,
  type ViewCommand,
  type ViewContract,
  viewContract,
  viewNotifications,
} from "../shared/protocol";
import { type Handlers, listen, notify, serve } from "../shared/rpc";
import { DisposableBase, DisposableSlot, type Disposable } from "./disposable";
import type { Log } from "./log";
import type { ViewChoice, ViewSelection } from "./views";

/** What is used of `vscode.Webview`. */
export interface WebviewPort {
  postMessage(message: unknown): PromiseLike<boolean>;
  onDidReceiveMessage(listener: (message: unknown) => void): Disposable;
}

export interface ViewListener {
  readonly requests: Handlers<ViewContract>;
  selected(selection: ViewSelection): void;
  /** The page met an error of its own. */
  failed(message: string): void;
}

/**
 * The form of everything a page may send: requests and notifications with named parameters. Positional ones
 * would be spread over the handler's arguments, and replies have nothing to reply to.
 */
const envelopeSchema = z.strictObject({
  jsonrpc: z.literal("2.0"),
  id: z.union([z.number().int(), z.string().max(64)]).optional(),
  method: z.string().min(1).max(64),
  params: z.looseObject({}),
});
const cancelSchema = z.object({ id: z.union([z.number().int(), z.string().max(64)]) });

class PortReader extends AbstractMessageReader implements MessageReader {
  #callback: DataCallback | undefined;

  listen(callback: DataCallback): RpcDisposable {
    this.#callback = callback;
    return { dispose: () => (this.#callback = undefined) };
  }

  read(message: Message): void {
    this.#callback?.(message);
  }
}

class PortWriter extends AbstractMessageWriter implements MessageWriter {
  readonly #port: WebviewPort;
  #open = true;

  constructor(port: WebviewPort) {
    super();
    this.#port = port;
  }

  async write(message: Message): Promise<void> {
    if (!this.#open) return;
    try {
      await this.#port.postMessage(message);
    } catch (error) {
      // A webview that was disposed in between throws; nobody is there to be told.
      this.fireError(error, message);
    }
  }

  end(): void {
    this.#open = false;
  }

  override dispose(): void {
    this.#open = false;
    super.dispose();
  }
}

class PageLink implements Disposable {
  readonly reader = new PortReader();
  readonly writer: PortWriter;
  readonly connection: MessageConnection;

  constructor(port: WebviewPort, listener: ViewListener, log: Log) {
    this.writer = new PortWriter(port);
    this.connection = createMessageConnection(this.reader, this.writer);
    this.connection.onError(([error]) => log.debug(`view: ${error.message}`));
    this.connection.onUnhandledNotification(({ method }) => log.warn(`view: no such notification ${method}`));
    const refused = (error: AttentionError) => log.warn(`view: ${error.message}`);
    serve(this.connection, viewContract, listener.requests);
    listen(
      this.connection,
      viewNotifications,
      "selected",
      (selection) => listener.selected(selection),
      refused,
    );
    listen(this.connection, viewNotifications, "failed", ({ message }) => listener.failed(message), refused);
    this.connection.listen();
  }

  dispose(): void {
    this.writer.dispose();
    this.connection.dispose();
  }
}

export class WebviewConnection extends DisposableBase {
  readonly #port: WebviewPort;
  readonly #listener: ViewListener;
  readonly #log: Log;
  readonly #page = this.register(new DisposableSlot<PageLink>());

  constructor(port: WebviewPort, listener: ViewListener, log: Log) {
    super();
    this.#port = port;
    this.#listener = listener;
    this.#log = log;
    this.register(port.onDidReceiveMessage((message) => this.#receive(message)));
  }

  /** Whether a page is there to be told anything. */
  get connected(): boolean {
    return this.#page.value !== undefined;
  }

  /** The page is gone (the webview was hidden); the next one starts with `connect`. */
  pageGone(): void {
    this.#page.value = undefined;
  }

  sendState(state: DocumentState): void {
    const page = this.#page.value;
    if (page) notify(page.connection, hostNotifications, "state", state);
  }

  sendCommand(command: ViewCommand): void {
    const page = this.#page.value;
    if (page) notify(page.connection, hostNotifications, "command", { command });
  }

  sendChoice(choice: ViewChoice): void {
    const page = this.#page.value;
    if (page) notify(page.connection, hostNotifications, "apply", choice);
  }

  #receive(message: unknown): void {
    const parsed = envelopeSchema.safeParse(message);
    const cancels = parsed.success && parsed.data.method === "$/cancelRequest";
    if (!parsed.success || (cancels && !cancelSchema.safeParse(parsed.data.params).success)) {
      this.#log.warn("view: refused a message that does not have the agreed form");
      return;
    }
    if (parsed.data.method === "connect") {
      this.#page.value = new PageLink(this.#port, this.#listener, this.#log);
    }
    this.#page.value?.reader.read(parsed.data as Message);
  }
}
