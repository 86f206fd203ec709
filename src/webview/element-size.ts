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
  let told = noSize;
  const tell = (size: ElementSize): void => {
    if (size.width === told.width && size.height === told.height && size.ratio === told.ratio) return;
    told = size;
    changed(size);
  };
  const observer = new ResizeObserver(([entry]) => {
    if (!entry) return;
    const { width, height } = entry.contentRect;
    // In the next frame: what is drawn for the new size may change the size again, and an observer must not.
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => tell({ width, height, ratio: window.devicePixelRatio }));
  });
  observer.observe(element, { box: "device-pixel-content-box" });
  // A first screen does not wait for frames to learn what it can ask for.
  tell(sizeOf(element));
  return () => {
    cancelAnimationFrame(frame);
    observer.disconnect();
  };
}

/** The content box, as an observer has it. */
function sizeOf(element: Element): ElementSize {
  const box = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  const inside = (whole: number, ...edges: string[]): number =>
    Math.max(
      0,
      edges.reduce((left, edge) => left - (parseFloat(edge) || 0), whole),
    );
  return {
    width: inside(
      box.width,
      ...[style.paddingLeft, style.paddingRight, style.borderLeftWidth, style.borderRightWidth],
    ),
    height: inside(
      box.height,
      ...[style.paddingTop, style.paddingBottom, style.borderTopWidth, style.borderBottomWidth],
    ),
    ratio: window.devicePixelRatio,
  };
}
