/**
 * Pointer and wheel over the map: hover, click to pin, drag to pan, Shift + drag to box, Ctrl + wheel or pinch to
 * zoom, double click to fit. Places are px from the map's corner.
 */

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface GestureHandlers {
  hover(place: { x: number; y: number } | null): void;
  click(place: { x: number; y: number }): void;
  pan(dx: number, dy: number): void;
  /** A box while it is drawn; null when it was given up. */
  box(box: Box | null): void;
  boxed(box: Box): void;
  zoom(factor: number, place: { x: number; y: number }): void;
  fit(): void;
}

/** A press that moves less than this stays a click, px. */
const CLICK = 4;
/** Wheel distance that doubles, px. */
const WHEEL_DOUBLES = 240;

/** Listen on `target`; `origin` gives the map's corner in client px. */
export function listenToGestures(
  target: HTMLElement,
  origin: () => { x: number; y: number },
  handlers: GestureHandlers,
): () => void {
  let press: { x: number; y: number; lastX: number; lastY: number; box: boolean; moved: boolean } | null =
    null;
  const place = (event: MouseEvent): { x: number; y: number } => {
    const corner = origin();
    return { x: event.clientX - corner.x, y: event.clientY - corner.y };
  };
  const boxTo = (from: { x: number; y: number }, to: { x: number; y: number }): Box => ({
    x: Math.min(from.x, to.x),
    y: Math.min(from.y, to.y),
    width: Math.abs(to.x - from.x),
    height: Math.abs(to.y - from.y),
  });
  const down = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const at = place(event);
    press = { ...at, lastX: at.x, lastY: at.y, box: event.shiftKey, moved: false };
    target.setPointerCapture(event.pointerId);
  };
  const move = (event: PointerEvent): void => {
    const at = place(event);
    if (!press) {
      handlers.hover(at);
      return;
    }
    if (!press.moved && Math.hypot(at.x - press.x, at.y - press.y) < CLICK) return;
    press.moved = true;
    if (press.box) handlers.box(boxTo(press, at));
    else handlers.pan(at.x - press.lastX, at.y - press.lastY);
    press.lastX = at.x;
    press.lastY = at.y;
  };
  const up = (event: PointerEvent): void => {
    const at = place(event);
    const was = press;
    press = null;
    if (!was) return;
    if (!was.moved) handlers.click(at);
    else if (was.box) handlers.boxed(boxTo(was, at));
  };
  const cancel = (): void => {
    press = null;
    handlers.box(null);
  };
  const leave = (): void => {
    if (!press) handlers.hover(null);
  };
  const wheel = (event: WheelEvent): void => {
    // A pinch on a trackpad arrives as a wheel with Ctrl.
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const distance = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 24 : event.deltaY;
    handlers.zoom(2 ** (-distance / WHEEL_DOUBLES), place(event));
  };
  const double = (): void => handlers.fit();
  target.addEventListener("pointerdown", down);
  target.addEventListener("pointermove", move);
  target.addEventListener("pointerup", up);
  target.addEventListener("pointercancel", cancel);
  target.addEventListener("pointerleave", leave);
  target.addEventListener("wheel", wheel, { passive: false });
  target.addEventListener("dblclick", double);
  return () => {
    target.removeEventListener("pointerdown", down);
    target.removeEventListener("pointermove", move);
    target.removeEventListener("pointerup", up);
    target.removeEventListener("pointercancel", cancel);
    target.removeEventListener("pointerleave", leave);
    target.removeEventListener("wheel", wheel);
    target.removeEventListener("dblclick", double);
  };
}
