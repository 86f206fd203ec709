/** The captures that a command line asks for, one after the other: at every step, of every sample. */
import type { EngineClient } from "../client/engine-client";
import type { Capture } from "../shared/capture";
import { AttentionError } from "../shared/errors";
import type { CaptureRequest } from "../shared/protocol";
import type { InputOptions } from "./input-options";

export interface CaptureAt {
  readonly capture: Capture;
  /** Null where no step was asked for. */
  readonly step: number | null;
}

/** @param request with the input that was chosen; its step is set here */
export async function* capturesAlong(
  client: EngineClient,
  request: CaptureRequest,
  { steps }: Pick<InputOptions, "steps">,
): AsyncGenerator<CaptureAt> {
  if (steps === undefined) {
    yield { capture: await client.capture(request), step: null };
    return;
  }
  const at = (step: number) => client.capture({ ...request, input: { ...request.input, step } });
  const first = await at(steps === "all" ? 0 : (steps[0] ?? 0));
  const known = first.recording.steps;
  if (!known)
    throw new AttentionError("inputMissing", "The input has no steps.", {
      fix: "Name them in the manifest (steps.inputs), or make some with --generate.",
    });
  const wanted = steps === "all" ? Array.from({ length: known.count }, (_, step) => step) : steps;
  const past = wanted.find((step) => step >= known.count);
  if (past !== undefined)
    throw new AttentionError(
      "inputMissing",
      `There is no ${known.name} ${past}; there are ${known.count}, from 0.`,
    );
  for (const [index, step] of wanted.entries()) yield { capture: index === 0 ? first : await at(step), step };
}

/** A file's name with {step} filled in; refused where several captures would be one file. */
export function fileOf(template: string, { step }: CaptureAt, several: boolean): string {
  if (several && template !== "-" && !template.includes("{step}"))
    throw new AttentionError("writeFailed", `Several steps would be written to ${template}.`, {
      fix: "Write {step} into the file's name.",
    });
  return template.replaceAll("{step}", String(step ?? 0));
}
