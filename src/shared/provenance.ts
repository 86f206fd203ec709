/** Where an exported file comes from: enough to make it again (`decisions.md` 27). */
import * as z from "zod";
import { inputReportSchema, providerNameSchema } from "./capture";

const hashedFileSchema = z.object({ name: z.string(), bytes: z.number(), sha256: z.string() });

export const provenanceSchema = z.object({
  program: z.literal("Attention Lens"),
  version: z.string(),
  /** The command line that makes the file again. */
  command: z.string(),
  /** ISO 8601, UTC. */
  created: z.string(),
  /** The model's file, and the files of weights and the other files of the model that were run beside it. */
  model: hashedFileSchema.extend({ weights: z.array(hashedFileSchema) }),
  /** `sha256` of the npz; null for a made-up input, which its seed tells. */
  input: inputReportSchema.extend({ sha256: z.string().nullable() }),
  provider: providerNameSchema,
  /** Hash of model, manifest, input and options, to tell whether the file would come out the same again. */
  recipe: z.string().optional(),
  runtime: z.object({ onnxruntime: z.string(), node: z.string(), platform: z.string() }),
});
export type Provenance = z.infer<typeof provenanceSchema>;

/** The facts as names and values. */
export function provenanceFacts(provenance: Provenance): [name: string, value: string][] {
  const { model, input, runtime } = provenance;
  const file = ({ name, bytes, sha256 }: z.infer<typeof hashedFileSchema>) =>
    `${name}, ${bytes} bytes, sha256 ${sha256}`;
  return [
    ["program", `${provenance.program} ${provenance.version}, ${provenance.created}`],
    ["command", provenance.command],
    ["model", file(model)],
    ...model.weights.map((weights): [string, string] => ["weights", file(weights)]),
    ["input", `${input.label}${input.sha256 === null ? "" : `, sha256 ${input.sha256}`}`],
    [
      "tensors",
      input.tensors.map(({ name, dtype, dims }) => `${name} ${dtype}[${dims.join(", ")}]`).join("; "),
    ],
    [
      "provider",
      `${provenance.provider}; onnxruntime ${runtime.onnxruntime}, node ${runtime.node}, ${runtime.platform}`,
    ],
  ];
}

/** One line a fact, for files that have room for plain text alone. */
export function provenanceLines(provenance: Provenance): string[] {
  return provenanceFacts(provenance).map(([name, value]) => `${name}: ${value}`.replace(/[\r\n]+/g, " "));
}
