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
export const filterIcon = (): TemplateResult => icon(line("M2.5 3.5 H13.5 L9.5 8.5 V13 L6.5 11.5 V8.5 Z"));
export const searchIcon = (): TemplateResult =>
  icon(svg`${line("M7 2.5 a4.5 4.5 0 1 0 0.01 0 Z")}${line("M10.3 10.3 L13.8 13.8")}`);
export const exportIcon = (): TemplateResult =>
  icon(svg`${line("M8 10 V2.5 M5 5.2 L8 2.3 L11 5.2")}${line("M4 7.5 H2.5 V13.5 H13.5 V7.5 H12")}`);
export const closeIcon = (): TemplateResult => icon(line("M3.5 3.5 L12.5 12.5 M12.5 3.5 L3.5 12.5"));
export const backIcon = (): TemplateResult => icon(line("M10 3 L5 8 L10 13"));
export const forwardIcon = (): TemplateResult => icon(line("M6 3 L11 8 L6 13"));
export const pinIcon = (): TemplateResult =>
  icon(line("M5.5 2.5 H10.5 M6.5 2.5 V7 L4.5 9.5 H11.5 L9.5 7 V2.5 M8 9.5 V14"));
export const swapIcon = (): TemplateResult =>
  icon(line("M3 5.5 H13 M10.5 3 L13 5.5 L10.5 8 M13 11 H3 M5.5 8.5 L3 11 L5.5 13.5"));
export const chevronDownIcon = (): TemplateResult => icon(line("M3.5 6 L8 10.5 L12.5 6"));
export const chevronUpIcon = (): TemplateResult => icon(line("M3.5 10 L8 5.5 L12.5 10"));
export const playIcon = (): TemplateResult => icon(line("M5 3 L13 8 L5 13 Z"));
export const pauseIcon = (): TemplateResult => icon(line("M5.5 3 V13 M10.5 3 V13"));
/** Several that lie one behind the other, and an arrow into them: to capture all of them. */
export const captureAllIcon = (): TemplateResult =>
  icon(
    svg`${line("M8 1.5 V8 M5.5 5.7 L8 8.2 L10.5 5.7")}${line("M2.5 8 V11 H13.5 V8")}${line("M4 13.7 H12")}`,
  );
