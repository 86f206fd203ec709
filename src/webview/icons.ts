/** Icons as inline SVG in the text's colour; they are decoration beside words and hidden from screen readers. */
import { svg, type SVGTemplateResult, html, type TemplateResult } from "lit";

function icon(content: SVGTemplateResult): TemplateResult {
  return html`<svg
    class="icon"
    width="14"
    height="14"
    viewBox="0 0 16 16"
    aria-hidden="true"
    focusable="false"
  >
    ${content}
  </svg>`;
}

const line = (d: string): SVGTemplateResult =>
  svg`<path d=${d} fill="none" stroke="currentColor" stroke-width="1.3" stroke-linecap="round" stroke-linejoin="round"></path>`;

export const warningIcon = (): TemplateResult =>
  icon(svg`${line("M8 2 L14.5 13.5 H1.5 Z")}${line("M8 6.5 V9.6")}${line("M8 11.6 V11.7")}`);

export const errorIcon = (): TemplateResult =>
  icon(svg`${line("M8 1.8 a6.2 6.2 0 1 0 0.01 0 Z")}${line("M5.6 5.6 L10.4 10.4 M10.4 5.6 L5.6 10.4")}`);

export const infoIcon = (): TemplateResult =>
  icon(svg`${line("M8 1.8 a6.2 6.2 0 1 0 0.01 0 Z")}${line("M8 7.4 V11")}${line("M8 5 V5.1")}`);

export const doneIcon = (): TemplateResult => icon(line("M3 8.6 L6.4 12 L13 4.6"));

export const shieldIcon = (): TemplateResult =>
  icon(line("M8 1.6 L13.4 3.6 V8 C13.4 11.2 11 13.4 8 14.4 C5 13.4 2.6 11.2 2.6 8 V3.6 Z"));

export const chipIcon = (): TemplateResult =>
  icon(
    svg`${line("M4.5 4.5 H11.5 V11.5 H4.5 Z")}${line("M6.5 2 V4.5 M9.5 2 V4.5 M6.5 11.5 V14 M9.5 11.5 V14 M2 6.5 H4.5 M2 9.5 H4.5 M11.5 6.5 H14 M11.5 9.5 H14")}`,
  );

export const plusIcon = (): TemplateResult => icon(line("M8 3 V13 M3 8 H13"));
export const minusIcon = (): TemplateResult => icon(line("M3 8 H13"));
