/**
 * How windows were cut out of a grid: read from the places of the tokens and of the batch axis, which the trace of the
 * axes followed through reshapes, transposes and rolls. A sequence that was cut into chunks is a grid of one row; rows
 * or columns of an image that attend within themselves are windows as long as the image. A window may also be spread over
 * the grid, with one cell from each stretch of it (MaxViT's grid attention).
 */
import type { Windows } from "../shared/model";
import type { Node } from "../onnx/model";
import type { Atom, Axes, Line } from "./axis-atoms";
import type { Layout } from "./layout";

interface Part {
  readonly of: "window" | "token";
  readonly line: Line;
  readonly size: number;
  readonly stride: number;
  readonly shift: number;
}

/** One axis of the grid: `count` windows of `size` cells each. */
interface Side {
  readonly count: number;
  readonly size: number;
  readonly shift: number;
  /** The cells of a window are spread over the axis, `count` apart. */
  readonly spread: boolean;
}

/**
 * @param tokens factors of the queries' axis, outermost first
 * @param batch factors of the batch axes of the map, in its order
 * @returns null where the axes are no windows of one grid, or their order could not be told
 */
export function windowsOf(tokens: readonly Atom[], batch: readonly Atom[]): Windows | null {
  const inside = tokens.map((each) => partOf(each, "token"));
  const lines = new Set(inside.map((each) => each?.line));
  const image = inside[0]?.line;
  const ofGrid = (line: Line) =>
    lines.has(line) || (image !== undefined && line.spatial && line.tensor === image.tensor);
  // Samples come first, then windows: row by row.
  const from = batch.findIndex((each) => (each.place ? ofGrid(each.place.line) : false));
  if (from < 0 || inside.length === 0) return null;
  const outside = batch.slice(from).map((each) => partOf(each, "window"));
  const parts = [...outside, ...inside];
  if (!parts.every((part) => part !== undefined)) return null;
  const sides = sidesOf(parts);
  if (!sides) return null;
  const [rows, columns] = sides;
  return {
    gridHeight: rows.count * rows.size,
    gridWidth: columns.count * columns.size,
    windowHeight: rows.size,
    windowWidth: columns.size,
    shiftHeight: rows.shift,
    shiftWidth: columns.shift,
    ...(rows.spread ? { spreadHeight: true } : {}),
    ...(columns.spread ? { spreadWidth: true } : {}),
  };
}

/**
 * The partition that the batch axes of a map and the axes of its queries tell.
 * @param axes of the map, laid out as `layout`
 */
export function windowsOfMap(axes: Axes, layout: Layout, query: Axes): Windows | null {
  const batch = axes.flatMap((atoms, axis) =>
    atoms.filter((_, index) => layout[axis]?.[index]?.role === "batch"),
  );
  const isBatch = (each: Atom) =>
    batch.some(({ place }) => place?.line === each.place?.line && place?.stride === each.place?.stride);
  return windowsOf(
    query.flat().filter((each) => each.place && each.origin !== "feature" && !isBatch(each)),
    batch,
  );
}

/** The same for an operator whose first input holds the queries: [B, T, ·], [B, H, T, ·] or [B, T, H, 3, ·]. */
export function windowsOfOperator(node: Node, axes: (value: string) => Axes | undefined): Windows | null {
  const query = axes(node.inputs[0] ?? "");
  if (!query || query.length < 3) return null;
  return windowsOf(query[query.length === 4 ? 2 : 1] ?? [], query[0] ?? []);
}

function partOf({ size, place }: Atom, of: Part["of"]): Part | undefined {
  if (typeof size !== "number" || typeof place?.stride !== "number") return undefined;
  return { of, line: place.line, size, stride: place.stride, shift: place.shift };
}

