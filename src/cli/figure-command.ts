/** `attention-lens figure MODEL`: one run, then every figure that is asked for. */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { InvalidArgumentError } from "commander";
import type { EngineClient } from "../client/engine-client";
import type { ProviderName } from "../shared/capture";
import type { ColourMapName } from "../shared/colour-maps";
import type { ScaleName } from "../shared/colour-scale";
import { AttentionError } from "../shared/errors";
import {
  type FigureFormat,
  figureFormats,
  type FigureSpec,
  type FigureView,
  type PaperSize,
  paperSizes,
  startingSpec,
} from "../shared/figure/figure-spec";
import type { FigureThemeName } from "../shared/figure/figure-theme";
import { bytes, count } from "../shared/format";
import { type QueryText, queryTextSchema } from "../shared/query-choice";
import type { CaptureRequest } from "../shared/protocol";
import { reportRun } from "./capture-command";
import { capturesAlong, type RunPlace } from "./captures";
import { commandLine } from "./command-line";
import { inputChoice, type InputOptions } from "./input-options";
import { defaultTemplate, fileName, headList, numbers, plannedFigures, viewList } from "./figure-files";
import { resolvePath, withEngine } from "./session";

export interface FigureOptions extends InputOptions {
  readonly site?: string[];
  readonly provider: ProviderName | "auto";
  readonly view: readonly FigureView[];
  readonly layers?: number[];
  readonly heads: FigureSpec["heads"];
  readonly samples?: number[];
  readonly query?: QueryText;
  readonly colormap?: ColourMapName;
  readonly scale?: ScaleName;
  readonly range?: FigureSpec["range"];
  readonly theme: FigureThemeName;
  readonly size: FigureSpec["size"];
  readonly title?: string;
  readonly out?: string;
  readonly outDir?: string;
  readonly name?: string;
  readonly format?: FigureFormat[];
}

export async function runFigure(model: string, options: FigureOptions): Promise<void> {
  const { out, outDir } = options;
  if ((out === undefined) === (outDir === undefined))
    throw new InvalidArgumentError("Name either --out FILE for one figure or --out-dir FOLDER for many.");
  const formats = options.format ?? [out === undefined ? "png" : formatOf(out)];
  await withEngine(async (client) => {
    await client.open(resolvePath(model), "full");
    const request = {
      provider: options.provider,
      providerOrder: [],
      input: inputChoice(options),
      sites: options.site ?? null,
    };
    const made: string[] = [];
    let written = 0;
    for (const samples of await sampleRuns(client, request, options.samples)) {
      const input =
        samples.recorded === null ? request.input : { ...request.input, samples: [samples.recorded] };
      for await (const { capture, step, pass } of capturesAlong(client, { ...request, input }, options)) {
        reportRun(capture);
        const start = startingSpec(capture.start);
        const choice = {
          views: options.view,
          layers: options.layers ?? null,
          heads: options.heads,
          samples: samples.recorded === null ? samples.batch : null,
        };
        const planned = plannedFigures(capture, choice, path.parse(model).name, out !== undefined).map(
          (figure) => {
            const sample =
              samples.recorded === null
                ? {}
                : { sample: String(samples.recorded), s: String(samples.recorded) };
            return {
              ...figure,
              fields: {
                ...figure.fields,
                ...sample,
                step: String(step ?? "all"),
                pass: String(pass ?? "last"),
              },
            };
          },
        );
        const files = planned.flatMap((figure) =>
          formats.map((format) => ({
            figure,
            format,
            file:
              out !== undefined
                ? resolvePath(out)
                : path.join(
                    resolvePath(outDir ?? ""),
                    fileName(
                      options.name ??
                        placeTemplate(defaultTemplate(capture, figure.spec.view), { step, pass }),
                      figure.fields,
                      format,
                    ),
                  ),
          })),
        );
        refuseSameNames([...made, ...files.map(({ file }) => file)], out);
        made.push(...files.map(({ file }) => file));
        for (const { figure, format, file } of files) {
          makeFolder(path.dirname(file));
          const spec: FigureSpec = {
            ...figure.spec,
            query: options.query ?? null,
            colourMap: options.colormap ?? start.colourMap,
            scale: options.scale ?? start.scale,
            range: options.range ?? start.range,
            theme: options.theme,
            size: options.size,
            title: options.title ?? null,
          };
          const { bytes: size } = await client.writeFigure({ spec, format, file, command: commandLine() });
          written += size;
          process.stdout.write(`${path.relative(process.cwd(), file)}\n`);
        }
      }
    }
    console.error(`${count(made.length)} ${made.length === 1 ? "figure" : "figures"}, ${bytes(written)}`);
  });
}

