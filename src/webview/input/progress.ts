/** How far runs that follow each other came: tokens of a generation, passes of a loop, steps of an episode. */
import { css, html, type TemplateResult } from "lit";
import { count, plural } from "../../shared/format";
import type { RunProgress } from "../../shared/input-choice";
import { styles } from "../styles-directive";

export const progressStyles = css`
  .progress {
    height: 2px;
    background: color-mix(in srgb, var(--vscode-foreground) 14%, transparent);
  }
  .progress div {
    height: 100%;
    background: var(--vscode-progressBar-background);
  }
`;

/** "12 of 40 steps captured". */
export function progressWords({ name, done, total }: RunProgress): string {
  return `${count(done)} of ${count(total)} ${plural(name)} captured`;
}

/** A bar across, 2 px high. */
export function progressBar(progress: RunProgress): TemplateResult {
  return html`<div
    class="progress"
    role="progressbar"
    aria-label="Capturing ${plural(progress.name)}"
    aria-valuemin="0"
    aria-valuemax=${progress.total}
    aria-valuenow=${progress.done}
    aria-valuetext=${progressWords(progress)}
  >
    <div style=${styles({ width: `${(100 * progress.done) / progress.total}%` })}></div>
  </div>`;
}
