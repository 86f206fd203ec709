/** An input as the command line's options name it: what makes a file again says on what. */
import type { InputChoice } from "./input-choice";

const listed = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? (value as readonly T[]) : [value as T];

/**
 * @param choice null for the model's own input
 * @param place how a path is named: relative for a terminal, by its last part in a file that is handed on
 */
export function inputArguments(choice: InputChoice | null, place: (file: string) => string): string[] {
  if (choice === null) return [];
  const { generate } = choice;
  const named = (name: string | undefined, file: string) => (name ? `${name}=${place(file)}` : place(file));
  const option = (name: string, value: string | number | undefined): string[] =>
    value === undefined ? [] : [`--${name}`, String(value)];
  return [
    ...option("inputs", choice.file === undefined ? undefined : place(choice.file)),
    ...Object.entries(choice.arrays ?? {}).flatMap(([name, array]) => option("map", `${name}=${array}`)),
    ...listed(choice.text).flatMap((text) => option("text", text)),
    ...listed(choice.textPair).flatMap((text) => option("text-pair", text)),
    ...Object.entries(choice.images ?? {}).flatMap(([name, file]) => option("image", named(name, file))),
    ...(choice.video
      ? [
          ...option("video", named(choice.video.input, choice.video.file)),
          ...option("frame", choice.video.frame),
        ]
      : []),
    ...option("samples", choice.samples?.join(",")),
    ...option("episode", choice.episode),
    ...option("steps", choice.step),
    ...option("pass", choice.pass),
    ...option("synthetic", choice.synthetic?.seed),
    ...Object.entries(choice.dims ?? {}).flatMap(([name, size]) => option("dim", `${name}=${size}`)),
    ...Object.entries(choice.set ?? {}).flatMap(([name, value]) => option("set", `${name}=${value}`)),
    ...(generate ? ["--generate", ...(generate.tokens === undefined ? [] : [String(generate.tokens)])] : []),
    ...(generate?.sample === undefined ? [] : [generate.sample ? "--sample" : "--greedy"]),
    ...option("seed", generate?.seed),
    ...option("temperature", generate?.temperature),
    ...option("top-k", generate?.topK),
    ...option("top-p", generate?.topP),
  ];
}
