/** A table of colours as a CSS gradient, low end on the left. */
import { cssColour, tableColour } from "../../shared/colour-maps";

const STOPS = 16;

export function gradient(table: Uint8Array): string {
  const stops = Array.from({ length: STOPS + 1 }, (_, stop) =>
    cssColour(tableColour(table, Math.round((stop / STOPS) * 255))),
  );
  return `linear-gradient(to right, ${stops.join(", ")})`;
}
