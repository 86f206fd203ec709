/** The weights of a file by module, read from its header or its graph: no value is read and nothing is run. */
import path from "node:path";
import { AttentionError } from "../../shared/errors";
import { counted } from "../../shared/format";
import {
  type ModuleFacts,
  moduleTree,
  type PlacedWeight,
  type WeightReport,
} from "../../shared/weight-report";
import { modulePath } from "../../attention/naming";
import { diskFile } from "../../inputs/files/byte-file";
import { countOf } from "../../inputs/files/lazy-arrays";
import { safetensorsEntries, safetensorsType } from "../../inputs/files/safetensors";
import { weightsOfGraph } from "../../onnx/module-weights";
import { ModelFile } from "./model-file";

/** @param file an ONNX model or a safetensors file, absolute */
export function weightReport(file: string): WeightReport {
  return path.extname(file).toLowerCase() === ".safetensors" ? ofSafetensors(file) : ofModel(file);
}

function ofModel(file: string): WeightReport {
  const opened = new ModelFile(file);
  try {
    const { placed, facts, paths, otherTensors, withoutModule } = weightsOfGraph(
      opened.model.graph,
      modulePath,
    );
    const notices: string[] = [];
    if (withoutModule > 0)
      notices.push(
        `The export kept no module of ${counted(withoutModule, "weight")}: they stand under the model itself.`,
      );
    const own = new Set(placed.map(({ module }) => module.join(".")));
    const sharing = paths.filter((path) => !own.has(path.join(".")) && facts.get(path.join("."))?.size);
    if (sharing.length > 0)
      notices.push(
        `Without weights of their own: ${counted(new Set(sharing.map((path) => path.join("."))).size, "module")}. An exporter keeps weights that are alike once, and they are counted where their name says.`,
      );
    return reported(file, "onnx", opened.size, placed, facts, paths, otherTensors, notices);
  } finally {
    opened.close();
  }
}

/** A header names tensors alone: what class a module has, or whether a matrix is a Linear or an Embedding, it does not say. */
function ofSafetensors(file: string): WeightReport {
  const bytes = openBytes(file);
  try {
    let otherTensors = 0;
    const placed = safetensorsEntries(bytes).flatMap(({ name, kind, dims, start, end }): PlacedWeight[] => {
      if (!/^(B?F|U?I8$|U?I4$)/.test(kind)) {
        otherTensors++;
        return [];
      }
      const weight = {
        name,
        dtype: safetensorsType(kind) ?? kind,
        dims: [...dims],
        bytes: end - start,
        parameters: countOf(dims),
      };
      return [{ weight, module: name.split(/[./]/).slice(0, -1) }];
    });
    const facts = factsOf(placed);
    return reported(file, "safetensors", bytes.size, placed, facts, [], otherTensors, []);
  } finally {
    bytes.close();
  }
}

function openBytes(file: string): ReturnType<typeof diskFile> {
  try {
    return diskFile(file, path.basename(file));
  } catch (error) {
    throw AttentionError.wrap(error, "fileUnreadable");
  }
}

/** Size and bias of modules with a weight: the size as it is stored, since a header does not tell in from out. */
function factsOf(placed: readonly PlacedWeight[]): Map<string, ModuleFacts> {
  const modules = new Map<string, PlacedWeight["weight"][]>();
  for (const { weight, module } of placed)
    modules.set(module.join("."), [...(modules.get(module.join(".")) ?? []), weight]);
  const facts = new Map<string, ModuleFacts>();
  for (const [module, weights] of modules) {
    const own = (...names: string[]) =>
      weights.find(({ name }) => names.includes(name.split(/[./]/).at(-1) ?? ""));
    const main = own("weight", "kernel", "embedding", "scale");
    if (main)
      facts.set(module, {
        type: null,
        size: main.dims.join(" × "),
        bias: main.dims.length > 1 || own("bias") ? own("bias") !== undefined : null,
      });
  }
  return facts;
}

function reported(
  file: string,
  format: WeightReport["format"],
  fileBytes: number,
  placed: readonly PlacedWeight[],
  facts: ReadonlyMap<string, ModuleFacts>,
  paths: readonly (readonly string[])[],
  otherTensors: number,
  notices: string[],
): WeightReport {
  const modules = moduleTree(placed, facts, paths);
  const [model] = modules;
  return {
    name: path.basename(file),
    format,
    fileBytes,
    parameters: model?.parameters ?? 0,
    bytes: model?.bytes ?? 0,
    modules,
    otherTensors,
    notices,
  };
}
