/** Reading of single fields of a protobuf message, with the checks that every reader here makes. */
import { WireType } from "@bufbuild/protobuf/wire";
import { AttentionError } from "../shared/errors";
import type { Cursor, Field } from "./wire";

/** Inputs or outputs of one node or graph, functions: some are spread into calls, so they must fit a stack. */
const MAX_NAMES = 50_000;

export function expect(field: Field, type: WireType): void {
  if (field.type !== type)
    throw new AttentionError("truncated", `Field ${field.number} has the wrong wire type.`);
}

export function message(cursor: Cursor, field: Field): Cursor {
  expect(field, WireType.LengthDelimited);
  return cursor.message();
}

export function text(cursor: Cursor, field: Field): string {
  expect(field, WireType.LengthDelimited);
  return cursor.string();
}

/** Appends to a list that must stay short. */
export function push<T>(list: T[], value: T, what: string): void {
  if (list.length >= MAX_NAMES) throw new AttentionError("limits", `More than ${MAX_NAMES} ${what}.`);
  list.push(value);
}

/** A StringStringEntryProto. */
export function readEntry(cursor: Cursor, into: Map<string, string>): void {
  let key = "";
  let value = "";
  for (let field = cursor.field(); field; field = cursor.field()) {
    if (field.number === 1) key = text(cursor, field);
    else if (field.number === 2) value = text(cursor, field);
    else cursor.skip(field);
  }
  into.set(key, value);
}
