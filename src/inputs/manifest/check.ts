/** Everything that is wrong with a manifest beside its model: what the schema says, and what files and graph say. */
import { checkBeside } from "./checks/beside";
import { type CheckedModel, CheckContext } from "./checks/context";
import { checkInputs, fedDims } from "./checks/inputs";
import { checkNames } from "./checks/names";
import { checkSegments } from "./checks/segments";
import { checkSites } from "./checks/sites";
import { checkSteps } from "./checks/steps";
import { checkWeights } from "./checks/weights";
import type { ManifestProblem } from "./problem";
import type { Manifest } from "./schema";

/**
 * What files and graph say of a manifest that the schema accepts.
 * @param folder the manifest's
 * @param modelOf the model, with sizes that follow from the recorded input's: by input, its fed shape
 */
export function checkManifest(
  manifest: Manifest,
  folder: string,
  inputs: CheckedModel["inputs"],
  modelOf: (fed: ReadonlyMap<string, readonly number[]>) => CheckedModel,
): readonly ManifestProblem[] {
  const context = new CheckContext(manifest, folder);
  try {
    const fed = new Map(
      inputs.flatMap((input) => {
        const dims = fedDims(context, input);
        return dims?.length === input.dims?.length && dims ? [[input.name, dims] as const] : [];
      }),
    );
    const model = modelOf(fed);
    checkInputs(context, model);
    checkSegments(context, model);
    checkNames(context);
    checkSites(context, model);
    checkSteps(context, model);
    checkBeside(context);
    checkWeights(context, model);
  } finally {
    context.close();
  }
  const said = new Set<string>();
  return context.problems.filter((each) => {
    const key = `${each.path.join("\u0000")}\u0001${each.message}`;
    return said.has(key) ? false : said.add(key);
  });
}
