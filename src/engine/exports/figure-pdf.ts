/** A scene as PDF: vectors, text in an embedded font, one picture for each map. */
import PDFDocument from "pdfkit";
import sharp from "sharp";
import type { Mark, Scene, TextMark } from "../../shared/figure/scene";
import { encodePng } from "../../shared/figure/png";
import { element, textElement } from "../../shared/figure/svg";
import { FONT_FAMILY } from "../../shared/figure/figure-theme";
import { fontFiles, type Run, runsOf, runsStart } from "./figure-font";

const POINTS_PER_PX = 0.75;
/** Text of the system's fonts is a picture of this many pixels per px. */
const SYSTEM_TEXT_SCALE = 8;

/** @param facts goes into the document's own metadata, under Keywords */
export async function scenePdf(scene: Scene, facts: string): Promise<Uint8Array> {
  const pictures = await systemTexts(scene);
  const document = new PDFDocument({
    size: [scene.width * POINTS_PER_PX, scene.height * POINTS_PER_PX],
    margin: 0,
    font: Buffer.from(fontFiles.regular) as unknown as string,
    info: { Title: scene.title, Subject: scene.description, Creator: "Attention Lens", Keywords: facts },
    displayTitle: true,
    lang: "en",
  });
  const chunks: Buffer[] = [];
  const written = new Promise<Uint8Array>((resolve, reject) => {
    document.on("data", (chunk: Buffer) => chunks.push(chunk));
    document.on("end", () => resolve(Buffer.concat(chunks)));
    document.on("error", reject);
  });
  document.registerFont("regular", Buffer.from(fontFiles.regular));
  document.registerFont("medium", Buffer.from(fontFiles.medium));
  document.scale(POINTS_PER_PX);
  document.rect(0, 0, scene.width, scene.height).fill(scene.background);
  for (const mark of scene.marks) draw(document, mark, pictures);
  document.end();
  return written;
}

type SystemText = {
  readonly png: Buffer;
  readonly width: number;
  readonly height: number;
  readonly ascent: number;
};

function draw(document: PDFKit.PDFDocument, mark: Mark, pictures: ReadonlyMap<string, SystemText>): void {
  switch (mark.kind) {
    case "rect":
      document.rect(mark.x, mark.y, mark.width, mark.height);
      if (mark.stroke !== null) document.lineWidth(mark.strokeWidth);
      if (mark.fill !== null && mark.stroke !== null)
        document.fillAndStroke(colour(mark.fill), colour(mark.stroke));
      else if (mark.fill !== null) document.fill(colour(mark.fill));
      else if (mark.stroke !== null) document.stroke(colour(mark.stroke));
      return;
    case "line":
      document.moveTo(mark.x1, mark.y1).lineTo(mark.x2, mark.y2).lineWidth(mark.strokeWidth);
      if (mark.dashed) document.dash(mark.strokeWidth * 4, { space: mark.strokeWidth * 3 });
      document.stroke(colour(mark.stroke));
      document.undash();
      return;
    case "image":
      document.image(Buffer.from(encodePng(mark.picture())), mark.x, mark.y, {
        width: mark.width,
        height: mark.height,
      });
      return;
    case "text":
      drawText(document, mark, pictures);
  }
}

function drawText(
  document: PDFKit.PDFDocument,
  mark: TextMark,
  pictures: ReadonlyMap<string, SystemText>,
): void {
  const runs = runsOf(mark);
  document.save().translate(mark.x, mark.y);
  if (mark.turned) document.rotate(-90);
  document.fillColor(colour(mark.fill));
  let x = runsStart(mark, runs);
  for (const run of runs) {
    if (run.kind === "font") {
      document
        .font(mark.bold ? "medium" : "regular")
        .fontSize(mark.size)
        .text(run.text, x, 0, { lineBreak: false, baseline: "alphabetic" });
    } else if (run.kind === "sign") {
      const scale = mark.size / 1000;
      document.save().translate(x, 0).scale(scale, -scale);
      document.path(run.path).fill(colour(mark.fill));
      document.restore();
    } else {
      const picture = pictures.get(keyOf(mark, run));
      if (picture)
        document.image(picture.png, x, -picture.ascent, { width: picture.width, height: picture.height });
    }
    x += run.width;
  }
  document.restore();
}

/** pdfkit knows `#rrggbb`, the tables of colours write `rgb(…)`. */
function colour(css: string): PDFKit.Mixins.ColorValue {
  const parts = /^rgb\((\d+), (\d+), (\d+)\)$/.exec(css);
  return parts ? [Number(parts[1]), Number(parts[2]), Number(parts[3])] : css;
}

function keyOf(mark: TextMark, run: Extract<Run, { kind: "system" }>): string {
  return JSON.stringify([run.text, mark.size, mark.bold, mark.fill]);
}

/** Pictures of the stretches that Roboto cannot write, in the system's fonts. */
async function systemTexts(scene: Scene): Promise<Map<string, SystemText>> {
  const pictures = new Map<string, SystemText>();
  for (const mark of scene.marks) {
    if (mark.kind !== "text") continue;
    for (const run of runsOf(mark)) {
      if (run.kind !== "system" || pictures.has(keyOf(mark, run))) continue;
      const width = run.width + mark.size * 0.4;
      const height = mark.size * 1.5;
      const ascent = mark.size * 1.1;
      const svg = element(
        "svg",
        {
          xmlns: "http://www.w3.org/2000/svg",
          width: Math.ceil(width * SYSTEM_TEXT_SCALE),
          height: Math.ceil(height * SYSTEM_TEXT_SCALE),
          viewBox: `0 0 ${width.toFixed(2)} ${height.toFixed(2)}`,
        },
        [
          textElement(run.text, {
            x: 0,
            y: ascent,
            "font-size": mark.size,
            fill: mark.fill,
            "font-family": FONT_FAMILY,
          }),
        ],
      );
      const png = await sharp(Buffer.from(svg)).png().toBuffer();
      pictures.set(keyOf(mark, run), { png, width, height, ascent });
    }
  }
  return pictures;
}
