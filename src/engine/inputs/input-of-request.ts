/** The input of a request, or a made-up one where the manifest's own is wrong and a view is to open all the same. */
import { AttentionError, oneLine } from "../../shared/errors";
import type { CaptureRequest } from "../../shared/protocol";
import { chooseInput, type ChosenInput } from "./choose-input";
import { decoderInput, encoderFor } from "./decoder-input";
import type { OpenModel } from "../model/open-model";
import type { Phases } from "../phases";

/** The input of a request. What is wrong with the manifest's own keeps no view from opening, where that is asked for. */
export async function inputOf(
  opened: OpenModel,
  request: CaptureRequest,
  phases: Phases,
): Promise<ChosenInput> {
  const { input, fallback } = request;
  try {
    const link = encoderFor(opened, input);
    checkMapping([opened, ...(link ? [link.encoder] : [])], input);
    return link ? await decoderInput(opened, link, request, phases) : await chooseInput(opened, input);
  } catch (thrown) {
    const error = AttentionError.wrap(thrown);
    const own = input === null || Object.keys(input).length === 0;
    if (fallback !== true || !own || !opened.manifest || error.code === "internal") throw error;
    const made = await chooseInput(opened, { synthetic: { seed: 0 } });
    const notice = `The manifest's input cannot be used, and one is made up: ${oneLine(error.report())}`;
    return { ...made, notices: [notice, ...made.notices] };
  }
}

/** Throws `inputMismatch` for an array that is mapped to an input which there is not: a name that was mistyped. */
function checkMapping(models: readonly OpenModel[], input: CaptureRequest["input"]): void {
  const names = models.flatMap(({ inputs }) => inputs.map(({ name }) => name));
  const unknown = Object.keys(input?.arrays ?? {}).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new AttentionError("inputMismatch", `The model has no input ${unknown} to give an array to.`, {
      fix: `Its inputs are ${names.join(", ")}.`,
    });
}
