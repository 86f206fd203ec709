/** A value as JSON that people read: short lists and objects in a line, comments before the fields that they are about. */
import { type ManifestPath } from "./document";

const WIDTH = 100;

/** @param comments sentences by path (`sites[0]`), written before the field */
export function manifestText(
  value: object,
  comments: ReadonlyMap<string, readonly string[]>,
  pathName: (path: ManifestPath) => string,
): string {
  const write = (part: unknown, path: ManifestPath, indent: string, room: number): string => {
    const plain = inline(part);
    if (plain.length <= room && !hasComments(path)) return plain;
    if (typeof part !== "object" || part === null) return plain;
    const inner = `${indent}  `;
    const entries: [string | number, unknown][] = Array.isArray(part)
      ? part.map((each, index) => [index, each])
      : Object.entries(part).filter(([, each]) => each !== undefined);
    const lines = entries.map(([key, each], index) => {
      const own = [...path, key];
      const said = commented(comments.get(pathName(own)) ?? [], inner);
      const name = typeof key === "number" ? "" : `${JSON.stringify(key)}: `;
      const text = write(each, own, inner, WIDTH - inner.length - name.length - 1);
      return `${said}${inner}${name}${text}${index === entries.length - 1 ? "" : ","}`;
    });
    const [open, close] = Array.isArray(part) ? ["[", "]"] : ["{", "}"];
    return `${open}\n${lines.join("\n")}\n${indent}${close}`;
  };
  const hasComments = (path: ManifestPath) => {
    const name = pathName(path);
    return [...comments.keys()].some(
      (key) => name === "" || key.startsWith(`${name}.`) || key.startsWith(`${name}[`),
    );
  };
  const top = comments.get("") ?? [];
  return `${commented(top, "")}${write(value, [], "", 0)}\n`;
}

/** Sentences as comments of at most a line's width. */
function commented(sentences: readonly string[], indent: string): string {
  const lines = sentences.flatMap((sentence) => {
    const broken = [""];
    for (const word of sentence.split(" ")) {
      const last = broken.at(-1) ?? "";
      if (last !== "" && indent.length + last.length + word.length + 4 > WIDTH) broken.push(word);
      else broken[broken.length - 1] = last === "" ? word : `${last} ${word}`;
    }
    return broken;
  });
  return lines.map((line) => `${indent}// ${line}\n`).join("");
}

function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, each]) => each !== undefined);
  if (fields.length === 0) return "{}";
  return `{ ${fields.map(([key, each]) => `${JSON.stringify(key)}: ${inline(each)}`).join(", ")} }`;
}
