/** Widths of text in Roboto, so that a figure is laid out the same on every machine and without a browser. */

/** Advance of U+0020 to U+007E in thousandths of the size; regular, then medium. */
const regular = [
  248, 257, 320, 616, 562, 732, 622, 174, 342, 348, 431, 567, 196, 276, 263, 412, 562, 562, 562, 562, 562,
  562, 562, 562, 562, 562, 242, 211, 508, 549, 522, 472, 898, 652, 623, 651, 656, 568, 553, 681, 713, 272,
  552, 627, 538, 873, 713, 688, 631, 688, 616, 593, 597, 648, 636, 887, 627, 601, 599, 265, 410, 265, 418,
  451, 309, 544, 561, 523, 564, 530, 347, 561, 551, 243, 239, 507, 243, 876, 552, 570, 561, 568, 338, 516,
  327, 551, 484, 751, 496, 473, 496, 338, 244, 338, 680,
];
const medium = [
  249, 268, 324, 610, 568, 734, 639, 169, 349, 353, 442, 557, 220, 328, 279, 396, 568, 568, 568, 568, 568,
  568, 568, 568, 568, 568, 265, 238, 508, 560, 521, 486, 895, 666, 631, 653, 653, 565, 549, 681, 710, 282,
  555, 630, 541, 875, 710, 690, 639, 690, 624, 604, 607, 652, 647, 880, 633, 609, 602, 274, 418, 274, 427,
  451, 322, 541, 563, 523, 564, 537, 354, 567, 555, 255, 250, 522, 255, 870, 556, 569, 563, 568, 352, 516,
  333, 556, 495, 743, 503, 487, 503, 335, 251, 335, 665,
];
const LATIN = 600;
const MARK = 0;
const WIDE = 1000;

/** Whether a character is as wide as it is high: East Asian scripts and pictographs. */
function isWide(code: number): boolean {
  return (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xffdc) || code >= 0x1f000;
}

/** Width of a text of this size, in the size's unit. Characters outside ASCII are estimated. */
export function textWidth(text: string, size: number, bold = false): number {
  const table = bold ? medium : regular;
  let width = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= 0x300 && code <= 0x36f) width += MARK;
    else width += table[code - 0x20] ?? (isWide(code) ? WIDE : LATIN);
  }
  return (width * size) / 1000;
}

/** The text, or its beginning with "…" where it is wider than `room`. */
export function fitText(text: string, room: number, size: number, bold = false): string {
  if (textWidth(text, size, bold) <= room) return text;
  const characters = Array.from(text);
  while (characters.length > 1 && textWidth(`${characters.join("")}…`, size, bold) > room) characters.pop();
  return `${characters.join("").trimEnd()}…`;
}
