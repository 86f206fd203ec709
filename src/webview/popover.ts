/** Menus below a button: the browser's own popover closes them on Escape and on a click elsewhere. */

/** Distance of a menu to its button and to the edge of the panel, px. */
const GAP = 2;

/** Put a popover under its button, within the panel. For `beforetoggle` and, once its size is known, `toggle`. */
export function placeBelow(menu: HTMLElement, button: Element): void {
  const anchor = button.getBoundingClientRect();
  const { width } = menu.getBoundingClientRect();
  const left = Math.max(GAP, Math.min(anchor.left, window.innerWidth - width - GAP));
  menu.style.setProperty("left", `${left}px`);
  menu.style.setProperty("top", `${anchor.bottom + GAP}px`);
}
