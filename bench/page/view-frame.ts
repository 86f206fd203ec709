/** Around the product's page: passes its messages to the bench's server and back, and sees when it is drawn. */
import type { AppElement } from "../../src/webview/app/app-element";
import type { HeatmapElement } from "../../src/webview/heatmap/heatmap-element";
import type { OverviewElement } from "../../src/webview/overview/overview-element";
import type { MapWindow } from "../../src/webview/state";
import { fromBlock, unpack } from "../view/wire";

/** What the bench asks of this page. */
export interface ViewFrame {
  /** Milliseconds from the start of the navigation until all heads and the map are drawn. */
  drawn(): Promise<number>;
  /** Heads whose pictures lie in the visible part of the Overview. */
  visibleHeads(): number;
  /** Milliseconds from choosing a window (shares of the map) until its cells have come and are drawn. */
  moved(window: MapWindow): Promise<number>;
}
declare global {
  interface Window {
    view: ViewFrame;
  }
}

const id = location.pathname.split("/").at(-1) ?? "";
const frame = document.querySelector("iframe");
if (!frame) throw new Error("The page has no frame.");
const inner = frame;

/** Requests of the page that have no reply yet. */
const pending = new Set<unknown>();
/** What was not carried yet: all of it goes in one request, in its order, as messages wait for no answer in VS Code. */
let outbox: unknown[] = [];
let carrying = false;

async function carry(): Promise<void> {
  if (carrying) return;
  carrying = true;
  while (outbox.length > 0) {
    const body = JSON.stringify(outbox);
    outbox = [];
    await fetch(`/up/${id}`, { method: "POST", body });
  }
  carrying = false;
}
window.addEventListener("message", (event) => {
  if (event.source !== inner.contentWindow) return;
  const { id: request, method } = event.data as { id?: unknown; method?: string };
  if (request !== undefined && method !== undefined) pending.add(request);
  outbox.push(event.data);
  void carry();
});

async function receive(): Promise<void> {
  const { body } = await fetch(`/down/${id}`);
  if (!body) return;
  let left = new Uint8Array(0);
  const reader = body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const joined = new Uint8Array(left.length + part.value.length);
    joined.set(left);
    joined.set(part.value, left.length);
    left = joined;
    for (let block = fromBlock(left); block; block = fromBlock(left)) {
      left = block.rest;
      const message = unpack(block.packed) as { id?: unknown };
      pending.delete(message.id);
      inner.contentWindow?.postMessage(message, location.origin, [...block.packed.buffers]);
    }
  }
}
void receive();

function element<T extends Element>(name: string, root: Document | ShadowRoot | null | undefined): T | null {
  for (const child of root?.querySelectorAll("*") ?? []) {
    if (child.localName === name) return child as T;
    const found = element<T>(name, child.shadowRoot);
    if (found) return found;
  }
  return null;
}

function parts(): { app: AppElement; overview: OverviewElement; heatmap: HeatmapElement } | null {
  const app = element<AppElement>("attention-app", inner.contentDocument);
  const overview = element<OverviewElement>("attention-overview", app?.shadowRoot);
  const heatmap = element<HeatmapElement>("attention-heatmap", app?.shadowRoot);
  return app && overview && heatmap ? { app, overview, heatmap } : null;
}

/** Whether every thumbnail has come, and the map has been drawn. */
function complete(): boolean {
  const found = parts();
  if (!found) return false;
  const { document: model, thumbnails, page } = found.app.session.store.state;
  if (model?.status !== "ready") return false;
  const all = thumbnails.size === model.capture.sites.length && page !== null;
  return all && (found.heatmap.surface?.drawn ?? 0) > 0;
}

const nextFrame = (): Promise<unknown> => new Promise((resolve) => requestAnimationFrame(resolve));

/** Waits for the GPU: reading a pixel cannot be answered before what was drawn is there. */
function finish(canvas: HTMLCanvasElement | undefined): void {
  const gl = canvas?.getContext("webgl2");
  gl?.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
}

window.view = {
  drawn: async () => {
    while (!complete()) await nextFrame();
    const found = parts();
    await found?.overview.updateComplete;
    // What was asked for is drawn in the next frame, before this: it was asked for first.
    await nextFrame();
    finish(found?.overview.surface?.canvas);
    finish(found?.heatmap.surface?.canvas);
    return performance.now();
  },
  moved: async ({ queryStart, queryEnd, keyStart, keyEnd }) => {
    const found = parts();
    const { store } = found!.app.session;
    const { document: model, selection } = store.state;
    if (model?.status !== "ready") throw new Error("Nothing is captured.");
    const { queries, keys } = model.capture.sites[selection.site]!;
    const window = {
      ...{ queryStart: queryStart * queries, queryEnd: queryEnd * queries },
      ...{ keyStart: keyStart * keys, keyEnd: keyEnd * keys },
    };
    const started = performance.now();
    store.update((state) => ({ ...state, view: { ...state.view, window } }));
    // The element asks for its cells as it draws what it has.
    do await nextFrame();
    while (pending.size > 0);
    await found!.heatmap.updateComplete;
    await nextFrame();
    finish(found!.heatmap.surface?.canvas);
    return performance.now() - started;
  },
  visibleHeads: () => {
    const root = parts()?.overview.shadowRoot;
    const stage = root?.querySelector(".scroller")?.getBoundingClientRect();
    if (!stage) return 0;
    return [...(root?.querySelectorAll("[role=gridcell]") ?? [])].filter((cell) => {
      const box = cell.getBoundingClientRect();
      return box.top >= stage.top - 1 && box.bottom <= stage.bottom + 1 && box.width > 0;
    }).length;
  },
};