/** Samples of the recording are captured one by one; without a recording they are elements of the batch. */
async function sampleRuns(
  client: EngineClient,
  request: CaptureRequest,
  samples: readonly number[] | undefined,
): Promise<{ recorded: number | null; batch: readonly number[] | null }[]> {
  if (samples === undefined) return [{ recorded: null, batch: null }];
  const { recording } = await client.capture(request);
  return recording.samples
    ? samples.map((recorded) => ({ recorded, batch: null }))
    : [{ recorded: null, batch: samples }];
}

/** The template with step and pass in it, where they were asked for. */
function placeTemplate(template: string, { step, pass }: RunPlace): string {
  return `${template}${step === null ? "" : "_step{step}"}${pass === null ? "" : "_pass{pass}"}`;
}

function refuseSameNames(files: readonly string[], out: string | undefined): void {
  const twice = files.find((file, index) => files.indexOf(file) !== index);
  if (twice === undefined) return;
  throw out === undefined
    ? new AttentionError("writeFailed", `Two figures would be written to ${twice}.`, {
        fix: "Add {layer}, {component}, {site}, {head}, {sample}, {step}, {pass} or {view} to the template that --name gives.",
      })
    : new AttentionError(
        "writeFailed",
        `The choice gives ${files.length} figures, and --out names one file.`,
        {
          fix: "Narrow it with --site, --layers, --heads, --samples, --steps and --pass, or give --out-dir.",
        },
      );
}

/** A folder for what will be written. */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new AttentionError("writeFailed", error instanceof Error ? error.message : String(error), {
      where: folder,
      cause: error,
    });
  }
}

function formatOf(file: string): FigureFormat {
  const format = figureFormats.find((known) => file.toLowerCase().endsWith(`.${known}`));
  if (!format)
    throw new InvalidArgumentError(
      `${file} ends in none of ${figureFormats.map((known) => `.${known}`).join(", ")}.`,
    );
  return format;
}

/** A parser of an option's text, whose complaint becomes commander's. */
export function parsed<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
    }
  };
}

export const parseViews = parsed(viewList);
export const parseNumbers = parsed(numbers);
export const parseHeads = parsed(headList);

export const parseQuery = parsed((text): QueryText => {
  const query = queryTextSchema.safeParse(/^\d+$/.test(text) ? Number(text) : text);
  if (!query.success)
    throw new RangeError(
      "A query is a number from 0, “last”, a token of a segment as in action[0] or action[-1], or the mean of a segment as in mean(action).",
    );
  return query.data;
});

export const parseSize = parsed((text): FigureSpec["size"] => {
  const named = paperSizes.find((known): known is PaperSize => known === text);
  if (named) return named;
  const pixels = /^(\d+)x(\d+)$/.exec(text);
  const [width, height] = [Number(pixels?.[1]), Number(pixels?.[2])];
  if (!(width >= 200 && height >= 200 && width <= 16_000 && height <= 16_000))
    throw new RangeError(`A size is ${paperSizes.join(", ")} or WIDTHxHEIGHT in pixels from 200 to 16000.`);
  return { width, height };
});

export const parseRange = parsed((text): FigureSpec["range"] => {
  if (text === "auto" || text === "maximum" || text === "p99") return text;
  const end = Number(text);
  if (!(end > 0 && end <= 1))
    throw new RangeError("A range is auto, maximum, p99, or a probability above 0 to 1.");
  return end;
});

export const parseFormats = parsed((text): FigureFormat[] =>
  text.split(",").map((part) => {
    const format = figureFormats.find((known) => known === part.trim());
    if (!format) throw new RangeError(`“${part}” is no format; there are ${figureFormats.join(", ")}.`);
    return format;
  }),
);
