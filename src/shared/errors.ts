/**
 * Every failure that a person can meet, worded once.
 *
 * Errors cross processes as a code with details (`ErrorReport`); the wording is made at the edge where it is
 * shown, by `describe`. Each says what is wrong, where, and what to do.
 */
import * as z from "zod";

const wording = {
  notOnnx: {
    title: "Not an ONNX model",
    fix: 'Open a file that an exporter wrote, for example torch.onnx.export(model, inputs, "model.onnx").',
  },
  truncated: {
    title: "The ONNX file is cut short or damaged",
    fix: "Export or copy the model again; the file ends before its graph does.",
  },
  gitLfsPointer: {
    title: "This is a Git LFS pointer, not the model",
    fix: "Run `git lfs pull` in the repository, then open the model again.",
  },
  externalDataMissing: {
    title: "The model's weights file is missing",
    fix: "Put the named file beside the model; models with external data are two files that belong together.",
  },
  externalDataRefused: {
    title: "The model's weights point outside its folder",
    fix: "Save the model again with its external data as a plain file in the same folder.",
  },
  tooLarge: {
    title: "The model is larger than 2 GB in one file",
    fix: "Use external data: onnx.save(model, path, save_as_external_data=True).",
  },
  limits: {
    title: "The model's structure is beyond the limits for a file that is read safely",
    fix: "If the model is genuine, report its exporter and version.",
  },
  fileNotFound: { title: "The file does not exist", fix: "Check the path." },
  fileUnreadable: {
    title: "The file cannot be read",
    fix: "Check that it is whole, of the kind that its name says, and that you may read it.",
  },
  notCheckpointExport: {
    title: "A training checkpoint holds weights, not a graph",
    fix: 'Export it first: torch.onnx.export(model, inputs, "model.onnx") beside the checkpoint.',
  },
  inputMismatch: {
    title: "An input does not fit the model",
    fix: "Give the array the type and shape that the model wants.",
  },
  inputMissing: {
    title: "An input of the model has no value",
    fix: "Name an array for it in the manifest's inputs, or pass --inputs FILE.npz.",
  },
  inputTooLarge: {
    title: "An input is larger than what is read",
    fix: "Give a smaller one.",
  },
  filterInvalid: {
    title: "The condition cannot be read",
    fix: "Write it as return > 5 and length < 20.",
  },
  inputRefused: {
    title: "The input is not read",
    fix: "Choose the file with the button of the Input dialog.",
  },
  tokenizerInvalid: {
    title: "The tokenizer cannot be used",
    fix: "Save it again: tokenizer.save_pretrained(folder) writes a tokenizer.json that is read here.",
  },
  frameUnreadable: {
    title: "The picture cannot be decoded",
    fix: "Save it as PNG, JPEG or WebP; for a video, take a frame of it out first.",
  },
  manifestInvalid: { title: "The manifest is not valid", fix: "Correct the manifest at the named place." },
  memory: {
    title: "The run needs more memory than is free",
    fix: "Use a shorter input, a smaller batch or fewer sites.",
  },
  siteUnknown: {
    title: "No such attention site",
    fix: "List the sites with `attention-lens inspect MODEL`.",
  },
  noAttention: {
    title: "No attention found in this graph",
    fix: "See the list of softmaxes that were looked at and why each is not attention.",
  },
  providerUnavailable: {
    title: "The provider cannot run here",
    fix: "Choose another provider; `attention-lens providers` says what each needs.",
  },
  runFailed: {
    title: "ONNX Runtime could not run the model",
    fix: "Its message names the operator: mostly one size of the input does not go with another.",
  },
  sessionFailed: {
    title: "ONNX Runtime could not load the model",
    fix: "Read its message in the log; an operator or opset that it does not know is usually named there.",
  },
  engineCrashed: {
    title: "The engine stopped while it worked on this model",
    fix: "Open the model again; the other tabs are not affected. If it stops again, report the model's exporter.",
  },
  engineBackoff: {
    title: "The engine stopped three times on this model",
    fix: "It is not started again by itself: choose Restart Engine to try once more.",
  },
  cancelled: { title: "Cancelled", fix: "Run it again when you want to." },
  untrusted: {
    title: "This workspace is not trusted, so nothing is run",
    fix: "Trust the workspace to run its models.",
  },
  stale: { title: "The capture was replaced by a newer one", fix: "Ask again; the view does so by itself." },
  badMessage: {
    title: "A message did not have the agreed form",
    fix: "Reload the window; if it comes back, report it.",
  },
  writeFailed: {
    title: "The file could not be written",
    fix: "Check the disk's free space and the folder's permissions.",
  },
  leftOut: {
    title: "This was left out of the report, to keep it small",
    fix: "Write the report with a larger --limit or fewer sites (--site), or read the npz.",
  },
  internal: { title: "Something failed inside Attention Lens", fix: "See the log and report it." },
} as const;

export type ErrorCode = keyof typeof wording;
const codes = Object.keys(wording) as [ErrorCode, ...ErrorCode[]];

export const errorReportSchema = z.object({
  code: z.enum(codes),
  /** What exactly is wrong, with the figures: one sentence. */
  detail: z.string(),
  /** Where: a file, a node, an input. */
  where: z.string().optional(),
  /** What to do when it differs from the code's own advice. */
  fix: z.string().optional(),
});
export type ErrorReport = z.infer<typeof errorReportSchema>;

/** An error with a code. `detail` is one sentence with the figures; `where` names file, node or input. */
export class AttentionError extends Error {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly where: string | undefined;
  readonly fix: string | undefined;

  constructor(code: ErrorCode, detail = "", options: { where?: string; fix?: string; cause?: unknown } = {}) {
    super(detail ? `${wording[code].title}: ${detail}` : wording[code].title, { cause: options.cause });
    this.name = "AttentionError";
    this.code = code;
    this.detail = detail;
    this.where = options.where;
    this.fix = options.fix;
  }

  report(): ErrorReport {
    return {
      code: this.code,
      detail: this.detail,
      ...(this.where === undefined ? {} : { where: this.where }),
      ...(this.fix === undefined ? {} : { fix: this.fix }),
    };
  }

  static from(report: ErrorReport): AttentionError {
    return new AttentionError(report.code, report.detail, {
      ...(report.where === undefined ? {} : { where: report.where }),
      ...(report.fix === undefined ? {} : { fix: report.fix }),
    });
  }

  /** Any thrown value as an `AttentionError`; what has no code becomes `fallback`. */
  static wrap(error: unknown, fallback: ErrorCode = "internal"): AttentionError {
    if (error instanceof AttentionError) return error;
    return new AttentionError(fallback, error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}

/** The words for an error: a title, the sentence, the place, and what to do. */
export function describe(report: ErrorReport): { title: string; detail: string; where: string; fix: string } {
  return {
    title: wording[report.code].title,
    detail: report.detail,
    where: report.where ?? "",
    fix: report.fix ?? wording[report.code].fix,
  };
}

/** One line for a terminal or a notification. */
export function oneLine(report: ErrorReport): string {
  const words = describe(report);
  return (
    [words.title, words.where && ` (${words.where})`, words.detail && `: ${words.detail}`]
      .filter(Boolean)
      .join("") +
    (words.detail.endsWith(".") ? " " : ". ") +
    words.fix
  );
}
