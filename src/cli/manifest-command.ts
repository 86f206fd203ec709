/** `attention-lens manifest check MODEL` and `manifest init MODEL`. */
import { existsSync } from "node:fs";
import path from "node:path";
import { AttentionError } from "../shared/errors";
import { counted } from "../shared/format";
import type { ManifestReport } from "../shared/manifest-report";
import { writeText } from "./output";
import { resolvePath, withEngine } from "./session";

/** A manifest can be named as well as its model. */
function modelOf(named: string): string {
  return resolvePath(named.replace(/\.attention\.json$/, ".onnx"));
}

export async function runManifestCheck(named: string, options: { json?: string }): Promise<void> {
  const model = modelOf(named);
  const report = await withEngine((client) => client.checkManifest(model));
  if (!report.exists) {
    throw new AttentionError("fileNotFound", `${path.basename(model)} has no manifest.`, {
      where: report.file,
      fix: `Write one with: attention-lens manifest init ${named}`,
    });
  }
  if (options.json !== undefined) writeText(options.json, `${JSON.stringify(report, null, 2)}\n`);
  if (options.json !== "-") process.stdout.write(`${checkText(report)}\n`);
  if (report.problems.some(({ severity }) => severity === "error")) process.exitCode = 1;
}

/** Writes a start; never over a file that is there without being told so. */
export async function runManifestInit(
  named: string,
  options: { out?: string; force?: boolean },
): Promise<void> {
  const draft = await withEngine((client) => client.draftManifest(modelOf(named)));
  const file = options.out === undefined || options.out === "-" ? draft.file : resolvePath(options.out);
  if (options.out !== "-" && existsSync(file) && options.force !== true) {
    throw new AttentionError("writeFailed", "There is a manifest already.", {
      where: file,
      fix: "Name another file with --out, look at the draft with --out -, or write over it with --force.",
    });
  }
  writeText(options.out === "-" ? "-" : file, draft.text);
  if (options.out !== "-") console.error(`${path.relative(process.cwd(), file) || file} is written`);
}

/** A line for each problem, as compilers write them: file, line, column. */
export function checkText({ file, problems }: ManifestReport): string {
  const name = path.relative(process.cwd(), file) || file;
  const lines = problems.map(
    ({ line, column, severity, path: at, message }) =>
      `${name}:${line + 1}:${column + 1}: ${severity}: ${at === "" ? "" : `${at}: `}${message}`,
  );
  const summary = problems.length === 0 ? `${name}: nothing is wrong` : counted(problems.length, "problem");
  return [...lines, summary].join("\n");
}
