/** The link over `postMessage`: JSON-RPC messages only, buffers intact, errors as codes. */
import { createMessageConnection } from "vscode-jsonrpc/browser";
import { afterEach, describe, expect, it } from "vitest";
import { AttentionError } from "../../src/shared/errors";
import type { PageRequest } from "../../src/shared/page";
import { viewContract } from "../../src/shared/protocol";
import { caller, serve } from "../../src/shared/rpc";
import { PostMessageReader, PostMessageWriter } from "../../src/webview/post-message";
import { causal, readyState } from "./fake-capture";
import { FakeHost } from "./fake-host";

/** Two ends that clone what passes between them, as a webview's channel does. */
function ends(): { host: EventTarget; view: EventTarget; send(to: EventTarget, data: unknown): void } {
  const send = (to: EventTarget, data: unknown): void => {
    const cloned: unknown = structuredClone(data);
    queueMicrotask(() => to.dispatchEvent(new MessageEvent("message", { data: cloned })));
  };
  return { host: new EventTarget(), view: new EventTarget(), send };
}

const model = causal(8, 2);
const connections: { dispose(): void }[] = [];

function connect(fake: FakeHost): {
  calls: FakeHost["calls"];
  view: EventTarget;
  send: ReturnType<typeof ends>["send"];
} {
  const { host, view, send } = ends();
  const server = createMessageConnection(
    new PostMessageReader(host),
    new PostMessageWriter((message) => send(view, message)),
  );
  serve(server, viewContract, fake.calls);
  server.listen();
  const client = createMessageConnection(
    new PostMessageReader(view),
    new PostMessageWriter((message) => send(host, message)),
  );
  client.listen();
  connections.push(server, client);
  return { calls: caller(client, viewContract), view, send };
}

const request: PageRequest = {
  ...{
    handle: "maps/0",
    generation: 1,
    batch: 0,
    head: 1,
    queryStart: 0,
    queryEnd: 8,
    keyStart: 0,
    keyEnd: 8,
  },
  ...{ maxRows: 100, maxColumns: 100 },
  pooling: "max",
};

afterEach(() => {
  for (const connection of connections.splice(0)) connection.dispose();
});

describe("the link to the host", () => {
  it("carries the state and the exact cells of a page", async () => {
    const { calls } = connect(new FakeHost(readyState(model), model));
    expect(await calls.connect({})).toEqual(readyState(model));
    const page = await calls.readPage(request);
    expect([...new Float32Array(page.cells)]).toEqual([...model.sites[0]!.maps[0]![1]!.cells]);
  });

  it("does not mind messages of others", async () => {
    const { calls, view, send } = connect(new FakeHost(readyState(model), model));
    for (const foreign of [null, "text", 7, { type: "other" }, { jsonrpc: "1.0" }, [1]]) send(view, foreign);
    expect((await calls.readPage(request)).rows).toBe(8);
  });

  it("gives an error of the host as its code", async () => {
    const fake = new FakeHost(readyState(model), model);
    fake.beforePage = () => {
      throw new AttentionError("stale", "generation 1 of 2");
    };
    const { calls } = connect(fake);
    await expect(calls.readPage(request)).rejects.toMatchObject({
      code: "stale",
      detail: "generation 1 of 2",
    });
  });

  it("refuses a request that does not fit the contract", async () => {
    const { calls } = connect(new FakeHost(readyState(model), model));
    await expect(calls.readPage({ ...request, maxRows: 0 })).rejects.toMatchObject({ code: "badMessage" });
  });
});
