/** Size of an element together with the screen's pixel ratio: what a canvas needs to be sharp. */

export interface ElementSize {
  /** CSS px. */
  readonly width: number;
  readonly height: number;
  /** Device pixels per CSS px; it changes with zoom and when the window moves to another screen. */
  readonly ratio: number;
}

export const noSize: ElementSize = { width: 0, height: 0, ratio: 1 };

/**
 * Call `changed` now and whenever size or ratio change. One observer of device pixels tells of both: another ratio
 * is another number of device pixels.
 */
export function observeSize(element: Element, changed: (size: ElementSize) => void): () => void {
  let frame = 0;
  const observer = new ResizeObserver(([entry]) => {
    if (!entry) return;
    const { width, height } = entry.contentRect;
    // In the next frame: what is drawn for the new size may change the size again, and an observer must not.
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => changed({ width, height, ratio: window.devicePixelRatio }));
  });
  observer.observe(element, { box: "device-pixel-content-box" });
  return () => {
    cancelAnimationFrame(frame);
    observer.disconnect();
  };
}
