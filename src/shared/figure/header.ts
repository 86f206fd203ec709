/** Title and subtitle of a figure, and text that runs over several lines. */
import { BODY, type FigureTheme, TITLE } from "./figure-theme";
import type { FigureSpec } from "./figure-spec";
import { visible } from "./figure-source";
import type { Drawing } from "./scene";
import { fitText, textWidth } from "./text-width";

/** Words of a text on lines of at most `width`. */
export function wrapped(text: string, width: number, size: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && textWidth(`${last} ${word}`, size) <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((line) => fitText(line, width, size));
}

/** Draw the head of the figure; where what follows begins. An empty title leaves both lines out. */
export function header(
  drawing: Drawing,
  spec: FigureSpec,
  theme: FigureTheme,
  words: { title: string; subtitle: string },
  width: number,
): number {
  if (spec.title === "") return 2;
  drawing.text(0, 10, fitText(visible(spec.title ?? words.title, 400), width, TITLE, true), {
    size: TITLE,
    bold: true,
    fill: theme.text,
  });
  const lines = wrapped(words.subtitle, width, BODY);
  lines.forEach((line, index) => drawing.text(0, 22 + index * 11, line, { size: BODY, fill: theme.dim }));
  return 22 + lines.length * 11;
}
