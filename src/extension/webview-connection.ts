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
  Message,
  type MessageConnection,
  type MessageReader,
  type MessageWriter,
} from "vscode-jsonrpc/node";
import * as z from "zod";
import type { DocumentState } from "../shared/document";
import { AttentionError } from "../shared/errors";
import {
  type DecoderContract,
  decoderContract,
  hostNotifications,
  type ViewCommand,
  type ViewContract,
  viewContract,
  viewNotifications,
} from "../shared/protocol";
import { type Caller, caller, type Handlers, listen, notify, serve } from "../shared/rpc";
import type { DecodedFrame, EncodedFrame } from "../shared/video-frame";
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
 * The form of everything a page may send: requests and notifications with named parameters (positional ones would be
 * spread over the handler's arguments), and replies to what it was asked.
 */
const idSchema = z.union([z.number().int(), z.string().max(64)]);
const askedSchema = z.strictObject({
  jsonrpc: z.literal("2.0"),
  id: idSchema.optional(),
  method: z.string().min(1).max(64),
  params: z.looseObject({}),
});
const answeredSchema = z.strictObject({ jsonrpc: z.literal("2.0"), id: idSchema, result: z.looseObject({}) });
const refusedSchema = z.strictObject({
  jsonrpc: z.literal("2.0"),
  id: idSchema,
  error: z.object({ code: z.number().int(), message: z.string().max(10_000), data: z.unknown().optional() }),
});
const envelopeSchema = z.union([askedSchema, answeredSchema, refusedSchema]);
const cancelSchema = z.object({ id: idSchema });

/** Longest that a page may take to load, and to decode a frame. */
const CONNECT_WAIT_MS = 15_000;
const DECODE_WAIT_MS = 40_000;

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
  /** Numbers of the requests that the page has not answered. */
  readonly asked = new Set<number | string>();

  constructor(port: WebviewPort) {
    super();
    this.#port = port;
  }

  async write(message: Message): Promise<void> {
    if (!this.#open) return;
    if (Message.isRequest(message) && message.id !== null) this.asked.add(message.id);
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
  readonly call: Caller<DecoderContract>;

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
    this.call = caller(this.connection, decoderContract);
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
  /** Wait for a page to connect. */
  readonly #waiting = new Set<(page: PageLink) => void>();

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

  /** Have the page decode a frame of a video; a page that loads is waited for. Rejects where none answers in time. */
  async decodeFrame(encoded: EncodedFrame): Promise<DecodedFrame> {
    const page = this.#page.value ?? (await this.#connectedPage());
    return inTime(page.call.decodeFrame(encoded), DECODE_WAIT_MS);
  }

  async #connectedPage(): Promise<PageLink> {
    let connected: (page: PageLink) => void = () => undefined;
    const page = new Promise<PageLink>((resolve) => (connected = resolve));
    this.#waiting.add(connected);
    try {
      return await inTime(page, CONNECT_WAIT_MS);
    } finally {
      this.#waiting.delete(connected);
    }
  }

  #receive(message: unknown): void {
    const parsed = envelopeSchema.safeParse(message);
    const asked = parsed.success && "method" in parsed.data ? parsed.data : null;
    const cancels = asked?.method === "$/cancelRequest";
    const unasked =
      parsed.success && !asked && this.#page.value?.writer.asked.delete(parsed.data.id ?? "") !== true;
    if (!parsed.success || unasked || (cancels && !cancelSchema.safeParse(asked.params).success)) {
      this.#log.warn("view: refused a message that does not have the agreed form");
      return;
    }
    if (asked?.method === "connect") {
      const page = new PageLink(this.#port, this.#listener, this.#log);
      this.#page.value = page;
      for (const connected of this.#waiting) connected(page);
    }
    this.#page.value?.reader.read(parsed.data as Message);
  }
}

function inTime<T>(answer: Promise<T>, limitMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = new AttentionError(
      "cancelled",
      `The page of the view did not answer in ${limitMs / 1000} s.`,
    );
    const timer = setTimeout(() => reject(late), limitMs);
    answer.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
