/**
 * The typeface of figures: Roboto, carried along, so that a PNG or a PDF looks the same on every machine. Characters
 * that it lacks (East Asian scripts, pictographs) are left to the system's fonts; a few signs that tokens are full of
 * are drawn here.
 */
import { create, type Font } from "fontkit";
import mediumFile from "roboto-fontface/fonts/roboto/Roboto-Medium.woff";
import regularFile from "roboto-fontface/fonts/roboto/Roboto-Regular.woff";
import { FONT_FAMILY } from "../../shared/figure/figure-theme";
import type { TextMark } from "../../shared/figure/scene";
import { element, textElement } from "../../shared/figure/svg";
import { textWidth } from "../../shared/figure/text-width";

/** Signs as outlines in thousandths of the size, y up. */
const signs: Readonly<Record<string, { width: number; path: string }>> = {
  "␣": { width: 600, path: "M60 130V-120H540V130H470V-50H130V130Z" },
  "→": { width: 800, path: "M60 230H590L440 80L490 30L730 265L490 500L440 450L590 300H60Z" },
  "⇥": {
    width: 800,
    path: "M60 230H510L360 80L410 30L650 265L410 500L360 450L510 300H60ZM670 30H740V500H670Z",
  },
  "⏎": { width: 700, path: "M570 600V200H240L370 70L320 20L90 235L320 450L370 400L240 270H500V600Z" },
  "✓": { width: 700, path: "M80 260L130 310L270 170L580 520L630 475L275 75Z" },
};

/** A stretch of text in one kind of type. */
export type Run =
  | { readonly kind: "font"; readonly text: string; readonly width: number }
  | { readonly kind: "sign"; readonly path: string; readonly width: number }
  | { readonly kind: "system"; readonly text: string; readonly width: number };

export const fontFiles = { regular: regularFile, medium: mediumFile };
const opened = new Map<boolean, Font>();

function fontOf(bold: boolean): Font {
  const before = opened.get(bold);
  if (before) return before;
  const font = create(Buffer.from(bold ? mediumFile : regularFile)) as Font;
  opened.set(bold, font);
  return font;
}

function kindOf(character: string, font: Font): Run["kind"] {
  if (character in signs) return "sign";
  return font.hasGlyphForCodePoint(character.codePointAt(0) ?? 0) ? "font" : "system";
}

/** The text in stretches, with the width of each in the size's unit. */
export function runsOf(mark: TextMark): Run[] {
  const font = fontOf(mark.bold);
  const runs: Run[] = [];
  let text = "";
  let kind: Run["kind"] = "font";
  const end = () => {
    if (text === "") return;
    const width =
      kind === "font"
        ? (font.layout(text).advanceWidth * mark.size) / font.unitsPerEm
        : textWidth(text, mark.size, mark.bold);
    if (kind !== "sign") runs.push({ kind, text, width });
    text = "";
  };
  for (const character of mark.text) {
    const next = kindOf(character, font);
    if (next !== kind) end();
    kind = next;
    const sign = signs[character];
    if (sign) runs.push({ kind: "sign", path: sign.path, width: (sign.width * mark.size) / 1000 });
    else text += character;
  }
  end();
  return runs;
}

/** Where the first run begins, as a distance from the mark's anchor. */
export function runsStart(mark: TextMark, runs: readonly Run[]): number {
  const width = runs.reduce((sum, run) => sum + run.width, 0);
  return mark.anchor === "start" ? 0 : mark.anchor === "middle" ? -width / 2 : -width;
}

/** A text as outlines in SVG; what Roboto lacks stays text of the system's fonts. */
export function outlinedText(mark: TextMark): string {
  const font = fontOf(mark.bold);
  const runs = runsOf(mark);
  let x = runsStart(mark, runs);
  const parts = runs.map((run) => {
    const at = x;
    x += run.width;
    if (run.kind === "system")
      return textElement(run.text, { x: at, y: 0, "font-size": mark.size, "font-family": FONT_FAMILY });
    const scale = mark.size / (run.kind === "sign" ? 1000 : font.unitsPerEm);
    return element("path", {
      transform: `translate(${at.toFixed(3)} 0) scale(${scale.toFixed(7)} ${(-scale).toFixed(7)})`,
      d: run.kind === "sign" ? run.path : outline(font, run.text),
    });
  });
  return element(
    "g",
    {
      transform: `translate(${mark.x.toFixed(3)} ${mark.y.toFixed(3)})${mark.turned ? " rotate(-90)" : ""}`,
      fill: mark.fill,
    },
    parts,
  );
}

const outlines = new WeakMap<Font, Map<string, string>>();

/** One path of all glyphs, in the font's units. */
function outline(font: Font, text: string): string {
  const known = outlines.get(font) ?? new Map<string, string>();
  outlines.set(font, known);
  const before = known.get(text);
  if (before !== undefined) return before;
  const { glyphs, positions } = font.layout(text);
  let x = 0;
  const path = glyphs
    .map((glyph, index) => {
      const position = positions[index];
      const d = glyph.path.translate(x + (position?.xOffset ?? 0), position?.yOffset ?? 0).toSVG();
      x += position?.xAdvance ?? 0;
      return d;
    })
    .join("");
  known.set(text, path);
  return path;
}
