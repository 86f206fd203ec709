/** A bar for each grid that is assumed: why, and the click that writes it to the manifest. */
import { html, nothing, type TemplateResult } from "lit";
import type { DocumentState } from "../../shared/document";
import type { Session } from "../session";

type Ready = Extract<DocumentState, { status: "ready" }>;

export function assumedAxes(
  document: Ready,
  session: Pick<Session, "host" | "confirmGrid">,
): readonly (TemplateResult | typeof nothing)[] {
  const canWrite = session.host.commands.includes("createManifest");
  return document.capture.axes.map(({ assumed, segments }, axis) =>
    assumed === undefined || !segments.some(({ grid }) => grid !== undefined)
      ? nothing
      : html`<div class="bar notices">
          <span class="badge">assumed</span>
          <span>${assumed}</span>
          ${
            canWrite
              ? html`<vscode-button
                  appearance="secondary"
                  title="Write it to the manifest"
                  @click=${() => session.confirmGrid(axis)}
                  >Confirm grid</vscode-button
                >`
              : nothing
          }
        </div>`,
  );
}
