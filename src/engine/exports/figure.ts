/** A figure as a file: SVG, PNG or PDF, each with its origin in its metadata. */
import sharp from "sharp";
import type { Capture } from "../../shared/capture";
import { type BuiltFigure, buildFigure } from "../../shared/figure/build-figure";
import type { FigureSource } from "../../shared/figure/figure-source";
import type { FigureFormat, FigureSpec } from "../../shared/figure/figure-spec";
import { withTexts } from "../../shared/figure/png";
import { sceneSvg } from "../../shared/figure/scene-svg";
import type { ModelSummary } from "../../shared/model";
import type { Provenance } from "../../shared/provenance";
import type { CaptureStore } from "../../shared/maps/capture-store";

export function figureSource(model: ModelSummary, capture: Capture, store: CaptureStore): FigureSource {
  return {
    title: model.title,
    capture,
    readPage: (request) => store.readPage(request),
    readRow: (request) => store.readRow(request),
    readHead: (request) => store.readHead(request),
    readExtremes: (request) => store.readExtremes(request),
  };
}

export async function figureFile(
  source: FigureSource,
  spec: FigureSpec,
  format: FigureFormat,
  provenance: Provenance,
): Promise<Uint8Array | string> {
  const built = buildFigure(source, spec);
  const facts = JSON.stringify(provenance);
  switch (format) {
    case "svg":
      return sceneSvg(built.scene, { width: built.width, height: built.height, metadata: facts });
    case "png":
      return withTexts(await scenePng(built), {
        Title: built.scene.title,
        Description: built.scene.description,
        Software: `${provenance.program} ${provenance.version}`,
        Source: facts,
      });
    case "pdf": {
      const { scenePdf } = await import("./typography");
      return scenePdf(built.scene, facts);
    }
  }
}

async function scenePng({ scene, pixels, dpi }: BuiltFigure): Promise<Uint8Array> {
  const { outlinedText } = await import("./typography");
  const svg = sceneSvg(scene, {
    width: String(pixels.width),
    height: String(pixels.height),
    text: outlinedText,
  });
  const png = sharp(Buffer.from(svg), { unlimited: true })
    .flatten({ background: scene.background })
    .resize(pixels.width, pixels.height, { fit: "fill", kernel: "nearest" })
    .png({ compressionLevel: 9 });
  return (dpi === null ? png : png.withMetadata({ density: dpi })).toBuffer();
}