/** Rows and columns of the grid; undefined where windows and tokens together do not make one. */
function sidesOf(parts: readonly Part[]): readonly [Side, Side] | undefined {
  const lines = [...new Set(parts.map(({ line }) => line))];
  const first = lines[0] as Line;
  if (lines.length === 1) return ofOneLine(parts, first);
  if (lines.length !== 2) return undefined;
  const sides = lines.map((line) => sideOf(parts.filter((part) => part.line === line)));
  // Windows and tokens both name the rows first; where each names one line, an image's own axes tell.
  const order = (of: Part["of"]) => parts.filter((part) => part.of === of).map(({ line }) => line);
  const named = [order("window"), order("token")].filter((each) => each.length === 2);
  const second = lines[1] as Line;
  if (first.tensor !== second.tensor && named.length === 0) return undefined;
  const upper = named[0]?.[0] ?? (first.axis < second.axis ? first : second);
  if (named.some((each) => each[0] !== upper)) return undefined;
  const [a, b] = sides;
  return a && b && (upper === first ? [a, b] : [b, a]);
}

/** One axis that is cut into windows, is a window as a whole, or has a window for each cell. */
function sideOf(parts: readonly Part[]): Side | undefined {
  const [window, ...windows] = merged(parts, "window");
  const [token, ...tokens] = merged(parts, "token");
  if (windows.length + tokens.length > 0) return undefined;
  const side = { count: window?.size ?? 1, size: token?.size ?? 1 };
  const whole = side.count * side.size === parts[0]?.line.length;
  const inOrder = (token?.stride ?? 1) === 1 && (window?.stride ?? side.size) === side.size;
  const spread = !inOrder && token?.stride === side.count && window?.stride === 1;
  const sameShift = window === undefined || token === undefined || window.shift === token.shift;
  return whole && (inOrder || spread) && sameShift
    ? { ...side, spread, shift: (token ?? window)?.shift ?? 0 }
    : undefined;
}

/** Factors of one kind in their order; those that stand next to each other on the line are one. */
function merged(parts: readonly Part[], of: Part["of"]): readonly Part[] {
  const result: Part[] = [];
  for (const part of parts.filter((each) => each.of === of)) {
    const before = result.at(-1);
    if (before?.stride === part.stride * part.size && before.shift === part.shift)
      result[result.length - 1] = { ...part, size: before.size * part.size };
    else result.push(part);
  }
  return result;
}

/** Windows (W) and tokens (T) of a grid whose rows stand one after another on one line, from the widest stride down. */
const readings: ReadonlyMap<string, readonly [rows: number, columns: number]> = new Map([
  ["WT", [0, 2]],
  ["TW", [1, 1]],
  ["WTT", [2, 1]],
  ["TWT", [1, 2]],
  ["WTW", [2, 1]],
  ["WTWT", [2, 2]],
  ["TWTW", [2, 2]],
]);

function ofOneLine(parts: readonly Part[], line: Line): readonly [Side, Side] | undefined {
  const sorted = [...parts].sort((a, b) => b.stride - a.stride);
  let stride = 1;
  for (const part of [...sorted].reverse()) {
    if (part.stride !== stride || part.shift !== parts[0]?.shift) return undefined;
    stride *= part.size;
  }
  const reading = readings.get(sorted.map(({ of }) => (of === "window" ? "W" : "T")).join(""));
  // Rows before columns, among the windows as among the tokens.
  const ordered = (of: Part["of"]) => {
    const strides = parts.filter((part) => part.of === of).map((part) => part.stride);
    return strides.every((each, index) => index === 0 || each < (strides[index - 1] ?? 0));
  };
  // A roll along rows that are one line moves their ends into the next row.
  const rolled = parts[0]?.shift !== 0 && reading?.[0] !== 0;
  if (!reading || rolled || stride !== line.length || !ordered("window") || !ordered("token"))
    return undefined;
  const side = (chosen: readonly Part[]): Side => ({
    count: chosen.find(({ of }) => of === "window")?.size ?? 1,
    size: chosen.find(({ of }) => of === "token")?.size ?? 1,
    shift: chosen[0]?.shift ?? 0,
    spread: chosen.length === 2 && chosen[0]?.of === "token",
  });
  return [side(sorted.slice(0, reading[0])), side(sorted.slice(reading[0]))];
}
