/**
 * JSON-RPC over `postMessage`: messages pass as objects by structured clone, so that an `ArrayBuffer` stays one.
 * Only what has the form of a JSON-RPC 2.0 message is taken from the window; anything else is not ours.
 */
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  type DataCallback,
  type Disposable,
  type Message,
  type MessageReader,
  type MessageWriter,
} from "vscode-jsonrpc/browser";

function isMessage(data: unknown): data is Message {
  return typeof data === "object" && data !== null && "jsonrpc" in data && data.jsonrpc === "2.0";
}

export class PostMessageReader extends AbstractMessageReader implements MessageReader {
  constructor(private readonly source: EventTarget) {
    super();
  }

  override listen(callback: DataCallback): Disposable {
    const heard = (event: Event): void => {
      if (event instanceof MessageEvent && isMessage(event.data)) callback(event.data);
    };
    this.source.addEventListener("message", heard);
    return { dispose: () => this.source.removeEventListener("message", heard) };
  }
}

export class PostMessageWriter extends AbstractMessageWriter implements MessageWriter {
  constructor(private readonly post: (message: Message) => void) {
    super();
  }

  write(message: Message): Promise<void> {
    try {
      this.post(message);
      return Promise.resolve();
    } catch (error) {
      this.fireError(error, message, 1);
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  end(): void {
    // The window outlives the connection; there is nothing to close.
  }
}
