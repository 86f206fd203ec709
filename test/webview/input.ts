/** Real mouse and screen, through Chromium's own protocol: pointer capture and device pixel ratios work as for people. */
import type {} from "@vitest/browser-playwright";
import { cdp } from "vitest/browser";

/** A place of the tests' frame as a place of the page that holds it; the frame may be shrunk to fit. */
function inPage(x: number, y: number): { x: number; y: number } {
  const frame = window.frameElement?.getBoundingClientRect();
  if (!frame) return { x, y };
  const scale = frame.width / window.innerWidth;
  return { x: frame.x + x * scale, y: frame.y + y * scale };
}

type Button = "left" | "none";

async function mouse(
  type: "mouseMoved" | "mousePressed" | "mouseReleased",
  x: number,
  y: number,
  button: Button,
  more: Record<string, number> = {},
): Promise<void> {
  await cdp().send("Input.dispatchMouseEvent", {
    type,
    ...inPage(x, y),
    button,
    ...more,
  });
}

/** Shift, as Chromium counts modifiers. */
const SHIFT = 8;
const CONTROL = 2;

export async function moveTo(x: number, y: number): Promise<void> {
  await mouse("mouseMoved", x, y, "none");
}

export async function clickAt(x: number, y: number, clickCount = 1): Promise<void> {
  await moveTo(x, y);
  await mouse("mousePressed", x, y, "left", { clickCount });
  await mouse("mouseReleased", x, y, "left", { clickCount });
}

export async function dragFrom(
  from: { x: number; y: number },
  to: { x: number; y: number },
  shift = false,
): Promise<void> {
  const modifiers = shift ? SHIFT : 0;
  await mouse("mouseMoved", from.x, from.y, "none", { modifiers });
  await mouse("mousePressed", from.x, from.y, "left", { modifiers, clickCount: 1 });
  await mouse("mouseMoved", (from.x + to.x) / 2, (from.y + to.y) / 2, "left", { modifiers, buttons: 1 });
  await mouse("mouseMoved", to.x, to.y, "left", { modifiers, buttons: 1 });
  await mouse("mouseReleased", to.x, to.y, "left", { modifiers, clickCount: 1 });
}

/** Ctrl + wheel; a negative distance magnifies. */
export async function pinch(x: number, y: number, distance: number): Promise<void> {
  await cdp().send("Input.dispatchMouseEvent", {
    type: "mouseWheel",
    ...inPage(x, y),
    deltaX: 0,
    deltaY: distance,
    modifiers: CONTROL,
  });
}

/** Middle of an element in client px. */
export function middle(element: Element): { x: number; y: number } {
  const box = element.getBoundingClientRect();
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

export function press(element: Element, key: string, init: KeyboardEventInit = {}): void {
  element.dispatchEvent(
    new KeyboardEvent("keydown", { key, bubbles: true, composed: true, cancelable: true, ...init }),
  );
}

/** Another screen: the page is drawn with this many device pixels per CSS px. */
export async function setPixelRatio(deviceScaleFactor: number): Promise<void> {
  await cdp().send("Emulation.setDeviceMetricsOverride", {
    width: window.top?.innerWidth ?? 1200,
    height: window.top?.innerHeight ?? 800,
    deviceScaleFactor,
    mobile: false,
  });
}

export async function resetPixelRatio(): Promise<void> {
  await cdp().send("Emulation.clearDeviceMetricsOverride");
}
