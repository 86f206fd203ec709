/**
 * All that needs the typeface and its tools, which are four times as large as the engine: built as a program of its
 * own (`dist/engine/typography.cjs`) and loaded with the first PNG or PDF.
 */
export { outlinedText } from "./figure-font";
export { scenePdf } from "./figure-pdf";
