/** Bars under the toolbar: the file changed on disk; what was cut, assumed or refused in this run. */
import { html, nothing, type TemplateResult } from "lit";
import type { DocumentState } from "../../shared/document";
import { warningIcon } from "../icons";

type Ready = Extract<DocumentState, { status: "ready" }>;

/** Notices up to which each is written out; more are folded behind their number. */
const WRITTEN_OUT = 1;

export function notices(document: Ready): TemplateResult {
  const said = [...document.capture.notices, ...document.model.manifestProblems];
  return html`
    <div role="status">
      ${
        document.stale === null
          ? nothing
          : html`<div class="bar stale">
              <span class="badge">model changed, reloading</span>
              <span class="dim">${document.stale}</span>
            </div>`
      }
    </div>
    ${
      said.length === 0
        ? nothing
        : html`<div class="bar notices">
            <span class="warning">${warningIcon()}</span>
            ${
              said.length <= WRITTEN_OUT
                ? html`<span>${said[0]}</span>`
                : html`<details>
                    <summary>${said.length} notices about this run</summary>
                    <ul>
                      ${said.map((notice) => html`<li>${notice}</li>`)}
                    </ul>
                  </details>`
            }
          </div>`
    }
  `;
}
