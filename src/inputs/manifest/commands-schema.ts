/** How the model is made: export and training commands with their parameters, and the checkpoints they leave. */
import * as z from "zod";
import { pathSchema } from "./values";

const parameterSchema = z
  .strictObject({
    description: z.string().optional().describe("What it does, in a sentence."),
    type: z
      .enum(["text", "number", "boolean", "file", "folder"])
      .default("text")
      .describe("What is asked for."),
    choices: z
      .array(z.union([z.string(), z.number()]))
      .min(1)
      .optional()
      .describe("The values it may have."),
    default: z
      .union([z.string(), z.number(), z.boolean()])
      .optional()
      .describe("The value that is offered first."),
    arguments: z
      .array(z.string())
      .optional()
      .describe(
        'Arguments that are added when it is given (true, for a boolean): ["--generation", "{value}"]. Without them it stands in the command as {name}.',
      ),
  })
  .meta({ id: "parameter", description: "Something that is asked before the command runs." });

export const commandSchema = z
  .strictObject({
    command: z
      .array(z.string())
      .min(1)
      .describe(
        "The program and its arguments, each apart: no shell reads them. {model} stands for the ONNX file, {checkpoint} for the checkpoint, {name} for a parameter.",
      ),
    folder: pathSchema.optional().describe("Where it runs; the manifest's folder if left out."),
    parameters: z
      .record(z.string(), parameterSchema)
      .optional()
      .describe("What is asked before it runs, by name."),
    watch: z
      .array(pathSchema)
      .optional()
      .describe("Files whose change makes another run useful: model.py. * stands for anything."),
  })
  .meta({
    id: "command",
    description:
      "A command of the project. It is never run without being asked for, nor in an untrusted workspace.",
  });
export type ManifestCommand = z.infer<typeof commandSchema>;

export const checkpointsSchema = z
  .union([
    z.string().includes("{step}").describe("ONNX files by pattern: checkpoints/{step}.onnx."),
    z.array(
      z.strictObject({
        name: z.string().min(1).describe("What the checkpoint is called."),
        model: pathSchema.describe("ONNX file."),
        step: z.number().optional().describe("When in training it was saved."),
      }),
    ),
  ])
  .describe("The model at other times of its training, to compare with.");
