/** The committed files of the examples: small, without a path of the machine that made them, true to their source. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../engine/harness";

const folder = path.join(root, "examples");
const files = (readdirSync(folder, { recursive: true }) as string[]).map((name) => name.replaceAll("\\", "/"));
const models = files.filter((name) => name.endsWith(".onnx")).sort();
const figures = files.filter((name) => name.endsWith("/figures.json")).sort();
const recordings = files.filter((name) => /\/(recorded|vit|returns)\.npz$/.test(name)).sort();

const LARGEST_MODEL = 2_000_000;
const LARGEST_RECORDING = 1_000_000;

const contentOf = (name: string) => readFileSync(path.join(folder, name)).toString("latin1");
const linesOf = (file: string) => readFileSync(path.join(root, file), "utf8").split(/\r?\n/);

/** What the examples' `evaluate.py` measured of the committed model, beside what the README promises of any training. */
interface Promised {
  readonly value: number;
  readonly at_least: number;
  readonly within: boolean;
}

/** Frames as PyTorch's exporter writes them: file, line, and what stood there (followed by bytes of the graph). */
const torchFrames = (content: string) =>
  [...content.matchAll(/File "(examples\/[^"]+)", line (\d+), in \w+\n {4}([^\n]*)/g)].map(
    ([, file, line, code]) => ({ file: file!, line: Number(line), code: code! }),
  );

/** Frames as jax2onnx writes them: file, line, and the path of the function. */
const jaxFrames = (content: string) =>
  [...content.matchAll(/(examples\/[\w-]+\/\w+\.py):(\d+) \(([\w.<>]+)\)/g)].map(([, file, line, place]) => ({
    file: file!,
    line: Number(line),
    name: place!.split(".").findLast((part) => !part.startsWith("<"))!,
  }));

/** The name of the function that a line of Python stands in. */
function functionAt(lines: readonly string[], line: number): string | undefined {
  const indent = (text: string) => text.length - text.trimStart().length;
  let within = indent(lines[line - 1]!);
  for (let index = line - 2; index >= 0; index--) {
    const text = lines[index]!;
    // A signature over several lines ends at the indent that its `def` has.
    if (/^\s*(\).*)?$/.test(text) || indent(text) >= within) continue;
    within = indent(text);
    const name = /^\s*def (\w+)/.exec(text)?.[1];
    if (name !== undefined) return name;
  }
  return undefined;
}

describe("the examples' files", () => {
  it.each(models)("%s is small and names no file of another machine", (name) => {
    expect(statSync(path.join(folder, name)).size).toBeLessThanOrEqual(LARGEST_MODEL);
    const content = contentOf(name);
    expect(content.match(/File "\/[^"]*"|site-packages/g)).toBeNull();
    for (const { file } of [...torchFrames(content), ...jaxFrames(content)])
      expect(existsSync(path.join(root, file)), file).toBe(true);
  });

  it.each(recordings)("%s is small", (name) => {
    expect(statSync(path.join(folder, name)).size).toBeLessThanOrEqual(LARGEST_RECORDING);
  });

  it.each(figures)("%s is as good as the README beside it promises", (name) => {
    const { promised } = JSON.parse(contentOf(name)) as { readonly promised: Promised };
    expect(promised.value).toBeGreaterThanOrEqual(promised.at_least);
    expect(promised.within).toBe(true);
    const readme = contentOf(name.replace("figures.json", "README.md")).replace(/\s+/g, " ");
    expect(readme).toMatch(new RegExp(`What any training should reach: [^.]* of at least ${promised.at_least}\\b`));
  });

  const sources = new Map<string, readonly string[]>();
  const source = (file: string) => {
    if (!sources.has(file)) sources.set(file, linesOf(file));
    return sources.get(file)!;
  };

  it.each(models.filter((name) => torchFrames(contentOf(name)).length > 0))("%s leads to lines that say so", (name) => {
    const wrong = torchFrames(contentOf(name)).filter(
      ({ file, line, code }) => !code.startsWith(source(file)[line - 1]?.trim() || "\0"),
    );
    expect(wrong).toEqual([]);
  });

  it.each(models.filter((name) => jaxFrames(contentOf(name)).length > 0))("%s leads to lines of its functions", (name) => {
    const wrong = jaxFrames(contentOf(name)).filter(
      ({ file, line, name: wanted }) => functionAt(source(file), line) !== wanted,
    );
    expect(wrong).toEqual([]);
  });
});
