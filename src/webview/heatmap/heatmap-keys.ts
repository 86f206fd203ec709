/** Keys of the map: what each asks for, as data. */

export type MapAct =
  | { readonly act: "move"; readonly query: number; readonly key: number }
  | { readonly act: "edge"; readonly key: "first" | "last" }
  | { readonly act: "segment"; readonly step: 1 | -1 }
  | { readonly act: "pan"; readonly dx: number; readonly dy: number }
  | { readonly act: "zoom"; readonly factor: number }
  | { readonly act: "fit" | "pin" | "unpin" };

/** One step of the zoom: 100, 141, 200 % … */
export const ZOOM_STEP = Math.SQRT2;
/** Distance of a pan by keyboard, px. */
const PAN = 32;

const arrows: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** What a key press on the map asks for; null when it is not the map's. */
export function mapAct(
  event: Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey">,
): MapAct | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const arrow = arrows[event.key];
  if (arrow) {
    const [x, y] = arrow;
    return event.shiftKey ? { act: "pan", dx: -x * PAN, dy: -y * PAN } : { act: "move", query: y, key: x };
  }
  switch (event.key) {
    case "Home":
      return { act: "edge", key: "first" };
    case "End":
      return { act: "edge", key: "last" };
    case "PageUp":
      return { act: "segment", step: -1 };
    case "PageDown":
      return { act: "segment", step: 1 };
    case "Enter":
      return { act: "pin" };
    case "Escape":
      return { act: "unpin" };
    case "+":
    case "=":
      return { act: "zoom", factor: ZOOM_STEP };
    case "-":
      return { act: "zoom", factor: 1 / ZOOM_STEP };
    case "0":
      return { act: "fit" };
    default:
      return null;
  }
}
