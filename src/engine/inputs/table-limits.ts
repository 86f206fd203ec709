/** Sizes that are made up, kept within the tables of positions that the model has; and whose axis a run was too long on. */
import type { TensorSignature } from "../../shared/model";
import { GraphView } from "../../onnx/graph-view";
import { exceededTables, hasTableBelow, type PositionTable } from "../../onnx/position-tables";
import type { OpenModel } from "../model/open-model";

export type Dims = ReadonlyMap<string, readonly number[]>;

/** Tables that the sizes of a run's inputs exceed. */
export function tablesExceeded({ file }: Pick<OpenModel, "file">, dims: Dims): PositionTable[] {
  return exceededTables(GraphView.of(file.model, file.source, dims));
}

/** Tables are looked at again after a size was cut, at most so many times. */
const MOST_CUTS = 4;

/**
 * Smaller sizes for symbols that were assumed, where a table of positions is too short for them.
 * @param open symbols that nobody said, with what was assumed of them
 * @param dimsFor the shapes of the inputs with such sizes
 * @returns the sizes to take, and a sentence for each that was cut
 */
export function withinTables(
  opened: Pick<OpenModel, "file">,
  open: ReadonlyMap<string, number>,
  dimsFor: (sizes: ReadonlyMap<string, number>) => Dims,
): { sizes: Map<string, number>; notices: string[] } {
  const sizes = new Map(open);
  const notices: string[] = [];
  const longest = Math.max(0, ...open.values());
  // Offsets of a few rows stand before the first position in some models.
  const { model, source } = opened.file;
  if (longest < 2 || !hasTableBelow(GraphView.of(model, source), longest + 8)) return { sizes, notices };
  const excess = (of: ReadonlyMap<string, number>) => {
    const tables = tablesExceeded(opened, dimsFor(of));
    return { tables, rows: tables.reduce((all, { rows, needed }) => all + needed - rows, 0) };
  };
  for (let cut = 0; cut < MOST_CUTS; cut++) {
    const now = excess(sizes);
    const worst = now.tables.reduce<PositionTable | null>(
      (most, each) => (most && most.needed - most.rows >= each.needed - each.rows ? most : each),
      null,
    );
    if (!worst) break;
    const over = worst.needed - worst.rows;
    const found = [...sizes].find(([symbol, size]) => {
      if (size <= over) return false;
      const less = new Map(sizes).set(symbol, size - over);
      return excess(less).rows < now.rows;
    });
    if (!found) break;
    const [symbol, size] = found;
    sizes.set(symbol, size - over);
    notices.push(
      `${symbol} is ${size - over} and not ${size}: the model's table of positions, ${worst.table}, has ${worst.rows} rows.`,
    );
  }
  return { sizes, notices };
}

/** An axis of an input, as a run was given it. */
export interface InputAxis {
  readonly input: string;
  readonly axis: number;
  readonly size: number;
  readonly symbol: string | null;
  /** The model leaves its size open. */
  readonly isOpen: boolean;
}

export function inputAxes(inputs: readonly TensorSignature[], dims: Dims): InputAxis[] {
  return inputs.flatMap(({ name, dims: declared }) =>
    (dims.get(name) ?? []).map((size, axis) => {
      const symbol = declared?.[axis];
      return {
        ...{ input: name, axis, size, symbol: typeof symbol === "string" ? symbol : null },
        isOpen: typeof symbol !== "number" || symbol < 0,
      };
    }),
  );
}

/** The dims with an axis and all of the same symbol set to another size. */
export function resized(
  inputs: readonly TensorSignature[],
  dims: Dims,
  { input, axis, symbol }: InputAxis,
  size: number,
): Dims {
  return new Map(
    [...dims].map(([name, own]) => {
      const declared = inputs.find((each) => each.name === name)?.dims;
      return [
        name,
        own.map((before, at) =>
          (name === input && at === axis) || (symbol !== null && declared?.[at] === symbol) ? size : before,
        ),
      ];
    }),
  );
}
