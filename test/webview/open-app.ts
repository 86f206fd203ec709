/** Opens the application over a fake host, as `main.ts` does over the real one, and finds its parts. */
import { expect } from "vitest";
import { page } from "vitest/browser";
import type { DocumentState } from "../../src/shared/document";
import { AppElement } from "../../src/webview/app/app-element";
import { HeatmapElement } from "../../src/webview/heatmap/heatmap-element";
import { applyPageStyles } from "../../src/webview/page-styles";
import { Session } from "../../src/webview/session";
import { registerToolkit } from "../../src/webview/toolkit";
import { type FakeModel, readyState } from "./fake-capture";
import { FakeHost } from "./fake-host";
import { applyTheme, type ThemeName } from "./themes";

registerToolkit();
applyPageStyles();

export interface OpenApp {
  readonly app: AppElement;
  readonly host: FakeHost;
  readonly session: Session;
}

export interface OpenOptions {
  readonly document?: DocumentState;
  readonly theme?: ThemeName;
  readonly width?: number;
  readonly height?: number;
  /** What an earlier view saved. */
  readonly saved?: unknown;
  /** Set up the host before it is asked anything. */
  readonly host?: (host: FakeHost) => void;
}

let open: AppElement | null = null;

/** Close what is open: as a hidden webview is destroyed. */
export function closeApp(): void {
  open?.remove();
  open = null;
}

export async function openApp(model: FakeModel, options: OpenOptions = {}): Promise<OpenApp> {
  closeApp();
  await page.viewport(options.width ?? 1200, options.height ?? 800);
  applyTheme(options.theme ?? "dark");
  const host = new FakeHost(options.document ?? readyState(model), model);
  host.saved = options.saved;
  options.host?.(host);
  const session = new Session(host);
  const app = new AppElement();
  app.session = session;
  document.body.append(app);
  open = app;
  await session.start();
  await app.updateComplete;
  return { app, host, session };
}

/** The first element that matches, looked for through all shadow roots. */
export function find(root: Element | ShadowRoot, selector: string): HTMLElement {
  const found = findAll(root, selector)[0];
  if (!found) throw new Error(`nothing matches ${selector}`);
  return found;
}

/** Every element that matches, through all shadow roots, in document order. */
export function findAll(root: Element | ShadowRoot, selector: string): HTMLElement[] {
  const found: HTMLElement[] = [];
  const walk = (node: Element | ShadowRoot): void => {
    for (const child of node.children) {
      if (child.matches(selector)) found.push(child as HTMLElement);
      walk(child);
    }
    if (node instanceof Element && node.shadowRoot) walk(node.shadowRoot);
  };
  walk(root);
  return found;
}

/** Text as it is read: white space joined. */
export function textOf(element: Element): string {
  return (element.textContent ?? "").replace(/\s+/g, " ").trim();
}

export function heatmapOf(app: AppElement): HeatmapElement {
  const element = find(app, "attention-heatmap");
  if (!(element instanceof HeatmapElement)) throw new Error("not a heatmap");
  return element;
}

/** Wait until the map of the selected head is drawn, and all elements are up to date. */
export async function drawn({ app, session }: OpenApp): Promise<void> {
  await expect.poll(() => heatmapOf(app).surface?.drawn ?? 0).toBeGreaterThan(0);
  await expect
    .poll(() => {
      const { page: cells, row, profile, selection } = session.store.state;
      const same = (part: { head: unknown; batch: number } | null): boolean =>
        part !== null &&
        JSON.stringify(part.head) === JSON.stringify(selection.head) &&
        part.batch === selection.batch;
      return same(cells) && same(row) && same(profile);
    })
    .toBe(true);
  await settled(app);
}

/** Two animation frames and everything that elements still wanted to do. */
export async function settled(app: AppElement): Promise<void> {
  for (let frame = 0; frame < 2; frame++) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    await app.updateComplete;
    // What loads when it is first needed.
    const late = findAll(app, "*").filter((element) => element.matches(":not(:defined)"));
    await Promise.all(late.map(({ localName }) => customElements.whenDefined(localName)));
    for (const element of findAll(app, "*")) {
      if ("updateComplete" in element) await element.updateComplete;
    }
  }
  const heatmap = findAll(app, "attention-heatmap")[0];
  if (heatmap instanceof HeatmapElement && heatmap.zooming) {
    await expect.poll(() => heatmap.zooming).toBe(false);
    await settled(app);
  }
}
