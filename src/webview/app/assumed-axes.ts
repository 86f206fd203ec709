/** A bar for each grid that is assumed: why, and the click that writes it to the manifest. */
import { html, nothing, type TemplateResult } from "lit";
import type { DocumentState } from "../../shared/document";
import type { Session } from "../session";

type Ready = Extract<DocumentState, { status: "ready" }>;

/** A bar for the sizes that the model leaves open and nobody said: which they are, and a click to say others. */
export function assumedSizes(
  { capture: { recording } }: Ready,
  session: Pick<Session, "does">,
): TemplateResult | typeof nothing {
  const sizes = Object.entries(recording.assumedSizes ?? {});
  if (sizes.length === 0) return nothing;
  return html`<div class="bar notices">
    <span class="badge">assumed</span>
    <span>${sizes.map(([name, size]) => `${name} = ${size}`).join(", ")}: the model leaves it open.</span>
    <vscode-button
      appearance="secondary"
      title="Say other sizes; they are remembered for this model"
      @click=${() => session.does("showInput")}
      >Set sizes</vscode-button
    >
  </div>`;
}

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
