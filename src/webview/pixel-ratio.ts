/** Device pixels per CSS px; it changes with zoom and when the window moves to another screen. */

/** Call `changed` with each new ratio. */
export function watchPixelRatio(changed: (ratio: number) => void): () => void {
  let query: MediaQueryList | null = null;
  const heard = (): void => {
    watch();
    changed(window.devicePixelRatio);
  };
  const watch = (): void => {
    query?.removeEventListener("change", heard);
    query = matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
    query.addEventListener("change", heard);
  };
  watch();
  return () => query?.removeEventListener("change", heard);
}
